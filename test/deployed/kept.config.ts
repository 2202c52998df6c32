/** The app for pictures, with a protected stage: small, and with everything that is kept. */
import type { Stages } from '#stages';
import { stages as pictures } from '../../examples/pictures/postage.config.ts';

export { catalogue, letters } from '../../examples/pictures/postage.config.ts';

/** Another issuer than the pool that the stack makes, which takes the pool out of use. */
const { POSTAGE_OTHER_ISSUER: url } = process.env;

export const stages = {
  kept: {
    ...pictures.prod,
    ...(url === undefined ? {} : { issuer: { url, audience: ['postage'] }, signIn: null }),
  },
} satisfies Stages;

/** The app for pictures, with the stage that the deployed tests deploy. */
import type { Stages } from '#stages';

export { catalogue, letters } from '../../examples/pictures/postage.config.ts';

const { POSTAGE_ISSUER_URL = 'http://127.0.0.1' } = process.env;

export const stages = {
  pictures: {
    disposable: true,
    appUrl: 'http://localhost:3000',
    issuer: { url: POSTAGE_ISSUER_URL, audience: ['postage'] },
  },
} satisfies Stages;

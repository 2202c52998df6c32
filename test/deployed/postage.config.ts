/** The letters app, with the stages that the deployed tests deploy. */
import type { Stages } from '#stages';

export { catalogue, letters } from '../../examples/letters/postage.config.ts';

const appUrl = 'http://localhost:3000';
/** MiniStack plays SES but not Lob, so no sender of mails is deployed. */
const senders = { emailFrom: 'letters@example.com', mailFrom: null };
/** The tests say on which ports they serve both. */
const { POSTAGE_ISSUER_URL = 'http://127.0.0.1', POSTAGE_STRIPE_URL = null } = process.env;
/** And which table they have restored. */
const { POSTAGE_RESTORED_TABLE: name, POSTAGE_RESTORED_STREAM: streamArn } = process.env;
const table = name === undefined || streamArn === undefined ? undefined : { name, streamArn };

export const stages = {
  dev: {
    disposable: true,
    appUrl,
    senders,
    issuer: { url: POSTAGE_ISSUER_URL, audience: ['postage'] },
    stripeApiUrl: POSTAGE_STRIPE_URL,
    ...(table === undefined ? {} : { table }),
  },
  pool: { disposable: true, appUrl: null, senders, page: { name: 'Letters' } },
} satisfies Stages;

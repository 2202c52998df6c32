import { it } from '@jest/globals';

/** For cases in which somebody pays: a stand-in does so when it is told to, the real Stripe wants a person at its page. */
export const itAtStripe =
  process.env['POSTAGE_URL'] === undefined || process.env['POSTAGE_STRIPE_DEV_URL'] !== undefined
    ? it
    : it.skip;

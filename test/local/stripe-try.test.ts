import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Command, runCommand } from '../support/command.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';

let at: TestStripe;

beforeAll(async () => {
  at = await openStripe('2026-01-31T09:00:00.000Z', { products: [] });
});

beforeEach(() => {
  at.standIn.control.reset();
});

afterAll(() => at.stop());

function tryIt(args: readonly string[], variables: Record<string, string> = {}): Command['ended'] {
  return runCommand('stripe', ['try', ...args], {
    POSTAGE_STRIPE_API_URL: at.standIn.url,
    STRIPE_SECRET_KEY: at.standIn.secretKey,
    STRIPE_RESTRICTED_KEY: '',
    ...variables,
  }).ended;
}

describe('npm run stripe -- try', () => {
  it('finds the stand-in as expected', async () => {
    const ended = await tryIt(['--yes'], { STRIPE_RESTRICTED_KEY: at.standIn.secretKey });
    console.log(ended.stdout, ended.stderr);
    expect(ended.code).toBe(0);
  }, 60_000);
});

import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const LAMBDAS = new URL('../../lambdas/', import.meta.url);

/** The core's meters are still compiled into these. */
const BEING_CHANGED = [
  ...[
    'account',
    'usage',
    'roll-forward',
    'subscriptions',
    'statistics',
    'events',
    'events-of',
    'refusals',
    'limited-meters',
    'plans',
    'credits',
    'returns',
  ].map((name) => `domain/${name}.ts`),
  ...['account-item', 'period-item', 'consumption-item'].map((name) => `adapters/dynamodb/${name}.ts`),
  'adapters/eventbridge/event-schemas.ts',
  'http/contracts/consumption.ts',
  'http/schemas.ts',
  'api/consumption.ts',
  ...['deciding-write', 'judgement', 'track-consumption', 'buy-bundle'].map((name) => `commands/${name}.ts`),
  // The account's attribute `mailCredits`.
  'commands/prove-ledger.ts',
  'commands/erase-user.ts',
  // What a bundle is called on Stripe's page.
  'adapters/stripe/checkout.ts',
];

/** E-mail addresses: the log leaves them out, and customers change theirs at Stripe. */
const ALLOWED = /e-mail address|EMAIL_ADDRESS|'email'/;

describe('the core', () => {
  it('names no meter and no record of the letters app', () => {
    const files = globSync('**/*.ts', { cwd: LAMBDAS.pathname, exclude: ['letters/**'] });
    expect(files.length).toBeGreaterThan(100);
    expect(BEING_CHANGED.filter((file) => !files.includes(file))).toEqual([]);

    const named = files
      .filter((file) => !BEING_CHANGED.includes(file))
      .flatMap((file) =>
        [file, ...readFileSync(new URL(file, LAMBDAS), 'utf8').split('\n')]
          .filter((line) => /letter|mail|deliver/i.test(line) && !ALLOWED.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      );
    expect(named).toEqual([]);
  });
});

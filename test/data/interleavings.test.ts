import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { listLedger } from '../../lambdas/commands/list-ledger.ts';
import { deleteLetter } from '../../lambdas/letters/commands/delete-letter.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { type SubscriptionFacts } from '../../lambdas/domain/subscriptions.ts';
import { active, at, pastDue, trial } from '../support/accounts.ts';
import { randomFaults } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { rollEverything } from '../support/rollovers.ts';
import { plentyOfTime } from '../support/table.ts';
import {
  expectClosedBooks,
  givenPlan,
  itemsOf,
  using,
  request,
  scheduleEmail,
  scheduleMail,
  someUser,
  storedAccount,
  writeLetter,
} from '../support/users.ts';

const table = useFaultyTable();
const START = at('2026-01-31');

/** What Stripe may say, in no particular order. */
const FACTS: readonly SubscriptionFacts[] = [
  null,
  active({ plan: 'pro', anchor: '2026-01-31' }),
  active({ plan: 'enterprise', anchor: '2026-01-31' }),
  active({ plan: 'enterprise', anchor: '2026-01-15', endsAt: '2026-04-20' }),
  active({ plan: 'pro', anchor: '2026-02-10', id: 'sub_2' }),
  pastDue({ plan: 'pro', anchor: '2026-01-31', graceEndsAt: '2026-03-05' }),
  trial({ plan: 'enterprise', trialEndsAt: '2026-02-20' }),
];

/** Something that one of the users does, or that happens to them. */
type Act =
  | { act: 'letter' | 'mail' | 'email' | 'delete' | 'ledger'; user: number }
  | { act: 'consume'; user: number; letters: number; mails: number }
  | { act: 'follow'; user: number; facts: number }
  | { act: 'roll'; limit: number };

const user = fc.nat({ max: 1 });
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: fc.constantFrom('mail' as const, 'letter' as const), user }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constantFrom('email' as const, 'delete' as const, 'ledger' as const),
      user,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('consume' as const),
      user,
      letters: fc.nat({ max: 3 }),
      mails: fc.nat({ max: 11 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('follow' as const),
      user,
      facts: fc.nat({ max: FACTS.length - 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('roll' as const), limit: fc.integer({ min: 1, max: 3 }) }),
  },
);

/** Acts that happen at the same time, some days after the ones before. */
const anyMoment = fc.record({
  days: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 45 }), fc.constant(200)),
  acts: fc.array(anyAct, { minLength: 1, maxLength: 8 }),
});

interface Actor {
  userId: string;
  letterId: string;
}

async function carryOut(store: Store, actors: readonly Actor[], act: Act, now: Instant): Promise<unknown> {
  if (act.act === 'roll') {
    return rollEverything(store, now, act.limit);
  }
  const actor = actors[act.user];
  if (actor === undefined) {
    throw new Error('Each act has its actor.');
  }
  const { userId, letterId } = actor;
  const context = request(userId, now);
  switch (act.act) {
    case 'letter':
      // Twice under one key, at the same time: once counts.
      return Promise.all([writeLetter(store, context), writeLetter(store, context)]);
    case 'mail':
      return scheduleMail(store, context, letterId);
    case 'email':
      return scheduleEmail(store, context, letterId);
    case 'delete':
      return deleteLetter(store, userId, letterId, now, plentyOfTime());
    case 'ledger':
      return listLedger(store, userId, { limit: 3, after: null }, now, plentyOfTime());
    case 'consume':
      return trackConsumption(store, context, using({ letters: act.letters, mails: act.mails }));
    case 'follow':
      return givenPlan(store, userId, FACTS[act.facts] ?? null, now);
  }
}

async function givenActor(): Promise<Actor> {
  const letter = request(someUser(), START);
  await writeLetter(table.store(), letter);
  return { userId: letter.userId, letterId: letter.id };
}

describe('whatever happens at the same time', () => {
  it('G1, G2, G3, G4, G5: leaves closed books, on a bad day', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyMoment, { minLength: 2, maxLength: 5 }),
        fc.nat(),
        async (moments, seed) => {
          table.proxy().inject(randomFaults(seed, { conflicts: 0.15, lostAnswers: 0.05, throttled: 0.05 }));
          const actors = [await givenActor(), await givenActor()];
          let now = START;
          for (const { days, acts } of moments) {
            now += days * DAY_MS;
            await Promise.all(
              acts.map((act, index) => carryOut(table.faultyStore(), actors, act, now + index)),
            );
          }
          table.proxy().reset();
          for (const { userId } of actors) {
            await expectClosedBooks(table.store(), userId, now + DAY_MS);
            await expectOpenDeliveries(table.store(), userId);
            const { usesByDay } = await storedAccount(table.store(), userId);
            expect(Math.max(0, ...Object.values(usesByDay))).toBeLessThanOrEqual(10);
          }
        },
      ),
      { numRuns: 25, endOnFailure: true },
    );
  });
});

/** Each letter knows its open deliveries. A deleted letter has none. */
async function expectOpenDeliveries(store: Store, userId: string): Promise<void> {
  const items = [...(await itemsOf(store, userId)).values()];
  for (const letter of items.filter(({ sk }) => String(sk).startsWith('LETTER#'))) {
    const deliveries = items.filter(
      ({ sk, letterId }) => String(sk).startsWith('DELIVERY#') && letterId === letter['id'],
    );
    const open = new Set(deliveries.map(({ id }) => id));
    expect(letter['openDeliveries'] ?? new Set()).toEqual(open);
    expect(letter['deletedAt'] === undefined || deliveries.length === 0).toBe(true);
  }
}

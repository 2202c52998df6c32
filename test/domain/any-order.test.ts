import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { planOf } from '../../lambdas/domain/catalogue.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import {
  followSubscription,
  type LiveFacts,
  type SubscriptionFacts,
} from '../../lambdas/domain/subscriptions.ts';
import { active, at, givenSubscriber } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const NOW = at('2026-06-15T12:00:00.000Z');

const nearby = fc
  .oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -90 * DAY_MS, max: 90 * DAY_MS }))
  .map((offset) => NOW + offset);

const anyLive: fc.Arbitrary<LiveFacts> = fc
  .record({
    plan: fc.constantFrom('pro' as const, 'enterprise' as const),
    id: fc.constantFrom('sub_1', 'sub_2'),
    interval: fc.constantFrom('month' as const, 'year' as const),
    anchor: nearby,
    endsAt: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: nearby }),
    until: nearby,
    status: fc.constantFrom('active', 'past_due', 'trialing'),
  })
  .map(({ plan, id, interval, anchor, endsAt, until, status }) => {
    const live = { id, interval, endsAt };
    switch (status) {
      case 'past_due':
        return { plan, anchor, subscription: { status, ...live, graceEndsAt: until } };
      case 'trialing':
        return { plan, anchor: until, subscription: { status, ...live, trialEndsAt: until } };
      case 'active':
        return { plan, anchor, subscription: { status, ...live } };
    }
  });

const anyFacts: fc.Arbitrary<SubscriptionFacts> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(null) },
  { weight: 5, arbitrary: anyLive },
);

/** What was told, each some time before now, in the order in which it came. */
const anyHistory = fc
  .array(fc.tuple(anyFacts, fc.integer({ min: 0, max: 60 * DAY_MS })), { maxLength: 6 })
  .map((told) => told.sort(([, one], [, other]) => other - one));

const anyStart: fc.Arbitrary<Account> = fc.constantFrom(
  newAccount('user', at('2026-01-15'), LETTERS),
  givenSubscriber(active({ anchor: '2026-01-31' }), '2026-03-31'),
  givenSubscriber(active({ plan: 'enterprise', id: 'sub_2', anchor: '2026-02-28' }), '2026-03-31'),
);

/** A change that can't keep the open period takes effect a millisecond or two late. By then all of them have. */
const SETTLED = NOW + 8;

/** What Stripe decides of an account. Only the status shows that it ever had a subscription. */
function decided(account: Account): object {
  const settled = rollForward(account, SETTLED, LETTERS).account;
  const { plan, subscription, anchor, meters, levels, creditsPerPeriod, carryOver } = settled;
  return {
    plan,
    subscription: subscription.status === 'none' ? { status: 'canceled' } : subscription,
    anchor,
    limits: Object.entries(meters).map(([id, { limit, credits }]) => [id, limit, credits]),
    planLimits: planOf(LETTERS, plan)?.limits,
    terms: { levels, creditsPerPeriod, carryOver },
  };
}

describe('G10: what Stripe said last decides', () => {
  function following(
    start: Account,
    history: readonly (readonly [SubscriptionFacts, Instant])[],
    last: SubscriptionFacts,
  ): Account {
    const told = history.reduce(
      (account, [facts, ago]) => followSubscription(account, facts, NOW - ago, LETTERS).account,
      start,
    );
    return followSubscription(told, last, NOW, LETTERS).account;
  }

  it('G10: whatever it said before, the plan, the subscription, the anchor and the limits are the same', () => {
    fc.assert(
      fc.property(anyStart, anyHistory, anyFacts, (start, history, last) => {
        const straight = followSubscription(newAccount('user', NOW, LETTERS), last, NOW, LETTERS).account;
        expect(decided(following(start, history, last))).toEqual(decided(straight));
      }),
      { numRuns: 1_000 },
    );
  });

  it('G10: they stay the same as time goes on, whether or not it is told again', () => {
    fc.assert(
      fc.property(
        anyStart,
        anyHistory,
        anyFacts,
        fc.integer({ min: 2, max: 200 * DAY_MS }),
        (start, history, last, wait) => {
          const account = following(start, history, last);
          const later = rollForward(account, NOW + wait, LETTERS).account;
          const told = followSubscription(account, last, NOW + wait - 1, LETTERS).account;
          expect(decided(rollForward(told, NOW + wait, LETTERS).account)).toEqual(decided(later));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('G10: told twice, it changes nothing the second time', () => {
    fc.assert(
      fc.property(anyStart, anyHistory, anyFacts, (start, history, last) => {
        const account = following(start, history, last);
        const again = followSubscription(account, last, NOW, LETTERS);
        expect(decided(again.account)).toEqual(decided(account));
        expect(rollForward(again.account, SETTLED, LETTERS).account.credits).toEqual(
          rollForward(account, SETTLED, LETTERS).account.credits,
        );
      }),
      { numRuns: 1_000 },
    );
  });
});

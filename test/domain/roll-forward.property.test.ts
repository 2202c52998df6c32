import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { endingOf, isOpen, newAccount, openUntil } from '../../lambdas/domain/account.ts';
import { NO_CREDITS } from '../../lambdas/domain/credits.ts';
import { type Instant } from '../../lambdas/domain/instants.ts';
import { boundaryAtOrBefore } from '../../lambdas/domain/periods.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription, type LiveFacts } from '../../lambdas/domain/subscriptions.ts';
import { availableTo, leftOf, sumOf } from '../support/accounts.ts';
import { anyCredits, anyInstant } from '../support/arbitraries.ts';
import { expectSoundCredits } from '../support/books.ts';
import { LETTERS } from '../support/catalogues.ts';

describe('for any account and time', () => {
  const anySubscription = fc
    .record({
      plan: fc.constantFrom('pro' as const, 'enterprise' as const),
      anchor: anyInstant,
      days: fc.integer({ min: 0, max: 400 }),
      status: fc.constantFrom('active', 'ending', 'past_due', 'trialing', 'trial ending'),
    })
    .map(({ plan, anchor, days, status }) => (now: Instant): LiveFacts => {
      const later = now + 1 + days * 86_400_000;
      const live = { id: 'sub_1', interval: 'month' as const, endsAt: null };
      switch (status) {
        case 'active':
          return { plan, anchor, subscription: { status, ...live } };
        case 'ending':
          return { plan, anchor, subscription: { status: 'active', ...live, endsAt: later } };
        case 'past_due':
          return { plan, anchor, subscription: { status, ...live, graceEndsAt: later } };
        case 'trialing':
        case 'trial ending':
          return {
            plan,
            anchor: later,
            subscription: {
              status: 'trialing',
              ...live,
              trialEndsAt: later,
              endsAt: status === 'trialing' ? null : later,
            },
          };
      }
    });
  const anyAccount = fc
    .tuple(anyInstant, anySubscription, anyCredits, fc.boolean())
    .map(([now, facts, credits, isFree]) => {
      const free = newAccount('user', now, LETTERS);
      const account = isFree ? free : followSubscription(free, facts(now), now - 1, LETTERS).account;
      return { account: { ...account, credits }, now };
    });
  const anyWait = fc.oneof(
    fc.integer({ min: 0, max: 86_400_000 * 45 }),
    fc.integer({ min: 0, max: 86_400_000 * 4_000 }),
  );

  it('G5: rolling to one time and then to another equals rolling to the last', () => {
    fc.assert(
      fc.property(anyAccount, anyWait, anyWait, ({ account, now }, first, second) => {
        const once = rollForward(account, now + first + second, LETTERS);
        const one = rollForward(account, now + first, LETTERS);
        const two = rollForward(one.account, now + first + second, LETTERS);
        expect({ account: two.account, closed: [...one.closed, ...two.closed] }).toEqual({
          account: once.account,
          closed: once.closed,
        });
      }),
    );
  });

  it('G5: the same at the very instants where something closes', () => {
    fc.assert(
      fc.property(anyAccount, fc.integer({ min: -1, max: 1 }), anyWait, ({ account }, offset, wait) => {
        const first = openUntil(account) + offset;
        const one = rollForward(account, first, LETTERS);
        const two = rollForward(one.account, first + wait, LETTERS);
        expect(two.account).toEqual(rollForward(account, first + wait, LETTERS).account);
      }),
    );
  });

  it('G4: G8: closed periods tile the time without gap, and say all that moved', () => {
    fc.assert(
      fc.property(anyAccount, anyWait, ({ account, now }, wait) => {
        const { account: next, closed } = rollForward(account, now + wait, LETTERS);
        const starts = [...closed.map((period) => period.periodStart), next.periodStart];
        expect(starts[0]).toBe(account.periodStart);
        expect(closed.map((period) => period.periodEnd)).toEqual(starts.slice(1));
        expect(closed.every((period) => period.periodStart < period.periodEnd)).toBe(true);
        expect(isOpen(next, now + wait)).toBe(true);
        expectSoundCredits(next.credits);
        expect(availableTo(next) - availableTo(account)).toBe(
          sumOf(closed.flatMap((period) => period.movements)),
        );
        expect(leftOf(next).purchased).toBe(leftOf(account).purchased);
      }),
    );
  });

  it('G7: grants nothing past a scheduled end or the end of grace', () => {
    fc.assert(
      fc.property(anyAccount, anyWait, ({ account, now }, wait) => {
        const end = endingOf(account.subscription) ?? Infinity;
        for (const period of rollForward(account, now + wait, LETTERS).closed.filter(
          (closed) => closed.periodEnd >= end,
        )) {
          expect(period.movements.filter(({ kind }) => kind === 'allowance')).toEqual([]);
        }
      }),
    );
  });

  it('G5: grants one allowance per period that opens', () => {
    fc.assert(
      fc.property(anyAccount, anyWait, ({ account, now }, wait) => {
        const rolled = rollForward({ ...account, credits: NO_CREDITS }, now + wait, LETTERS);
        const opened = rolled.closed.filter(
          ({ periodEnd }) => periodEnd < (endingOf(account.subscription) ?? Infinity),
        );
        const movements = rolled.closed.flatMap((period) => period.movements);
        const allowed = sumOf(movements.filter(({ kind }) => kind === 'allowance'));
        expect(allowed).toBe(opened.length * account.creditsPerPeriod);
        // What an unpaid period withholds does not count as granted.
        const isPaid = account.subscription.status !== 'past_due';
        expect(rolled.account.credits.granted).toBe(isPaid ? allowed : 0);
      }),
    );
  });

  it('G6: a plan’s periods start on its series, free ones on the month, but for one after an ending', () => {
    fc.assert(
      fc.property(anyAccount, anyWait, ({ account, now }, wait) => {
        const { account: next, closed } = rollForward(account, now + wait, LETTERS);
        const end = endingOf(account.subscription);
        const starts = [...closed.slice(1), { ...next }].map(({ periodStart, anchor }) => ({
          periodStart,
          anchor,
        }));
        for (const { periodStart, anchor } of closed.length === 0 ? [] : starts) {
          expect([boundaryAtOrBefore(anchor, periodStart), end]).toContain(periodStart);
        }
      }),
    );
  });
});

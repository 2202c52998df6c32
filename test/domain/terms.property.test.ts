import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, endingOf, newAccount } from '../../lambdas/domain/account.ts';
import { type Catalogue, planOf } from '../../lambdas/domain/catalogue.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription, type LiveFacts } from '../../lambdas/domain/subscriptions.ts';
import { at, availableTo } from '../support/accounts.ts';
import { anyCatalogue } from '../support/catalogues.ts';

describe('for any two catalogues', () => {
  const BEGIN = at('2026-02-10');
  const anyDays = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max: max * DAY_MS });

  interface World {
    before: Catalogue;
    after: Catalogue;
    account: Account;
  }

  const anyFacts: fc.Arbitrary<LiveFacts | null> = fc.option(
    fc
      .record({
        plan: fc.constantFrom('pro', 'enterprise'),
        anchor: fc.integer({ min: BEGIN - 40 * DAY_MS, max: BEGIN }),
        ends: fc.option(anyDays(200), { nil: null }),
      })
      .map(({ plan, anchor, ends }) => {
        const endsAt = ends === null ? null : BEGIN + 2 + ends;
        return { plan, anchor, subscription: { status: 'active', id: 'sub_1', interval: 'month', endsAt } };
      }),
  );

  const anyWorld: fc.Arbitrary<World> = anyDays(150)
    .chain((wait) => fc.tuple(anyCatalogue(0), anyCatalogue(BEGIN + wait)))
    .chain(([before, after]) =>
      fc.record({ facts: anyFacts, used: fc.nat({ max: 5 }), spent: fc.nat({ max: 5 }) }).map((drawn) => {
        const free = newAccount('user', BEGIN, before);
        const followed = followSubscription(free, drawn.facts, BEGIN, before).account;
        const { credits } = followed;
        const count = <Count extends object>(
          counts: Readonly<Record<string, Count>>,
        ): Record<string, Count> =>
          Object.fromEntries(Object.entries(counts).map(([id, each]) => [id, { ...each, used: drawn.used }]));
        const usedThisPeriod = Math.min(drawn.spent, availableTo(followed));
        const account = {
          ...followed,
          meters: count(followed.meters),
          levels: count(followed.levels),
          credits: { ...credits, usedThisPeriod, used: usedThisPeriod },
        };
        return { before, after, account };
      }),
    );

  it('G14: rolling to one time and then to another equals rolling to the last, whatever changes between', () => {
    fc.assert(
      fc.property(anyWorld, anyDays(200), anyDays(200), ({ after, account }, first, second) => {
        const one = rollForward(account, BEGIN + first, after);
        const two = rollForward(one.account, BEGIN + first + second, after);
        const once = rollForward(account, BEGIN + first + second, after);
        expect(two.account).toEqual(once.account);
        expect([...one.closed, ...two.closed]).toEqual(once.closed);
      }),
      { numRuns: 500 },
    );
  });

  it('G14: somebody who was not met for months has what they would have had month by month', () => {
    fc.assert(
      fc.property(anyWorld, anyDays(200), fc.array(anyDays(60), { maxLength: 6 }), (world, wait, waits) => {
        const { before, after, account } = world;
        // What a free user gets after an ending, only the catalogue knows under which it is carried out.
        fc.pre((endingOf(account.subscription) ?? Infinity) > after.since);
        let [now, met] = [BEGIN, account];
        for (const each of [...waits, wait]) {
          now += each;
          met = rollForward(met, now, now < after.since ? before : after).account;
        }
        expect(rollForward(met, now, after).account).toEqual(rollForward(account, now, after).account);
      }),
      { numRuns: 500 },
    );
  });

  it('G14: no boundary before the change touches a term, and each after it writes those of the plan', () => {
    fc.assert(
      fc.property(anyWorld, anyDays(300), ({ after, account }, wait) => {
        fc.pre(endingOf(account.subscription) === null);
        const { account: rolled, closed } = rollForward(account, BEGIN + wait, after);
        const isSame = rolled.periodStart < after.since || closed.length === 0;
        const terms = (id: string): object => {
          const { limit, credits } = account.meters[id] ?? {};
          return { limit, credits };
        };
        for (const id of isSame ? Object.keys(account.meters) : []) {
          expect(rolled.meters[id]).toMatchObject(terms(id));
        }
        const plan = planOf(after, rolled.plan);
        for (const { id, credits } of isSame || plan === null ? [] : after.meters) {
          expect(rolled.meters[id]).toEqual({ used: 0, limit: plan?.limits[id] ?? null, credits, paid: 0 });
        }
        expect(rolled).toMatchObject(
          isSame || plan === null
            ? { creditsPerPeriod: account.creditsPerPeriod, carryOver: account.carryOver, catalogueSince: 0 }
            : {
                creditsPerPeriod: plan.creditsPerPeriod,
                carryOver: plan.carryOver,
                catalogueSince: after.since,
              },
        );
      }),
      { numRuns: 500 },
    );
  });

  it('G14: no function loses what is held, nor a meter that it lacks while a newer catalogue stands', () => {
    const anyMeeting = fc.record({ wait: anyDays(60), isOlder: fc.boolean() });
    fc.assert(
      fc.property(
        anyWorld,
        fc.array(anyMeeting, { maxLength: 6 }),
        ({ before, after, account }, meetings) => {
          let [now, met]: [Instant, Account] = [
            after.since,
            rollForward(account, after.since, after).account,
          ];
          for (const { wait, isOlder } of meetings) {
            now += wait;
            const catalogue = isOlder ? before : after;
            const next = rollForward(met, now, catalogue).account;
            const halfway = rollForward(met, now - Math.floor(wait / 2), catalogue).account;
            expect(rollForward(halfway, now, catalogue).account).toEqual(next);
            const held = Object.keys(met.levels).filter((id) => (met.levels[id]?.used ?? 0) > 0);
            expect(held.map((id) => next.levels[id]?.used)).toEqual(held.map((id) => met.levels[id]?.used));
            if (isOlder && met.catalogueSince > before.since) {
              expect(Object.keys(next.meters)).toEqual(expect.arrayContaining(Object.keys(met.meters)));
            }
            met = next;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

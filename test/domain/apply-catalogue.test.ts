import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { applyCatalogue } from '../../lambdas/domain/apply-catalogue.ts';
import { type Catalogue, catalogueOf } from '../../lambdas/domain/catalogue.ts';
import { adjustDown, available, grantPurchased, left } from '../../lambdas/domain/credits.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import { active, at, sumOf } from '../support/accounts.ts';
import { expectSoundCredits } from '../support/books.ts';
import { anyCatalogue, STUDIO, STUDIO_FILE } from '../support/catalogues.ts';

const SINCE = at('2026-03-15');
const [FREE, ...SOLD] = STUDIO_FILE.plans;

/** From 15 March on, everybody has more exports; credits stay as they were. */
const MORE_EXPORTS = catalogueOf(
  { ...STUDIO_FILE, plans: [{ ...FREE, limits: { ...FREE.limits, exports: 30 } }, ...SOLD] },
  SINCE,
);

/** From 15 March on, the free plan has 10 credits. */
const MORE_CREDITS = catalogueOf({ ...STUDIO_FILE, plans: [{ ...FREE, credits: 10 }, ...SOLD] }, SINCE);

describe('the allowance of an account to which a catalogue is applied', () => {
  const free = newAccount('user', at('2026-03-02'), STUDIO);

  it('is the new one in the period that is open', () => {
    const change = applyCatalogue(free, MORE_CREDITS, at('2026-03-20'));
    expect(change?.account).toMatchObject({ creditsPerPeriod: 10, credits: { included: 10 } });
    expect(change?.movements).toEqual([
      { kind: 'allowance', amount: 6, source: 'catalogue:2026-03-15T00:00:00.000Z' },
    ]);
  });

  it('stays where the plan has as much as before, so that what was taken back by hand does not return', () => {
    const adjusted = { ...free, credits: adjustDown(free.credits, 3, 'adjustment').credits };
    const change = applyCatalogue(adjusted, MORE_EXPORTS, at('2026-03-20'));
    expect(change?.account).toMatchObject({ meters: { exports: { limit: 30 } }, credits: { included: 1 } });
    expect(change?.movements).toEqual([]);
  });

  it('is none in a free period that began with an ending, and comes with the next', () => {
    const facts = active({ plan: 'team', anchor: '2026-03-02', endsAt: '2026-03-18' });
    const { account } = followSubscription(free, facts, at('2026-03-02'), STUDIO);
    const change = applyCatalogue(account, MORE_CREDITS, at('2026-03-20'));
    expect(change?.account).toMatchObject({
      plan: 'free',
      periodStart: at('2026-03-18'),
      credits: { included: 0 },
    });
    expect(change?.movements).toEqual([]);
    const next = rollForward(change?.account ?? account, at('2026-04-02'), MORE_CREDITS).account;
    expect(next.credits.included).toBe(10);
  });

  it('is the free plan’s in the month after an ending, whatever the ended plan has used', () => {
    // Given ten used of the team's forty in an interval that lasts until 15 April
    const facts = active({ plan: 'team', anchor: '2026-03-15', endsAt: '2026-03-18' });
    const { account } = followSubscription(free, facts, at('2026-03-15'), STUDIO);
    const busy = { ...account, credits: { ...account.credits, usedThisPeriod: 10, used: 10 } };
    const april = rollForward(busy, at('2026-04-02'), STUDIO).account;
    const later = { ...MORE_CREDITS, since: at('2026-04-05') };
    expect(applyCatalogue(april, later, at('2026-04-06'))?.account.credits.included).toBe(10);
  });
});

describe('any catalogue that is applied to any account', () => {
  const BEGIN = at('2026-02-10');

  interface World {
    account: Account;
    after: Catalogue;
    now: Instant;
  }

  /** An account that has used and holds something, and whose catalogue changes. */
  const anyWorld: fc.Arbitrary<World> = fc
    .record({
      before: anyCatalogue(0),
      wait: fc.integer({ min: 0, max: 90 }),
      plan: fc.constantFrom('none', 'pro', 'enterprise'),
      used: fc.nat({ max: 5 }),
      spent: fc.nat({ max: 8 }),
      purchased: fc.nat({ max: 4 }),
      owed: fc.nat({ max: 2 }),
    })
    .chain((drawn) =>
      anyCatalogue(BEGIN + drawn.wait * DAY_MS).map((after) => {
        const free = newAccount('user', BEGIN, drawn.before);
        const facts = drawn.plan === 'none' ? null : active({ plan: drawn.plan, anchor: '2026-02-10' });
        const { account: followed } = followSubscription(free, facts, BEGIN, drawn.before);
        const { credits } = grantPurchased(followed.credits, drawn.purchased, 'purchase', 'purchase:1');
        const usedThisPeriod = Math.min(drawn.spent, available(credits));
        const count = <Count extends object>(
          counts: Readonly<Record<string, Count>>,
        ): Record<string, Count> =>
          Object.fromEntries(Object.entries(counts).map(([id, each]) => [id, { ...each, used: drawn.used }]));
        const account = {
          ...followed,
          meters: count(followed.meters),
          levels: count(followed.levels),
          credits: { ...credits, usedThisPeriod, used: usedThisPeriod },
        };
        const owed = left(account.credits).purchased === 0 ? drawn.owed : 0;
        return {
          account: { ...account, credits: { ...account.credits, owed } },
          after,
          now: after.since + DAY_MS,
        };
      }),
    );

  const checked = (check: (world: World, applied: Account) => void): void => {
    fc.assert(
      fc.property(anyWorld, (world) => {
        const change = applyCatalogue(world.account, world.after, world.now);
        if (change !== null) {
          check(world, change.account);
        }
      }),
      { numRuns: 500 },
    );
  };

  it('G14: is applied once', () => {
    checked(({ after, now }, applied) => {
      expect(applied.catalogueSince).toBe(after.since);
      expect(applyCatalogue(applied, after, now)).toBeNull();
      expect(applyCatalogue(applied, after, now + 90 * DAY_MS)).toBeNull();
    });
  });

  it('G1, G4: leaves no balance below zero, and the movements say what has come and gone', () => {
    fc.assert(
      fc.property(anyWorld, ({ account, after, now }) => {
        const change = applyCatalogue(account, after, now);
        const moved = [...(change?.closed ?? []), ...(change === null ? [] : [change])];
        const sum = sumOf(moved.flatMap(({ movements }) => movements));
        const { credits } = change?.account ?? account;
        expectSoundCredits(credits);
        expect(available(credits) - available(account.credits)).toBe(sum);
      }),
      { numRuns: 500 },
    );
  });

  it('G8: takes no purchased credit but for what is owed', () => {
    checked(({ account }, applied) => {
      const paid = account.credits.owed - applied.credits.owed;
      expect(left(applied.credits).purchased).toBeGreaterThanOrEqual(left(account.credits).purchased - paid);
    });
  });

  it('loses nothing that is counted in the open period, and nothing that is held', () => {
    checked(({ account, after, now }, applied) => {
      const { account: rolled } = rollForward(account, now, after);
      const usesIn = (counts: Readonly<Record<string, { used: number }>>): object =>
        Object.fromEntries(Object.entries(counts).map(([id, { used }]) => [id, used]));
      expect(usesIn(applied.meters)).toMatchObject(usesIn(rolled.meters));
      expect(usesIn(applied.levels)).toMatchObject(usesIn(rolled.levels));
      expect(applied.usesByDay).toEqual(rolled.usesByDay);
      expect(applied).toMatchObject({ periodStart: rolled.periodStart, periodEnd: rolled.periodEnd });
      expect(applied.credits.usedThisPeriod).toBe(rolled.credits.usedThisPeriod);
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { type RecordedConsumption } from '../../lambdas/domain/changes.ts';
import { giveBack, type GiveBackDecision } from '../../lambdas/domain/give-back.ts';
import { isWorthKeeping, rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import { creditsFor, decideUse, levelsIn, standingCosts, type Use } from '../../lambdas/domain/usage.ts';
import { active, at, availableTo, usesOf } from '../support/accounts.ts';
import { STUDIO } from '../support/catalogues.ts';

const NOON = at('2026-02-10T12:00Z');

const TEAM = followSubscription(
  newAccount('user', at('2026-02-01'), STUDIO),
  active({ plan: 'team', anchor: '2026-02-01' }),
  at('2026-02-01'),
  STUDIO,
).account;

/** A use that was counted at noon, and its record. */
function consumed(
  consume: Use['consume'],
  release: Use['release'] = {},
  before = TEAM,
): { account: Account; record: RecordedConsumption } {
  const use = { consume, release };
  const decision = decideUse(use, before, STUDIO, NOON, 'usage:u1');
  if (decision.outcome !== 'accepted') {
    throw new Error(`The use was not accepted: ${JSON.stringify(decision)}`);
  }
  const credits = creditsFor(use, standingCosts(before));
  const levels = levelsIn(use, STUDIO);
  const record = { id: 'u1', consumed: consume, released: release, credits, levels };
  return { account: decision.account, record: { ...record, createdAt: NOON, givenBackAt: null } };
}

function givenBack(decision: GiveBackDecision): Extract<GiveBackDecision, { outcome: 'given_back' }> {
  if (decision.outcome !== 'given_back') {
    throw new Error(`It was not given back: ${decision.reason}`);
  }
  return decision;
}

it('G1, G14: gives nothing back as a level that was counted as a meter, though the id has become one since', () => {
  const { account, record } = consumed({ exports: 2 });
  const held = { ...account, levels: { ...account.levels, exports: { used: 5, limit: 9 } } };
  const back = givenBack(giveBack(held, record, null, NOON, STUDIO));
  expect(back.account.levels['exports']).toEqual({ used: 5, limit: 9 });
  expect(back.account.meters['exports']).toMatchObject({ used: 0 });
});

it('G1: lowers no count of a day by what was counted as a level, though the id has become a meter since', () => {
  const { account, record } = consumed({ seats: 3 });
  const back = giveBack({ ...account, usesByDay: { 'seats:2026-02-10': 4 } }, record, null, NOON, STUDIO);
  expect(givenBack(back).account.usesByDay).toEqual({ 'seats:2026-02-10': 4 });
});

const ALL = { exports: 2, pictures: 3, seats: 1 };

describe('giving a consumption back', () => {
  it('on its day leaves the account as if nothing had been consumed', () => {
    const usesByDay = { 'pictures:2026-02-09': 5 };
    const { account, record } = consumed(ALL, {}, { ...TEAM, usesByDay });
    const back = givenBack(giveBack(account, record, null, at('2026-02-10T23:59Z'), STUDIO));
    expect(back.account).toEqual({ ...TEAM, usesByDay: { ...usesByDay, 'pictures:2026-02-10': 0 } });
    expect(back.movements).toEqual([{ kind: 'return', amount: 6, source: 'usage:u1' }]);
  });

  it('on a later day leaves the count of the day', () => {
    const { account, record } = consumed(ALL);
    const back = givenBack(giveBack(account, record, null, at('2026-02-11'), STUDIO));
    expect(back.account).toEqual({ ...TEAM, usesByDay: { 'pictures:2026-02-10': 3 } });
  });

  it('in a later period gives back its credits and its levels, and no use of the period that is open', () => {
    const { account, record } = consumed(ALL);
    const before = rollForward(account, at('2026-03-02'), STUDIO).account;
    const later = consumed({ exports: 5 }, {}, { ...before, periodStart: TEAM.periodStart }).account;
    const open = { ...later, periodStart: before.periodStart };
    const back = givenBack(giveBack(open, record, null, at('2026-03-02'), STUDIO));
    expect(usesOf(back.account)).toMatchObject({ exports: 5 });
    expect(back.account.levels).toEqual({ seats: { used: 0, limit: 5 } });
    expect(availableTo(back.account)).toBe(availableTo(open) + 6);
  });

  it('G11: returns purchased credits as such, and tells what the stored period owes from then on', () => {
    const poor = { ...TEAM, credits: { ...TEAM.credits, included: 2, purchased: 4, granted: 6 } };
    const { account, record } = consumed({ pictures: 3 }, {}, poor);
    const { account: next, closed } = rollForward(account, at('2026-03-02'), STUDIO);
    const [stored] = closed.filter(isWorthKeeping);
    const back = givenBack(giveBack(next, record, stored ?? null, at('2026-03-02'), STUDIO));
    expect(back.returnedAs).toEqual(['purchased', 'carried']);
    expect(back.repaid).toEqual({ periodStart: TEAM.periodStart, purchasedOutstanding: 0 });
  });

  it('G1: is refused where fewer are held of a level than it consumed', () => {
    const { account, record } = consumed({ seats: 3 });
    const emptier = { ...account, levels: { seats: { used: 2, limit: 5 } } };
    expect(giveBack(emptier, record, null, NOON, STUDIO)).toEqual({
      outcome: 'refused',
      reason: 'not_held',
      level: 'seats',
      held: 2,
    });
    const forgotten = { ...STUDIO, levels: [] };
    expect(giveBack({ ...account, levels: {} }, record, null, NOON, forgotten)).toMatchObject({ held: 0 });
  });

  it('is refused where it released something', () => {
    const held = { ...TEAM, levels: { seats: { used: 2, limit: 5 } } };
    const { account, record } = consumed({ exports: 1 }, { seats: 1 }, held);
    expect(giveBack(account, record, null, NOON, STUDIO)).toEqual({ outcome: 'refused', reason: 'released' });
  });

  it('lowers no count below nothing, and none that is not there', () => {
    const { account, record } = consumed(ALL);
    const changed = { ...account, meters: { exports: { used: 1, limit: 3, credits: 0, paid: 0 } } };
    const back = givenBack(giveBack({ ...changed, usesByDay: {} }, record, null, NOON, STUDIO));
    expect(usesOf(back.account)).toEqual({ exports: 0, pictures: 0 });
    expect(back.account.usesByDay).toEqual({});
  });

  it('G4: G11: any uses, given back in any order, leave the balance as it was', () => {
    const anyUse = fc.record({
      exports: fc.nat({ max: 3 }),
      pictures: fc.nat({ max: 3 }),
      seats: fc.nat({ max: 1 }),
    });
    const anyUses = fc.array(anyUse, { maxLength: 5 }).chain((uses) =>
      fc.record({
        uses: fc.constant(uses),
        order: fc.shuffledSubarray(
          uses.map((_, index) => index),
          { minLength: uses.length },
        ),
      }),
    );
    fc.assert(
      fc.property(anyUses, fc.boolean(), ({ uses, order }, isNextPeriod) => {
        let account = TEAM;
        const records = uses.map((use) => {
          const next = consumed(use, {}, account);
          ({ account } = next);
          return next.record;
        });
        const now = isNextPeriod ? at('2026-03-02') : NOON;
        const spentBefore = availableTo(rollForward(account, now, STUDIO).account);
        for (const index of order) {
          const record = records[index];
          if (record !== undefined) {
            ({ account } = givenBack(giveBack(account, record, null, now, STUDIO)));
          }
        }
        const cost = records.reduce((sum, { credits }) => sum + credits, 0);
        expect(availableTo(rollForward(account, now, STUDIO).account)).toBe(spentBefore + cost);
        expect(account.levels).toEqual(TEAM.levels);
      }),
    );
  });
});

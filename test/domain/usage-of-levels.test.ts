import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, canSpendCredits, newAccount, upgradeOf } from '../../lambdas/domain/account.ts';
import { catalogueOf, hasCostingMeter } from '../../lambdas/domain/catalogue.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import {
  countPaid,
  decideUse,
  demandsOf,
  levelsIn,
  offeredCosts,
  standingCosts,
  type Use,
  type UseDecision,
} from '../../lambdas/domain/usage.ts';
import { active, at, givenSubscriber, usesOf, withCredits, withUses } from '../support/accounts.ts';
import { LETTERS, STUDIO, STUDIO_FILE } from '../support/catalogues.ts';

const NOW = at('2026-02-10T12:00:00.000Z');
const FREE = newAccount('user', NOW, LETTERS);
const PRO = givenSubscriber(active({}), '2026-02-03');

describe('an app of another kind', () => {
  const team = followSubscription(
    newAccount('user', NOW, STUDIO),
    active({ plan: 'team', anchor: '2026-02-01' }),
    NOW,
    STUDIO,
  ).account;
  const none = { consume: {}, release: {} };

  function decideIn(account: Account, use: Partial<Use>, catalogue = STUDIO): UseDecision {
    return decideUse({ ...none, ...use }, account, catalogue, NOW, 'usage:u1');
  }

  function seated(seats: number, account = team): Account {
    return { ...account, levels: { seats: { used: seats, limit: 5 } } };
  }

  it('counts meters and levels together, and deducts what they cost', () => {
    const use = { consume: { exports: 2, pictures: 3, seats: 1 } };
    expect(decideIn(team, use)).toMatchObject({
      outcome: 'accepted',
      credits: 6,
      account: {
        meters: { exports: { used: 2 }, pictures: { used: 3 } },
        levels: { seats: { used: 1, limit: 5 } },
        usesByDay: { 'pictures:2026-02-10': 3 },
        credits: { usedThisPeriod: 6 },
      },
      movements: [{ kind: 'use', amount: -6, source: 'usage:u1' }],
    });
  });

  it('knows which of what it consumes are levels', () => {
    expect(levelsIn({ consume: { exports: 1, seats: 1 }, release: {} }, STUDIO)).toEqual(['seats']);
    expect(levelsIn({ consume: { exports: 1 }, release: { seats: 1 } }, STUDIO)).toEqual([]);
  });

  it('releases what is held, and consumes and releases at once', () => {
    expect(decideIn(seated(5), { release: { seats: 3 } })).toMatchObject({
      account: { levels: { seats: { used: 2 } } },
      credits: 0,
      movements: [],
    });
    expect(decideIn(seated(5), { consume: { seats: 2 }, release: { seats: 2 } })).toMatchObject({
      account: { levels: { seats: { used: 5 } } },
    });
  });

  it('G1: releases no more than is held', () => {
    expect(decideIn(seated(2), { release: { seats: 3 } })).toEqual({
      outcome: 'refused',
      refusal: { refusal: 'not_held', level: 'seats', held: 2 },
    });
  });

  it('G1: refuses a level that is full, which no time resets', () => {
    expect(decideIn(seated(4), { consume: { seats: 2 } })).toEqual({
      outcome: 'refused',
      refusal: {
        refusal: 'quota_exceeded',
        meter: 'seats',
        limit: 5,
        used: 4,
        resetsAt: null,
        upgradeTo: null,
      },
    });
  });

  it('proposes the next plan that has more of what is used up', () => {
    const [free, duo, ...larger] = STUDIO_FILE.plans;
    const middle = { ...duo, id: 'duo', title: 'Duo', limits: { exports: 20 }, retired: undefined };
    const catalogue = catalogueOf({ ...STUDIO_FILE, plans: [free, middle, ...larger] }, 0);
    const account = withUses(newAccount('user', NOW, catalogue), { exports: { used: 3 } });
    const full = { ...account, levels: { seats: { used: 1, limit: 1 } } };
    const proposed = (consume: Use['consume']): unknown => decideIn(full, { consume }, catalogue);
    expect(proposed({ exports: 1 })).toMatchObject({ refusal: { upgradeTo: 'duo' } });
    expect(proposed({ seats: 1 })).toMatchObject({ refusal: { upgradeTo: 'team' } });
    expect(proposed({ pictures: 3 })).toMatchObject({ refusal: { upgradeTo: 'team' } });
  });

  it('proposes plans for credits, also where the free plan has another name by now', () => {
    const [free, ...sold] = LETTERS.plans;
    const plans = [{ ...free, id: 'basic' }, ...sold] as const;
    const renamed = { ...LETTERS, plans };
    expect(upgradeOf(FREE, renamed, (plan) => hasCostingMeter(plan, renamed))).toBe('pro');
    expect(upgradeOf(FREE, STUDIO, (plan) => hasCostingMeter(plan, STUDIO))).toBe('team');
    expect(upgradeOf(FREE, STUDIO, (plan) => hasCostingMeter(plan, LETTERS))).toBeNull();
    expect(upgradeOf(PRO, STUDIO, () => true)).toBeNull();
  });

  it('lets nothing more in where a smaller plan has left more than it allows, until enough is released', () => {
    const crowded = { ...team, levels: { seats: { used: 5, limit: 2 } } };
    expect(decideIn(crowded, { consume: { seats: 1 } })).toMatchObject({
      refusal: { refusal: 'quota_exceeded', limit: 2, used: 5 },
    });
    expect(decideIn(crowded, { release: { seats: 1 } }).outcome).toBe('accepted');
    const roomy = { ...crowded, levels: { seats: { used: 1, limit: 2 } } };
    expect(decideIn(roomy, { consume: { seats: 1 } }).outcome).toBe('accepted');
  });

  it('G1: refuses in the order of its catalogue, meters before levels', () => {
    const full = seated(5, withUses(team, { exports: { used: 100 } }));
    const refused = (use: Partial<Use>): unknown => decideIn(full, use);
    expect(refused({ consume: { seats: 1, pictures: 21, exports: 1 } })).toMatchObject({
      refusal: { meter: 'exports' },
    });
    expect(refused({ consume: { seats: 1, pictures: 21 } })).toMatchObject({ refusal: { meter: 'seats' } });
    expect(refused({ consume: { pictures: 21 } })).toMatchObject({
      refusal: { refusal: 'rate_limited', meter: 'pictures', limit: 20 },
    });
  });

  it('takes credits of a free plan, and offers no other way to pay', () => {
    const free = newAccount('user', NOW, STUDIO);
    expect(decideIn(free, { consume: { pictures: 2 } })).toMatchObject({ outcome: 'accepted', credits: 4 });
    expect(decideUse({ ...none, consume: { pictures: 3 } }, free, STUDIO, NOW, 'usage:u1', true)).toEqual({
      outcome: 'refused',
      refusal: {
        refusal: 'insufficient_credits',
        limit: 4,
        used: 0,
        resetsAt: at('2026-03-01'),
        price: null,
        upgradeTo: 'team',
      },
    });
  });

  it('has plans on which nothing costs credits', () => {
    expect([FREE, PRO, team].map(canSpendCredits)).toEqual([false, true, true]);
  });

  describe('whose catalogue has changed', () => {
    const [exports, pictures] = STUDIO.meters;
    const dearer = catalogueOf(
      {
        ...STUDIO_FILE,
        meters: {
          ...STUDIO_FILE.meters,
          pictures: { ...STUDIO_FILE.meters.pictures, credits: 5 },
          texts: { title: ['text', 'texts'] },
        },
        levels: { ...STUDIO_FILE.levels, projects: { title: ['project', 'projects'] } },
      },
      NOW,
    );
    const use = { ...none, consume: { pictures: 2 } };

    it('G14: asks for what the catalogue says at first, and decides by what stands on the account', () => {
      const costsAsked = (costs: (meter: string) => number): unknown[] =>
        demandsOf(use, dearer, NOW, costs).filter(({ demand }) => demand === 'cost' || demand === 'credits');
      expect(costsAsked(offeredCosts(dearer))).toEqual([
        { demand: 'cost', meter: 'pictures', credits: 5 },
        { demand: 'credits', atLeast: 10 },
      ]);
      expect(costsAsked(standingCosts(team))).toEqual([
        { demand: 'cost', meter: 'pictures', credits: 2 },
        { demand: 'credits', atLeast: 4 },
      ]);
      expect(decideIn(team, use, dearer)).toMatchObject({ outcome: 'accepted', credits: 4 });
      expect([exports, pictures].map((meter) => offeredCosts(dearer)(meter?.id ?? ''))).toEqual([0, 5]);
      expect([offeredCosts(dearer)('faxes'), standingCosts(team)('faxes')]).toEqual([0, 0]);
    });

    it('decides nothing about what the account does not know yet, in the same write as it learns it', () => {
      const together = { consume: { pictures: 1, texts: 1, projects: 1 } };
      expect(decideIn(team, together, dearer)).toEqual({ outcome: 'not_current' });
      const rolled = rollForward(team, NOW, dearer).account;
      expect(decideIn(rolled, together, dearer)).toMatchObject({
        refusal: { refusal: 'plan_required', meter: 'texts', upgradeTo: null },
      });
      expect(decideIn(team, { consume: { projects: 1 } }, dearer)).toEqual({ outcome: 'not_current' });
    });

    it('G14: refuses without an offer where it lacks the plan', () => {
      const [free] = dearer.plans;
      expect(decideIn(seated(5), { consume: { seats: 1 } }, { ...dearer, plans: [free] })).toMatchObject({
        refusal: { refusal: 'quota_exceeded', meter: 'seats', limit: 5, upgradeTo: null },
      });
      const empty = withCredits(team, {});
      expect(decideUse(use, empty, { ...dearer, plans: [free] }, NOW, 'usage:u1', true)).toMatchObject({
        refusal: { refusal: 'insufficient_credits', limit: 40, price: null, upgradeTo: null },
      });
    });

    it('counts what a card has paid for, also of a meter that is new', () => {
      const { account } = countPaid(team, { texts: 2 }, NOW, dearer);
      expect(account.meters).toMatchObject({ texts: { used: 2, paid: 2 }, exports: { used: 0, paid: 0 } });
    });
  });

  it('G1: any sequence of consuming and releasing keeps each count between nothing and its limit', () => {
    const few = fc.nat({ max: 3 });
    const anyUse = fc.record({
      consume: fc.record({ exports: few, seats: few }),
      release: fc.record({ seats: few }),
    });
    fc.assert(
      fc.property(fc.array(anyUse, { maxLength: 20 }), (uses) => {
        let account = withUses(team, { exports: { limit: 9 } });
        let [exports, seats] = [0, 0];
        for (const { consume, release } of uses) {
          const decision = decideIn(account, { consume, release });
          const held = seats + consume.seats - release.seats;
          const fits = exports + consume.exports <= 9 && held <= 5 && held >= 0;
          expect(decision.outcome).toBe(fits ? 'accepted' : 'refused');
          if (decision.outcome === 'accepted') {
            ({ account } = decision);
            [exports, seats] = [exports + consume.exports, held];
          }
        }
        expect([usesOf(account)['exports'], account.levels['seats']?.used]).toEqual([exports, seats]);
      }),
    );
  });
});

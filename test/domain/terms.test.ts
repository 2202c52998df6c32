import { describe, expect, it } from '@jest/globals';
import { type Account, firstMovements, newAccount } from '../../lambdas/domain/account.ts';
import { applyCatalogue } from '../../lambdas/domain/apply-catalogue.ts';
import { type Catalogue, catalogueOf } from '../../lambdas/domain/catalogue.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import { type Terms } from '../../lambdas/domain/terms.ts';
import { active, at, availableTo, movementsOf, withCredits, withUses } from '../support/accounts.ts';
import { LETTERS, STUDIO, STUDIO_FILE } from '../support/catalogues.ts';

function termsOf({ meters, levels, creditsPerPeriod, carryOver, catalogueSince }: Account): Terms {
  return { meters, levels, creditsPerPeriod, carryOver, catalogueSince };
}

function holding(account: Account, held: number): Account {
  return { ...account, levels: { ...account.levels, seats: { used: held, limit: 5 } } };
}

/** A team since 1 February, which has used its meters and holds seats. */
const TEAM = holding(
  withUses(
    followSubscription(
      newAccount('user', at('2026-02-01'), STUDIO),
      active({ plan: 'team', anchor: '2026-02-01' }),
      at('2026-02-01'),
      STUDIO,
    ).account,
    { exports: { used: 7 }, pictures: { used: 3 } },
  ),
  4,
);

const SINCE = at('2026-03-15');
const [FREE_ENTRY] = STUDIO_FILE.plans;

/** From 15 March on, exports are gone, texts are new, a picture costs 1, teams have fewer of all, and seats are gone. */
const CHANGED = catalogueOf(
  {
    ...STUDIO_FILE,
    meters: { texts: { title: ['text', 'texts'] }, pictures: { title: ['picture', 'pictures'], credits: 1 } },
    levels: {},
    plans: [
      { ...FREE_ENTRY, id: 'starter', limits: { texts: 1 }, credits: 0 },
      { id: 'team', title: 'Team', limits: { texts: 50, pictures: 'unlimited' }, credits: 30 },
    ],
  },
  SINCE,
);

describe('the terms of a new account', () => {
  const account = newAccount('user', at('2026-02-10'), STUDIO);

  it('are those of the free plan', () => {
    expect(termsOf(account)).toEqual({
      meters: {
        exports: { used: 0, limit: 3, credits: 0, paid: 0 },
        pictures: { used: 0, limit: 'unlimited', credits: 2, paid: 0 },
      },
      levels: { seats: { used: 0, limit: 1 } },
      creditsPerPeriod: 4,
      carryOver: null,
      catalogueSince: 0,
    });
  });

  it('G4: its credits are the allowance of its first period, which its first movement tells', () => {
    expect(availableTo(account)).toBe(4);
    expect(firstMovements(account, STUDIO)).toEqual([
      { kind: 'allowance', amount: 4, source: 'period:2026-02-01T00:00:00.000Z' },
    ]);
    expect(firstMovements(newAccount('user', at('2026-02-10'), LETTERS), LETTERS)).toEqual([]);
  });
});

describe('a changed catalogue', () => {
  it('G14: leaves the open period as it is, but for meters that it does not know', () => {
    const { account, closed } = rollForward(TEAM, at('2026-02-20'), CHANGED);
    expect(closed).toEqual([]);
    expect(account).toEqual({
      ...TEAM,
      meters: { ...TEAM.meters, texts: { used: 0, limit: 50, credits: 0, paid: 0 } },
    });
  });

  it('G14: does not hold for a period that opened before it, whenever the account is met', () => {
    const { account } = rollForward(TEAM, at('2026-03-20'), CHANGED);
    expect(termsOf(account)).toEqual({
      ...termsOf(TEAM),
      meters: {
        exports: { used: 0, limit: 100, credits: 0, paid: 0 },
        pictures: { used: 0, limit: 'unlimited', credits: 2, paid: 0 },
        texts: { used: 0, limit: 50, credits: 0, paid: 0 },
      },
    });
    expect(account.credits.included).toBe(40);
  });

  it('G14: holds from the next period, the instant itself included', () => {
    const held = rollForward(TEAM, at('2026-04-01'), CHANGED).account;
    expect(termsOf(held)).toEqual({
      meters: {
        texts: { used: 0, limit: 50, credits: 0, paid: 0 },
        pictures: { used: 0, limit: 'unlimited', credits: 1, paid: 0 },
      },
      // Four seats are held still.
      levels: { seats: { used: 4, limit: 5 } },
      creditsPerPeriod: 30,
      carryOver: null,
      catalogueSince: SINCE,
    });
    expect(held.credits.included).toBe(30);
    const sinceThen = rollForward(TEAM, at('2026-04-01'), { ...CHANGED, since: at('2026-04-01') });
    expect(sinceThen.account.creditsPerPeriod).toBe(30);
  });

  it('G14: a meter that was removed in use and is added again begins anew, in an open period too', () => {
    const again = { ...STUDIO, since: at('2026-03-20') };
    // Added again before any period has dropped it: nothing was lost.
    const inUse = rollForward(TEAM, at('2026-02-20'), CHANGED).account;
    expect(rollForward(inUse, at('2026-02-21'), again).account.meters['exports']).toMatchObject({ used: 7 });

    const without = rollForward(TEAM, at('2026-04-01'), CHANGED).account;
    expect(without.meters).not.toHaveProperty('exports');
    const unused = { used: 0, limit: 100, credits: 0, paid: 0 };
    const later = { ...STUDIO, since: at('2026-04-10') };
    for (const now of ['2026-04-15', '2026-05-01']) {
      const { account } = rollForward(without, at(now), later);
      expect(account.meters).toMatchObject({ exports: unused });
      expect(account.levels).toMatchObject({ seats: { used: 4 } });
    }
    expect(rollForward(without, at('2026-05-01'), later).account.meters).not.toHaveProperty('texts');
  });

  it('drops a level of which nothing is held', () => {
    expect(rollForward(holding(TEAM, 0), at('2026-04-01'), CHANGED).account.levels).toEqual({});
  });

  it('names the free plan anew for everybody without a subscription', () => {
    const free = newAccount('user', at('2026-02-10'), STUDIO);
    expect(rollForward(free, at('2026-03-20'), CHANGED).account).toMatchObject({
      plan: 'free',
      creditsPerPeriod: 4,
    });
    expect(rollForward(free, at('2026-04-20'), CHANGED).account).toMatchObject({
      plan: 'starter',
      creditsPerPeriod: 0,
    });
  });

  it('G14: a moved anchor repeats the terms of the same plan until then, and takes the new ones after', () => {
    const moved = (anchor: string): Account =>
      followSubscription(TEAM, active({ plan: 'team', anchor }), at(anchor), CHANGED).account;
    expect(moved('2026-03-10')).toMatchObject({ creditsPerPeriod: 40, catalogueSince: 0 });
    expect(moved('2026-03-20')).toMatchObject({ creditsPerPeriod: 30, catalogueSince: SINCE });
  });

  it('holds at once for another plan, and what was counted stays', () => {
    const larger = { ...CHANGED.plans[0], id: 'max', creditsPerPeriod: 60, limits: { pictures: 2 } };
    const catalogue: Catalogue = { ...CHANGED, plans: [...CHANGED.plans, larger] };
    const facts = active({ plan: 'max', anchor: '2026-02-01' });
    const { account } = followSubscription(TEAM, facts, at('2026-02-20'), catalogue);
    expect(account).toMatchObject({
      meters: {
        exports: { used: 7, limit: 100 },
        pictures: { used: 3, limit: 2, credits: 1 },
        texts: { used: 0, limit: null },
      },
      levels: { seats: { used: 4, limit: 5 } },
      creditsPerPeriod: 60,
    });
  });
});

describe('an older function, which meets what a newer one has written', () => {
  const newer = rollForward(TEAM, at('2026-04-01'), CHANGED).account;
  const used = withUses(newer, { texts: { used: 9 }, pictures: { used: 5 } });

  it('G14: closes periods under the terms that stand', () => {
    const { account } = rollForward(used, at('2026-05-02'), STUDIO);
    expect(account).toMatchObject({
      meters: {
        texts: { used: 0, limit: 50 },
        pictures: { used: 0, limit: 'unlimited', credits: 1 },
        // It adds the meter that it knows, as for any account that lacks one.
        exports: { used: 0, limit: 100 },
      },
      levels: { seats: { used: 4, limit: 5 } },
      creditsPerPeriod: 30,
      catalogueSince: SINCE,
    });
    expect(movementsOf(rollForward(used, at('2026-05-02'), STUDIO))).toContainEqual(['allowance', 30]);
  });

  it('G14: ends a subscription by its own catalogue, and carries along what that lacks', () => {
    const { account } = followSubscription(used, null, at('2026-04-10'), STUDIO);
    expect(account).toMatchObject({
      plan: 'free',
      meters: {
        texts: { used: 0, limit: 50 },
        pictures: { used: 0, limit: 'unlimited', credits: 2 },
        exports: { used: 0, limit: 3 },
      },
      levels: { seats: { used: 4, limit: 1 } },
      creditsPerPeriod: 4,
      catalogueSince: SINCE,
    });
    // The next boundary, met by an older function too, drops nothing.
    expect(rollForward(account, at('2026-05-02'), STUDIO).account).toMatchObject({
      meters: { texts: { used: 0, limit: 50 } },
      creditsPerPeriod: 4,
    });
  });

  it('G14: the newer one takes over at the next boundary', () => {
    const ended = followSubscription(used, null, at('2026-04-10'), STUDIO).account;
    expect(rollForward(ended, at('2026-05-02'), CHANGED).account).toMatchObject({
      plan: 'starter',
      creditsPerPeriod: 0,
      catalogueSince: SINCE,
    });
  });
});

describe('a catalogue that the owner applies', () => {
  it('G14: holds at once, as another plan would, and what was counted stays', () => {
    const change = applyCatalogue(TEAM, CHANGED, at('2026-03-20'));
    expect(change?.account).toMatchObject({
      meters: { texts: { limit: 50 }, pictures: { limit: 'unlimited', credits: 1 }, exports: { limit: 100 } },
      creditsPerPeriod: 30,
      catalogueSince: SINCE,
      periodStart: at('2026-03-01'),
      credits: { included: 30 },
    });
    expect(change?.closed).toHaveLength(1);
    expect(change?.movements).toEqual([
      { kind: 'expiry', amount: -10, source: 'catalogue:2026-03-15T00:00:00.000Z' },
    ]);
  });

  it('leaves what was used of a larger allowance, and pays what is owed', () => {
    const spent = withCredits(TEAM, { included: 40, purchased: 3, usedThisPeriod: 35 });
    expect(applyCatalogue(spent, CHANGED, at('2026-02-20'))?.account.credits.included).toBe(35);
    const owing = withCredits(TEAM, { included: 20, purchased: 3, usedThisPeriod: 23, owed: 2 });
    expect(applyCatalogue(owing, CHANGED, at('2026-02-20'))?.account.credits).toMatchObject({
      included: 30,
      purchased: 1,
      owed: 0,
    });
  });

  it('grants nothing twice where the plan has returned within its interval', () => {
    const servedInterval = {
      ...{ subscriptionId: 'sub_1', anchor: at('2026-02-01'), endsAt: at('2026-03-01') },
      ...{ includedUsed: 50, expiredLots: [0] },
    };
    const returned = { ...withCredits(TEAM, { included: 0 }), servedIntervals: [servedInterval] };
    expect(applyCatalogue(returned, CHANGED, at('2026-02-20'))?.account.credits.included).toBe(0);
  });

  it('is applied once, and to no account with a plan that it lacks', () => {
    const applied = applyCatalogue(TEAM, CHANGED, at('2026-03-20'))?.account ?? TEAM;
    expect(applyCatalogue(applied, CHANGED, at('2026-03-21'))).toBeNull();
    expect(applyCatalogue(applied, STUDIO, at('2026-03-21'))).toBeNull();
    expect(applyCatalogue(TEAM, { ...CHANGED, plans: [CHANGED.plans[0]] }, at('2026-03-20'))).toBeNull();
  });
});

describe('a plan that the catalogue lacks', () => {
  const lacking: Catalogue = { ...CHANGED, plans: [CHANGED.plans[0]] };

  it('G14: is served on by the terms that stand, which lack what is new', () => {
    const { account } = rollForward(TEAM, at('2026-12-24'), lacking);
    expect(account).toMatchObject({ plan: 'team', periodStart: at('2026-12-01') });
    expect(termsOf(account)).toEqual({
      ...termsOf(TEAM),
      meters: {
        exports: { used: 0, limit: 100, credits: 0, paid: 0 },
        pictures: { used: 0, limit: 'unlimited', credits: 2, paid: 0 },
        texts: { used: 0, limit: null, credits: 0, paid: 0 },
      },
    });
  });

  it('told by Stripe, leaves the terms that stand', () => {
    const known = rollForward(TEAM, at('2026-02-10'), lacking).account;
    const facts = active({ plan: 'gone', anchor: '2026-02-01' });
    const kept = followSubscription(known, facts, at('2026-02-10'), lacking).account;
    expect(kept.plan).toBe('gone');
    expect(termsOf(kept)).toEqual(termsOf(known));
    const { account: moved } = followSubscription(
      known,
      { ...facts, anchor: at('2026-02-12') },
      at('2026-02-12'),
      lacking,
    );
    expect(moved).toMatchObject({ plan: 'gone', creditsPerPeriod: 40, levels: { seats: { used: 4 } } });
    expect(moved.meters['exports']).toEqual({ used: 0, limit: 100, credits: 0, paid: 0 });
  });
});

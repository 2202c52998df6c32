import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, canSpendCredits, newAccount } from '../../lambdas/domain/account.ts';
import { catalogueOf } from '../../lambdas/domain/catalogue.ts';
import { type Credits } from '../../lambdas/domain/credits.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import {
  countPaid,
  type Counts,
  decideUse,
  demandsOf,
  offeredCosts,
  refuseTooManyAtOnce,
  standingCosts,
  type Use,
  type UseDecision,
} from '../../lambdas/domain/usage.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  restsOf,
  usesOf,
  withCredits,
  withUses,
} from '../support/accounts.ts';
import { LETTERS, STUDIO, STUDIO_FILE } from '../support/catalogues.ts';

const NOW = at('2026-02-10T12:00:00.000Z');
const FREE = newAccount('user', NOW, LETTERS);
const PRO = givenSubscriber(active({}), '2026-02-03');
const RESETS_AT = at('2026-02-28');
const TOMORROW = at('2026-02-11');

function decide(account: Account, consume: Counts, now = NOW): UseDecision {
  return decideUse({ consume, release: {} }, account, LETTERS, now, 'delivery:d1');
}

function lettersUsed(account: Account, used: number): Account {
  return withUses(account, { letters: { used } });
}

function mailsToday(account: Account, mails: number): Account {
  return { ...account, usesByDay: { 'mails:2026-02-10': mails } };
}

function holding(account: Account, pots: Parameters<typeof withCredits>[1]): Account {
  return withCredits(account, pots);
}

const PLAN_REQUIRED = { refusal: 'plan_required', upgradeTo: 'pro' };
const NO_LETTERS = {
  refusal: 'quota_exceeded',
  meter: 'letters',
  limit: 5,
  used: 5,
  resetsAt: at('2026-03-01'),
  upgradeTo: 'pro',
};
const RATE_LIMITED = { refusal: 'rate_limited', meter: 'mails', limit: 10, resetsAt: TOMORROW };

describe('a use that an account allows', () => {
  it('counts on its meters, all of them', () => {
    const decision = decide(holding(PRO, { included: 2 }), { letters: 3, emails: 2, mails: 1 });
    expect(decision).toMatchObject({
      outcome: 'accepted',
      account: {
        meters: {
          letters: { used: 3, limit: 'unlimited', paid: 0 },
          emails: { used: 2, limit: 'unlimited', paid: 0 },
          mails: { used: 1, limit: 'unlimited', paid: 0 },
        },
        usesByDay: { 'mails:2026-02-10': 1 },
        credits: { usedThisPeriod: 1, used: 1 } satisfies Partial<Credits>,
      },
      credits: 1,
      movements: [{ kind: 'use', amount: -1, source: 'delivery:d1' }],
    });
  });

  it('moves no credit and no day’s count where it is not a mail', () => {
    const decision = decide(FREE, { letters: 1 });
    expect(decision).toEqual({
      outcome: 'accepted',
      account: withUses(FREE, { letters: { used: 1 } }),
      credits: 0,
      movements: [],
    });
  });

  it.each([
    ['the last letter', lettersUsed(FREE, 4), { letters: 1 }],
    ['the last credit', holding(PRO, { included: 1 }), { mails: 1 }],
    [
      'the last credits, a carried, an included and a purchased one',
      holding(PRO, { lots: [1, 0, 0], included: 1, purchased: 1 }),
      { mails: 3 },
    ],
    ['the tenth mail of a day', mailsToday(holding(PRO, { purchased: 1 }), 9), { mails: 1 }],
    [
      'mails beyond yesterday’s ten',
      { ...holding(PRO, { purchased: 10 }), usesByDay: { 'mails:2026-02-09': 10 } },
      { mails: 10 },
    ],
    ['nothing at all', lettersUsed(FREE, 5), {}],
    [
      'an e-mail, where a smaller plan has come after more letters than it allows',
      withUses(PRO, { letters: { limit: 5, used: 7 } }),
      { emails: 1 },
    ],
  ])('G1: is %s', (_, account, use) => {
    expect(decide(account, use).outcome).toBe('accepted');
  });
});

describe('a use that an account refuses', () => {
  it.each([
    ['the sixth letter', lettersUsed(FREE, 5), { letters: 1 }, NO_LETTERS],
    ['more letters than are left', lettersUsed(FREE, 3), { letters: 3 }, { ...NO_LETTERS, used: 3 }],
    ['an e-mail without a plan', FREE, { emails: 1 }, { ...PLAN_REQUIRED, meter: 'emails' }],
    [
      'a mail without a plan, purchased credits or not (G8)',
      holding(FREE, { purchased: 3 }),
      { mails: 1 },
      { ...PLAN_REQUIRED, meter: 'mails' },
    ],
    [
      'the eleventh mail of a day',
      mailsToday(holding(PRO, { purchased: 5 }), 10),
      { mails: 1 },
      RATE_LIMITED,
    ],
    [
      'more mails than a day has left',
      mailsToday(holding(PRO, { purchased: 5 }), 8),
      { mails: 3 },
      RATE_LIMITED,
    ],
    [
      'a mail without a credit, with its price',
      holding(PRO, { included: 2, usedThisPeriod: 2 }),
      { mails: 1 },
      {
        refusal: 'insufficient_credits',
        limit: 2,
        used: 2,
        resetsAt: RESETS_AT,
        price: { amountCents: 300, currency: 'usd' },
        upgradeTo: 'enterprise',
      },
    ],
  ])('G1: is %s', (_, account, use, refusal) => {
    expect(decide(account, use)).toEqual({ outcome: 'refused', refusal });
  });

  it('G1: an e-mail beyond a plan’s limit, should one have it', () => {
    const account = withUses(PRO, { emails: { used: 7, limit: 7 } });
    expect(decide(account, { emails: 1 })).toMatchObject({
      outcome: 'refused',
      refusal: { refusal: 'quota_exceeded', meter: 'emails', limit: 7, used: 7 },
    });
  });

  it('the largest plan proposes no upgrade', () => {
    const account = holding(givenSubscriber(active({ plan: 'enterprise' }), '2026-02-03'), {});
    expect(decide(account, { mails: 1 })).toMatchObject({
      refusal: { limit: 10, price: { amountCents: 250, currency: 'usd' }, upgradeTo: null },
    });
  });
});

describe('where several refusals hold, the first of this order is given', () => {
  const exhausted = mailsToday(
    {
      ...withUses(PRO, { letters: { used: 1, limit: 1 }, emails: { used: 1, limit: 1 } }),
      credits: FREE.credits,
    },
    10,
  );
  const everything = { letters: 1, emails: 1, mails: 1 };

  it.each<[string, UseDecision]>([
    [
      'erased',
      decideUse(
        { consume: everything, release: {} },
        { kind: 'erased', userId: 'user', version: 1, erasedAt: 0 },
        LETTERS,
        NOW,
        'x',
      ),
    ],
    ['not current', decide(exhausted, everything, PRO.periodEnd)],
    ['plan_required', decide(withUses(exhausted, { mails: { limit: null } }), everything)],
    ['letters', decide(exhausted, everything)],
    ['emails', decide(withUses(exhausted, unlimited('letters')), everything)],
    ['rate_limited', decide(withUses(exhausted, unlimited('letters', 'emails')), everything)],
    ['insufficient_credits', decide({ ...PRO, credits: FREE.credits }, everything)],
  ])('%s', (expected, decision) => {
    expect(shownAs(decision)).toBe(expected);
  });

  function unlimited(...meters: string[]): Parameters<typeof withUses>[1] {
    return Object.fromEntries(meters.map((meter) => [meter, { limit: 'unlimited' }]));
  }

  function shownAs(decision: UseDecision): string {
    if (decision.outcome !== 'refused') {
      return decision.outcome.replace('_', ' ');
    }
    const { refusal } = decision;
    switch (refusal.refusal) {
      case 'account_erased':
        return 'erased';
      case 'quota_exceeded':
        return refusal.meter;
      case 'plan_required':
      case 'not_held':
      case 'rate_limited':
      case 'insufficient_credits':
        return refusal.refusal;
    }
  }
});

describe('an account that is not open decides nothing (G7)', () => {
  it.each([
    ['at its end', PRO, PRO.periodEnd],
    ['before its start', PRO, PRO.periodStart - 1],
    ['after a scheduled end', givenSubscriber(active({ endsAt: '2026-02-09' }), '2026-02-03'), NOW],
  ])('%s', (_, account, now) => {
    expect(decide(account, { letters: 1 }, now)).toEqual({ outcome: 'not_current' });
  });

  it.each([
    ['at its start', PRO.periodStart],
    ['a millisecond before its end', PRO.periodEnd - 1],
  ])('but one does %s', (_, now) => {
    expect(decide(PRO, { letters: 1 }, now).outcome).toBe('accepted');
  });
});

it.each([
  [10, null],
  [11, RATE_LIMITED],
])('of %d mails at once: %j', (mails, refusal) => {
  const consume = { letters: 99, mails };
  expect(refuseTooManyAtOnce({ consume, release: {} }, LETTERS, NOW)).toEqual(refusal);
});

it('G1: any sequence of uses stops exactly where the limits are', () => {
  const anyUse = fc.record({ letters: fc.nat({ max: 3 }), mails: fc.nat({ max: 3 }) });
  fc.assert(
    fc.property(fc.array(anyUse, { maxLength: 20 }), fc.nat({ max: 9 }), (uses, purchased) => {
      let account = withUses(holding(PRO, { included: 2, purchased }), { letters: { limit: 5 } });
      let [letters, mails] = [0, 0];
      for (const use of uses) {
        const decision = decide(account, use);
        const fits = letters + use.letters <= 5 && mails + use.mails <= Math.min(10, 2 + purchased);
        expect(decision.outcome).toBe(fits ? 'accepted' : 'refused');
        if (decision.outcome === 'accepted') {
          account = decision.account;
          letters += use.letters;
          mails += use.mails;
        }
      }
      expect({
        uses: usesOf(account),
        rest: restsOf(account)['letters'],
        left: availableTo(account),
      }).toEqual({
        uses: { letters, emails: 0, mails },
        rest: 5 - letters,
        left: 2 + purchased - mails,
      });
    }),
  );
});

describe('a mail for which there is no credit left', () => {
  const empty: Account = { ...holding(PRO, { included: 2, usedThisPeriod: 2 }), customerId: 'cus_1' };
  const mail: Use = { consume: { mails: 1 }, release: {} };
  const pay = (account: Account): UseDecision => decideUse(mail, account, LETTERS, NOW, 'delivery:d1', true);

  it('can be paid by card, for the price of the plan, and counts among those of the day only', () => {
    expect(pay(empty)).toEqual({
      outcome: 'to_be_paid',
      account: { ...empty, usesByDay: { 'mails:2026-02-10': 1 } },
      charge: { price: { amountCents: 300, currency: 'usd' }, customerId: 'cus_1' },
    });
  });

  it('is paid by a credit where there is one', () => {
    expect(pay(holding(PRO, { included: 1 }))).toMatchObject({ outcome: 'accepted' });
  });

  it.each<[string, Account, object]>([
    ['on a plan without mails', FREE, { ...PLAN_REQUIRED, meter: 'mails' }],
    ['after the tenth of the day', mailsToday(empty, 10), RATE_LIMITED],
  ])('is refused %s, and nobody is asked to pay', (_name, account, refusal) => {
    expect(pay(account)).toEqual({ outcome: 'refused', refusal });
  });

  it('waits for its period', () => {
    expect(decideUse(mail, empty, LETTERS, RESETS_AT, 'delivery:d1', true)).toEqual({
      outcome: 'not_current',
    });
  });

  it('counts once it has been paid, in the period that is open then', () => {
    expect(countPaid(empty, mail.consume, NOW, LETTERS).account).toEqual(
      withUses(empty, { mails: { used: 1, paid: 1 } }),
    );
    const used = withUses(empty, { mails: { used: 4, paid: 2 } });
    const { account, closed } = countPaid(used, mail.consume, RESETS_AT, LETTERS);
    expect(account).toMatchObject({ meters: { mails: { used: 1, paid: 1 } }, periodStart: RESETS_AT });
    expect(closed).toMatchObject([{ meters: { mails: { used: 4, paid: 2 } } }]);
  });
});

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
    expect(refuseTooManyAtOnce({ ...none, consume: { exports: 99, seats: 99 } }, STUDIO, NOW)).toBeNull();
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

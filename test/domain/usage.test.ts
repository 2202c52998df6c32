import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { type Credits } from '../../lambdas/domain/credits.ts';
import { countPaid, type Counts, decideUse, type Use, type UseDecision } from '../../lambdas/domain/usage.ts';
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
import { LETTERS } from '../support/catalogues.ts';

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

it('of more at once than a day allows is refused on any day, but first for the plan', () => {
  const rich = holding(PRO, { included: 20 });
  expect(decide(rich, { mails: 10 })).toMatchObject({ outcome: 'accepted' });
  expect(decide(rich, { mails: 11 })).toEqual({ outcome: 'refused', refusal: RATE_LIMITED });
  expect(decide(FREE, { mails: 11 })).toMatchObject({ refusal: { refusal: 'plan_required' } });
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

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, meterUnder, newAccount } from '../../lambdas/domain/account.ts';
import { type Credits } from '../../lambdas/domain/credits.ts';
import { PLANS } from '../../lambdas/domain/plans.ts';
import {
  countPaidMail,
  decideUse,
  refuseMailsAtOnce,
  type Use,
  type UseDecision,
} from '../../lambdas/domain/usage.ts';
import { active, at, availableTo, givenSubscriber, withCredits } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const NOW = at('2026-02-10T12:00:00.000Z');
const FREE = newAccount('user', NOW, LETTERS);
const PRO = givenSubscriber(active({}), '2026-02-03');
const RESETS_AT = at('2026-02-28');
const TOMORROW = at('2026-02-11');

function decide(account: Account, use: Partial<Use>, now = NOW): UseDecision {
  return decideUse({ letters: 0, emails: 0, mails: 0, ...use }, account, PLANS, now, 'delivery:d1');
}

function lettersUsed(account: Account, used: number): Account {
  return { ...account, letters: { used, left: 5 - used } };
}

function mailsToday(account: Account, mails: number): Account {
  return { ...account, mailsByDay: { '2026-02-10': mails } };
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
const RATE_LIMITED = { refusal: 'rate_limited', limit: 10, resetsAt: TOMORROW };

describe('a use that an account allows', () => {
  it('counts on its meters, all of them', () => {
    const decision = decide(holding(PRO, { included: 2 }), { letters: 3, emails: 2, mails: 1 });
    expect(decision).toMatchObject({
      outcome: 'accepted',
      account: {
        letters: { used: 3, left: PRO.letters.left - 3 },
        emails: { used: 2, left: PRO.emails.left - 2 },
        mailsUsed: 1,
        mailsByDay: { '2026-02-10': 1 },
        credits: { usedThisPeriod: 1, used: 1 } satisfies Partial<Credits>,
      },
      movements: [{ kind: 'use', amount: -1, source: 'delivery:d1' }],
    });
  });

  it('moves no credit and no day’s count where it is not a mail', () => {
    const decision = decide(FREE, { letters: 1 });
    expect(decision).toEqual({
      outcome: 'accepted',
      account: { ...FREE, letters: { used: 1, left: 4 } },
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
      { ...holding(PRO, { purchased: 10 }), mailsByDay: { '2026-02-09': 10 } },
      { mails: 10 },
    ],
    ['nothing at all', lettersUsed(FREE, 5), {}],
    [
      'an e-mail, where a smaller plan has come after more letters than it allows',
      { ...PRO, letters: meterUnder(5, 7) },
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
    ['an e-mail without a plan', FREE, { emails: 1 }, PLAN_REQUIRED],
    [
      'a mail without a plan, purchased credits or not (G8)',
      holding(FREE, { purchased: 3 }),
      { mails: 1 },
      PLAN_REQUIRED,
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
        price: PLANS.pro.extraMail,
        upgradeTo: 'enterprise',
      },
    ],
  ])('G1: is %s', (_, account, use, refusal) => {
    expect(decide(account, use)).toEqual({ outcome: 'refused', refusal });
  });

  it('G1: an e-mail beyond a plan’s limit, should one have it', () => {
    const account = { ...PRO, emails: { used: 7, left: 0 } };
    expect(decide(account, { emails: 1 })).toMatchObject({
      outcome: 'refused',
      refusal: { refusal: 'quota_exceeded', meter: 'emails', limit: 'unlimited', used: 7 },
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
    { ...PRO, letters: { used: 1, left: 0 }, emails: { used: 1, left: 0 }, credits: FREE.credits },
    10,
  );
  const everything = { letters: 1, emails: 1, mails: 1 };

  it.each<[string, UseDecision]>([
    [
      'erased',
      decideUse(
        { letters: 1, emails: 1, mails: 1 },
        { kind: 'erased', userId: 'user', version: 1, erasedAt: 0 },
        PLANS,
        NOW,
        'x',
      ),
    ],
    ['not open', decide(exhausted, everything, PRO.periodEnd)],
    ['plan_required', decide({ ...exhausted, plan: 'none' }, everything)],
    ['letters', decide(exhausted, everything)],
    ['emails', decide({ ...exhausted, letters: PRO.letters }, everything)],
    ['rate_limited', decide({ ...exhausted, letters: PRO.letters, emails: PRO.emails }, everything)],
    ['insufficient_credits', decide({ ...PRO, credits: FREE.credits }, everything)],
  ])('%s', (expected, decision) => {
    expect(shownAs(decision)).toBe(expected);
  });

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
    expect(decide(account, { letters: 1 }, now)).toEqual({ outcome: 'not_open' });
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
  expect(refuseMailsAtOnce({ letters: 0, emails: 0, mails }, NOW)).toEqual(refusal);
});

it('G1: any sequence of uses stops exactly where the limits are', () => {
  const anyUse = fc.record({ letters: fc.nat({ max: 3 }), mails: fc.nat({ max: 3 }) });
  fc.assert(
    fc.property(fc.array(anyUse, { maxLength: 20 }), fc.nat({ max: 9 }), (uses, purchased) => {
      let account = { ...holding(PRO, { included: 2, purchased }), letters: { used: 0, left: 5 } };
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
      expect({ letters: account.letters.used, left: availableTo(account) }).toEqual({
        letters,
        left: 2 + purchased - mails,
      });
    }),
  );
});

describe('a mail for which there is no credit left', () => {
  const empty: Account = { ...holding(PRO, { included: 2, usedThisPeriod: 2 }), customerId: 'cus_1' };
  const mail: Use = { letters: 0, emails: 0, mails: 1 };
  const pay = (account: Account): UseDecision => decideUse(mail, account, PLANS, NOW, 'delivery:d1', true);

  it('can be paid by card, for the price of the plan, and counts among those of the day only', () => {
    expect(pay(empty)).toEqual({
      outcome: 'to_be_paid',
      account: { ...empty, mailsByDay: { '2026-02-10': 1 } },
      charge: { price: PLANS.pro.extraMail, customerId: 'cus_1' },
    });
  });

  it('is paid by a credit where there is one', () => {
    expect(pay(holding(PRO, { included: 1 }))).toMatchObject({ outcome: 'accepted' });
  });

  it.each<[string, Account, object]>([
    ['on a plan without mails', FREE, PLAN_REQUIRED],
    ['after the tenth of the day', mailsToday(empty, 10), RATE_LIMITED],
  ])('is refused %s, and nobody is asked to pay', (_name, account, refusal) => {
    expect(pay(account)).toEqual({ outcome: 'refused', refusal });
  });

  it('waits for its period', () => {
    expect(decideUse(mail, empty, PLANS, RESETS_AT, 'delivery:d1', true)).toEqual({ outcome: 'not_open' });
  });

  it('counts once it has been paid, in the period that is open then', () => {
    expect(countPaidMail(empty, NOW).account).toEqual({
      ...empty,
      mailsUsed: empty.mailsUsed + 1,
      cardMails: empty.cardMails + 1,
    });
    const used = { ...empty, mailsUsed: 4, cardMails: 2 };
    const { account, closed } = countPaidMail(used, RESETS_AT);
    expect(account).toMatchObject({ mailsUsed: 1, cardMails: 1, periodStart: RESETS_AT });
    expect(closed).toMatchObject([{ mails: 4, cardMails: 2 }]);
  });
});

import { describe, expect, it } from '@jest/globals';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { percentOf, viewAccount } from '../../lambdas/domain/account-view.ts';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { viewCatalogue } from '../../lambdas/domain/catalogue-view.ts';
import { forecast } from '../../lambdas/domain/forecast.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import {
  active,
  at,
  givenSubscriber,
  pastDue,
  trial,
  used,
  withCredits,
  withUses,
} from '../support/accounts.ts';
import { LETTERS, STUDIO } from '../support/catalogues.ts';

const NOW = '2026-02-10T12:00:00.000Z';

describe('the view of an account', () => {
  it('shows meters in the order of the catalogue, and at the end what it has no more', () => {
    const { meters, ...others } = newAccount('user', at(NOW), LETTERS);
    const fax = { used: 1, limit: 3, credits: 0, paid: 0 };
    const reversed = Object.fromEntries(Object.entries(meters).reverse());
    const account = { ...others, meters: { fax, ...reversed } };
    expect(Object.keys(viewAccount(account, at(NOW), LETTERS).meters)).toEqual([
      'letters',
      'emails',
      'mails',
      'fax',
    ]);
  });

  it('has all that a usage page needs', () => {
    const pots = { lots: [0, 0, 3], included: 10, purchased: 4 };
    const enterprise = givenSubscriber(active({ plan: 'enterprise' }), NOW);
    const account = used(withCredits(enterprise, pots), { letters: 7, mails: 5 }, NOW);
    expect(viewAccount(account, at(NOW), LETTERS)).toEqual({
      userId: 'user',
      plan: 'enterprise',
      status: 'active',
      period: { startsAt: '2026-01-31T00:00:00.000Z', endsAt: '2026-02-28T00:00:00.000Z' },
      meters: {
        letters: { used: 7, limit: 'unlimited', left: 'unlimited', percent: null },
        emails: { used: 0, limit: 'unlimited', left: 'unlimited', percent: null },
        mails: {
          used: 5,
          limit: 'unlimited',
          left: 'unlimited',
          percent: null,
          credits: 1,
          today: { used: 5, limit: 10 },
        },
      },
      levels: {},
      features: ['priority_support'],
      credits: {
        available: 12,
        included: 8,
        withheld: 0,
        carried: 0,
        purchased: 4,
        perPeriod: 10,
        extra: usd(250),
      },
    });
  });

  it('shows what is outside the plan as such, and never less left than nothing', () => {
    const free = withUses(newAccount('user', at(NOW), LETTERS), { letters: { used: 7 } });
    expect(viewAccount(free, at(NOW), LETTERS)).toMatchObject({
      plan: 'none',
      status: 'none',
      meters: {
        letters: { used: 7, limit: 5, left: 0, percent: 100 },
        emails: { used: 0, limit: null, left: 0, percent: null },
        mails: { limit: null, left: 0, percent: null, credits: 1, today: { used: 0, limit: 10 } },
      },
      features: [],
      credits: { available: 0, perPeriod: 0, extra: null },
    });
  });

  it('shows levels as what is held of them', () => {
    const account = newAccount('user', at(NOW), STUDIO);
    const crowded = { ...account, levels: { seats: { used: 3, limit: 1 }, rooms: { used: 1, limit: null } } };
    expect(viewAccount(crowded, at(NOW), STUDIO).levels).toEqual({
      seats: { held: 3, limit: 1, left: 0 },
      rooms: { held: 1, limit: null, left: 0 },
    });
  });

  it('G14: shows a plan that the catalogue lacks by the terms that stand', () => {
    const account = givenSubscriber(active({ plan: 'pro' }), NOW);
    const view = viewAccount(account, at(NOW), { ...LETTERS, plans: [LETTERS.plans[0]] });
    expect(view).toMatchObject({ plan: 'pro', features: [], credits: { perPeriod: 2, extra: null } });
    expect(view.meters['letters']).toMatchObject({ limit: 'unlimited' });
  });

  it.each<[string, Account, object]>([
    ['an active subscription', givenSubscriber(active({}), NOW), {}],
    [
      'one that is to end',
      givenSubscriber(active({ endsAt: '2026-02-20' }), NOW),
      { endsAt: '2026-02-20T00:00:00.000Z' },
    ],
    [
      'a failed payment',
      givenSubscriber(pastDue({ graceEndsAt: '2026-02-17', endsAt: '2026-02-20' }), NOW),
      { graceEndsAt: '2026-02-17T00:00:00.000Z', endsAt: '2026-02-20T00:00:00.000Z' },
    ],
    [
      'a trial',
      givenSubscriber(trial({ trialEndsAt: '2026-02-14' }), NOW),
      { trialEndsAt: '2026-02-14T00:00:00.000Z' },
    ],
    [
      'an ended one',
      rollForward(givenSubscriber(active({ endsAt: '2026-02-09' }), '2026-02-03'), at(NOW), LETTERS).account,
      {},
    ],
  ])('tells of endings: %s', (_, account, expected) => {
    const { trialEndsAt, endsAt, graceEndsAt } = viewAccount(account, at(NOW), LETTERS);
    expect(JSON.parse(JSON.stringify({ trialEndsAt, endsAt, graceEndsAt }))).toEqual(expected);
  });

  it.each([
    [0, 5, 0],
    [4, 5, 80],
    [2, 3, 66],
    [9, 5, 100],
    [0, 0, 0],
    [3, 0, 0],
  ])('%d of %d is %d%%', (uses, limit, percent) => {
    expect(percentOf(uses, limit)).toBe(percent);
  });
});

describe('the view of a catalogue', () => {
  it('has what a pricing page shows', () => {
    const view = viewCatalogue(LETTERS);
    expect(view.meters[2]).toEqual({
      id: 'mails',
      title: { one: 'postal mail', many: 'postal mails' },
      credits: 1,
      perDay: 10,
    });
    expect(view.plans[2]).toEqual({
      id: 'enterprise',
      title: 'Enterprise',
      limits: { letters: 'unlimited', emails: 'unlimited', mails: 'unlimited' },
      credits: 10,
      extraCredit: usd(250),
      carryOver: { cap: 10, periods: 3 },
      prices: { month: usd(2_900) },
      features: ['priority_support'],
    });
    expect(view.credit).toEqual({
      title: { one: 'mail credit', many: 'mail credits' },
      bundles: [
        { credits: 5, price: usd(1_400) },
        { credits: 10, price: usd(2_700) },
        { credits: 25, price: usd(6_250) },
      ],
      isGiftable: true,
    });
    expect(view).toMatchObject({ features: [{ id: 'priority_support' }], graceDays: 7, trialDays: 0 });
  });

  it('shows levels, and no plan that is no longer sold', () => {
    const view = viewCatalogue({ ...STUDIO, credit: null });
    expect(view.levels).toEqual([{ id: 'seats', title: { one: 'seat', many: 'seats' } }]);
    expect(view.plans.map(({ id }) => id)).toEqual(['free', 'team']);
    expect(view.credit).toBeNull();
  });
});

it('a forecast of a meter knows nothing of a level that has its id', () => {
  const letters = used(newAccount('user', at(NOW), LETTERS), { letters: 1 }, NOW);
  const full = { ...letters, levels: { letters: { used: 5, limit: 5 } } };
  expect(forecast(full, at(NOW))).toEqual(forecast(letters, at(NOW)));
});

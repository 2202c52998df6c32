import { describe, expect, it } from '@jest/globals';
import {
  differencesOf,
  findPrice,
  inWords,
  lookupKeyOf,
  offerOf,
  PLAN_METADATA,
  priceOfPlan,
} from '../../lambdas/adapters/stripe/prices.ts';
import { LETTERS } from '../support/catalogues.ts';
import { PRO, usePayments } from '../support/payments.ts';
import { plentyOfTime } from '../support/table.ts';

const suite = usePayments('2026-01-31T00:00:00Z');
const OFFER = { plan: 'pro', interval: 'month' } as const;

function found(): Promise<string> {
  return findPrice(suite.services().stripe, OFFER, LETTERS, plentyOfTime());
}

describe('the price at which a plan is sold', () => {
  it('is found by its lookup key', async () => {
    expect(await found()).toBe(PRO);
  });

  it('is missing when it is archived, or when there is none', async () => {
    await suite.stripe().prices.update(PRO, { active: false });
    await expect(found()).rejects.toThrow(/no active price with the lookup key postage_pro_month/);
  });

  it.each<[string, object, string]>([
    ['another amount', { unit_amount: 901 }, 'amount 901 instead of 900'],
    ['another interval', { recurring: { interval: 'year' } }, 'interval year instead of month'],
    [
      'another number of intervals',
      { recurring: { interval: 'month', interval_count: 3 } },
      'interval count 3 instead of 1',
    ],
    ['another plan', { metadata: { [PLAN_METADATA]: 'enterprise' } }, 'enterprise instead of pro'],
    ['no plan', { metadata: {} }, 'undefined instead of pro'],
  ])('is refused with %s', async (_, other, words) => {
    const { product } = await suite.stripe().prices.retrieve(PRO);
    await suite.stripe().prices.create({
      product: typeof product === 'string' ? product : product.id,
      currency: 'usd',
      unit_amount: 900,
      recurring: { interval: 'month' },
      metadata: { [PLAN_METADATA]: 'pro' },
      lookup_key: lookupKeyOf(OFFER),
      transfer_lookup_key: true,
      ...other,
    });
    await expect(found()).rejects.toThrow(words);
  });
});

it('a price in another currency is not that of the catalogue', async () => {
  const wanted = priceOfPlan(OFFER, LETTERS);
  const price = { ...(await suite.stripe().prices.retrieve(PRO)), currency: 'eur' };
  expect(wanted && differencesOf(price, wanted).map(inWords)).toEqual(['currency eur instead of usd']);
});

describe('what a subscription at a price gives', () => {
  const month = { interval: 'month', interval_count: 1 };
  const priced = (plan: string, recurring: object | null = month): never =>
    ({ metadata: plan === '' ? {} : { [PLAN_METADATA]: plan }, recurring }) as never;

  it('is the largest plan of its items', () => {
    expect(offerOf([priced('pro'), priced('enterprise'), priced('')], LETTERS)).toEqual({
      plan: 'enterprise',
      interval: 'month',
    });
  });

  it.each([
    ['a price of another product', priced('')],
    ['a plan that the catalogue lacks', priced('gold')],
    ['the free plan', priced('none')],
    ['a price by the week', priced('pro', { interval: 'week', interval_count: 1 })],
    ['a price by the quarter', priced('pro', { interval: 'month', interval_count: 3 })],
    ['a price that is paid once', priced('pro', null)],
  ])('is nothing for %s', (_, price) => {
    expect(offerOf([price], LETTERS)).toBeNull();
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { readChangeable, type FoundSubscription } from '../../lambdas/adapters/stripe/changeable.ts';
import { keptPhases } from '../../lambdas/adapters/stripe/phases.ts';
import { asideOf, scheduling } from '../../lambdas/adapters/stripe/schedules.ts';
import { LETTERS } from '../support/catalogues.ts';
import { plentyOfTime } from '../support/table.ts';

const [START, END, NEXT] = [1_000_000, 1_000_000 + 31 * 86_400, 1_000_000 + 59 * 86_400];

const priceOf = (id: string, plan: string | null): object => ({
  id,
  metadata: plan === null ? {} : { postage_plan: plan },
  recurring: { interval: 'month', interval_count: 1 },
});
const itemOf = (id: string, price: object, others: object = {}): object => ({
  id,
  price,
  quantity: 1,
  discounts: [],
  tax_rates: [],
  metadata: {},
  current_period_start: START,
  current_period_end: END,
  ...others,
});
const phaseOf = (items: object[], start: number, end: number, others: object = {}): object => ({
  items,
  start_date: start,
  end_date: end,
  discounts: [],
  default_tax_rates: [],
  default_payment_method: null,
  automatic_tax: null,
  metadata: {},
  trial_end: null,
  ...others,
});

const STORAGE = itemOf('si_storage', priceOf('price_storage', null), {
  quantity: 3,
  tax_rates: [{ id: 'txr_1' }],
  discounts: ['di_1'],
  metadata: { of: 'the owner' },
});
const PLAN = itemOf('si_plan', priceOf('price_enterprise', 'enterprise'), { tax_rates: [{ id: 'txr_2' }] });

/** Stripe's answer: a subscription with the owner's own item before that of the plan. */
async function found(later: object[] = []): Promise<FoundSubscription> {
  const subscription = {
    id: 'sub_1',
    status: 'active',
    items: { data: [STORAGE, PLAN] },
    schedule: {
      id: 'sub_sched_1',
      current_phase: { start_date: START, end_date: END },
      phases: [phaseOf([STORAGE, PLAN], START, END), ...later],
    },
    discounts: [],
    default_tax_rates: [],
    automatic_tax: { enabled: false },
    cancel_at: null,
    pending_update: null,
    latest_invoice: null,
    collection_method: 'charge_automatically',
    default_payment_method: { type: 'card' },
    object: 'subscription',
    lastResponse: { statusCode: 200, headers: { date: new Date(START * 1_000).toUTCString() } },
  };
  const sdk = { subscriptions: { retrieve: () => Promise.resolve(subscription) } } as unknown as Stripe;
  const keys = { secretKey: 'sk_test_1', webhookSecret: 'whsec_1' };
  const connection = { sdk: () => Promise.resolve(sdk), keys: () => Promise.resolve(keys) };
  const answer = await readChangeable(connection, 'sub_1', LETTERS, plentyOfTime());
  if (!answer?.schedule) {
    throw new Error('There is a subscription with a schedule.');
  }
  return answer;
}

const STORAGE_KEPT = {
  price: 'price_storage',
  quantity: 3,
  tax_rates: ['txr_1'],
  discounts: [{ discount: 'di_1' }],
  metadata: { of: 'the owner' },
};

describe('a subscription with items of the owner’s own', () => {
  it('changes by the item of its plan', async () => {
    expect((await found()).item.id).toBe('si_plan');
  });

  it('keeps the others, their tax and discounts, whatever is scheduled', async () => {
    const subscription = await found();
    const { schedule } = subscription;
    if (schedule === null) {
      throw new Error('There is a schedule.');
    }
    const { phases } = scheduling(schedule, subscription, { priceId: 'price_pro', interval: 'month' });
    const planAt = (price: string): object => ({ price, quantity: 1, tax_rates: ['txr_2'] });
    expect(phases.map(({ items }) => items)).toEqual([
      [STORAGE_KEPT, planAt('price_enterprise')],
      [STORAGE_KEPT, planAt('price_pro')],
    ]);
  });
});

describe('what is put aside', () => {
  it('is as long, and has its items with their tax and discounts', async () => {
    const item = itemOf('', priceOf('price_pro', 'pro'), {
      tax_rates: [{ id: 'txr_2' }],
      discounts: [{ discount: null, promotion_code: null, coupon: 'half' }],
    });
    const half = END + 15 * 86_400;
    const year = NEXT + 365 * 86_400;
    const kept = asideOf(
      await found([
        phaseOf([item], END, half),
        phaseOf([item], half, NEXT + 86_400 * 15),
        phaseOf([item], NEXT, year),
      ]),
    );
    const phases = keptPhases(kept ?? '[]');
    expect(phases.map(({ duration }) => duration)).toEqual([
      { interval: 'day', interval_count: 15 },
      { interval: 'month', interval_count: 1 },
      { interval: 'month', interval_count: 12 },
    ]);
    expect(phases[0]?.items).toEqual([
      { price: 'price_pro', quantity: 1, tax_rates: ['txr_2'], discounts: [{ coupon: 'half' }] },
    ]);
  });
});

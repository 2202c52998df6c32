import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { ENTERPRISE, idOf, PRO, stripeError, subscribe, useStripe } from './support.ts';

const begin = useStripe();

interface Begun {
  stripe: Stripe;
  moveTo: (iso: string) => void;
  subscription: Stripe.Subscription;
  schedule: Stripe.SubscriptionSchedule;
  rate: string;
}

/** A subscription to Enterprise with a coupon, a tax rate and tax, and a schedule of it. */
async function scheduled(): Promise<Begun> {
  const { stripe, moveTo } = await begin('2026-11-01T00:00:00.000Z');
  await stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'forever' });
  const { id: rate } = await stripe.taxRates.create({
    display_name: 'VAT',
    inclusive: false,
    percentage: 19,
  });
  const subscription = await subscribe(stripe, {
    items: [{ price: ENTERPRISE }],
    discounts: [{ coupon: 'half' }],
    default_tax_rates: [rate],
    automatic_tax: { enabled: true },
  });
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  return { stripe, moveTo, subscription, schedule, rate };
}

function termsOf({ discounts, default_tax_rates: rates, automatic_tax: tax }: Stripe.Subscription): object {
  return {
    discounts: discounts.map(idOf),
    rates: (rates ?? []).map(({ id }) => id),
    isTaxed: tax.enabled,
  };
}

function presentOf({ schedule }: Begun): Stripe.SubscriptionScheduleUpdateParams.Phase {
  const { start_date: start = 0, end_date: end = 0 } = schedule.phases[0] ?? {};
  return { items: [{ price: ENTERPRISE }], start_date: start, end_date: end };
}

describe('discounts and taxes of a schedule', () => {
  it('are those of its subscription, also when they change', async () => {
    const begun = await scheduled();
    const { stripe, subscription, schedule, rate } = begun;
    const [discount = ''] = subscription.discounts.map(idOf);
    const expanded = await stripe.subscriptions.retrieve(subscription.id, { expand: ['discounts'] });
    expect(expanded.discounts).toMatchObject([{ source: { coupon: 'half' }, subscription: subscription.id }]);
    expect(schedule.phases).toMatchObject([
      {
        discounts: [{ coupon: null, discount, promotion_code: null }],
        default_tax_rates: [{ id: rate, percentage: 19 }],
        automatic_tax: { enabled: true },
      },
    ]);
    await stripe.subscriptions.update(subscription.id, { discounts: '', default_tax_rates: '' });
    expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).phases).toMatchObject([
      { discounts: [], default_tax_rates: [], automatic_tax: { enabled: true } },
    ]);
  });

  it('hold from their phase on, and the subscription loses what a phase does not name', async () => {
    const begun = await scheduled();
    const { stripe, subscription, schedule } = begun;
    const promotion = { type: 'coupon', coupon: 'half' } as const;
    const { id: code } = await stripe.promotionCodes.create({ promotion });
    await stripe.subscriptionSchedules.update(schedule.id, {
      phases: [
        presentOf(begun),
        { items: [{ price: PRO }], duration: { interval: 'month' }, discounts: [{ promotion_code: code }] },
      ],
    });
    expect(termsOf(await stripe.subscriptions.retrieve(subscription.id))).toEqual({
      discounts: [],
      rates: [],
      isTaxed: false,
    });
    begun.moveTo('2026-12-01T02:00:00.000Z');
    const { discounts } = await stripe.subscriptions.retrieve(subscription.id, { expand: ['discounts'] });
    expect(discounts).toMatchObject([{ promotion_code: code, source: { coupon: 'half' } }]);
  });

  it('are kept where phases repeat them, and a coupon is redeemed once', async () => {
    const begun = await scheduled();
    const { stripe, subscription, schedule, rate } = begun;
    const terms = {
      discounts: [{ coupon: 'half' }],
      default_tax_rates: [rate],
      automatic_tax: { enabled: true },
    };
    await stripe.subscriptionSchedules.update(schedule.id, {
      phases: [
        { ...presentOf(begun), ...terms },
        { items: [{ price: PRO }], duration: { interval: 'month' }, ...terms },
      ],
    });
    begun.moveTo('2026-12-01T02:00:00.000Z');
    expect(termsOf(await stripe.subscriptions.retrieve(subscription.id))).toEqual(termsOf(subscription));
  });

  it('are refused where they are not there, or two at once', async () => {
    const begun = await scheduled();
    const { stripe, schedule } = begun;
    const asking = (
      discounts: Stripe.SubscriptionScheduleUpdateParams.Phase.Discount[],
    ): Promise<Stripe.errors.StripeError> =>
      stripeError(
        stripe.subscriptionSchedules.update(schedule.id, { phases: [{ ...presentOf(begun), discounts }] }),
      );
    expect((await asking([{ coupon: 'gone' }])).param).toBe('phases[0][discounts][0][coupon]');
    expect((await asking([{ coupon: 'half', promotion_code: 'promo_1' }])).message).toContain('exactly one');
  });
});

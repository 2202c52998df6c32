import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import {
  customerWith,
  ENTERPRISE,
  idOf,
  invoicesOf,
  iso,
  onlyItem,
  PRO,
  PRO_YEAR,
  stripeError,
  subscribe,
  useStripe,
} from './support.ts';

const begin = useStripe();

async function subscribed(params: Partial<Stripe.SubscriptionCreateParams> = {}) {
  const sandbox = await begin('2026-11-01T00:00:00.000Z');
  const subscription = await subscribe(sandbox.stripe, params);
  sandbox.moveTo('2026-11-16T00:00:00.000Z');
  return { sandbox, stripe: sandbox.stripe, subscription, item: onlyItem(subscription).id };
}

const sumsOf = (invoice: Stripe.Invoice): number[] => invoice.lines.data.map(({ amount }) => amount);

describe('a preview', () => {
  it('is the next invoice, and leaves nothing behind', async () => {
    const { sandbox, stripe, subscription } = await subscribed();
    const before = sandbox.standIn.control.events().length;
    const next = await stripe.invoices.createPreview({ subscription: subscription.id });
    expect(next).toMatchObject({ object: 'invoice', status: 'draft', total: 900, amount_due: 900 });
    expect(next.id).toMatch(/^upcoming_in_/);
    expect(iso(next.created)).toBe('2026-12-01T00:00:00.000Z');
    expect(iso(next.next_payment_attempt)).toBe('2026-12-01T01:00:00.000Z');
    expect(iso(next.lines.data[0]?.period.end)).toBe('2027-01-01T00:00:00.000Z');
    expect(await invoicesOf(stripe, subscription.id)).toHaveLength(1);
    expect(sandbox.standIn.control.events()).toHaveLength(before);
  });

  it('of a change with a new anchor is what it then costs', async () => {
    const { stripe, subscription, item } = await subscribed();
    const change = {
      items: [{ id: item, price: ENTERPRISE }],
      billing_cycle_anchor: { type: 'now' as const },
      proration_behavior: 'always_invoice' as const,
    };
    const shown = await stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: change,
    });
    expect(sumsOf(shown)).toEqual([-450, 2_900]);
    expect(shown.lines.data[0]?.parent?.subscription_item_details?.proration).toBe(true);
    expect(iso(shown.created)).toBe('2026-11-16T00:00:00.000Z');
    expect(iso(shown.lines.data[1]?.period.end)).toBe('2026-12-16T00:00:00.000Z');
    await stripe.subscriptions.update(subscription.id, change);
    expect((await invoicesOf(stripe, subscription.id))[0]?.amount_due).toBe(shown.amount_due);
  });

  it('of a change that waits for the next invoice is that invoice', async () => {
    const { stripe, subscription, item } = await subscribed();
    const shown = await stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: { items: [{ id: item, price: ENTERPRISE }] },
    });
    expect(sumsOf(shown)).toEqual([-450, 1_450, 2_900]);
    const plain = await stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: { items: [{ id: item, price: ENTERPRISE }], proration_behavior: 'none' },
    });
    expect(sumsOf(plain)).toEqual([2_900]);
  });

  it('counts the balance in', async () => {
    const { stripe, subscription, item } = await subscribed({ items: [{ price: ENTERPRISE }] });
    await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, price: PRO }],
      proration_behavior: 'always_invoice',
    });
    expect(await stripe.invoices.createPreview({ subscription: subscription.id })).toMatchObject({
      total: 900,
      starting_balance: -1_000,
      ending_balance: -100,
      amount_due: 0,
    });
  });

  it('of a trial comes with its end', async () => {
    const { stripe, subscription } = await subscribed({ trial_period_days: 30 });
    const next = await stripe.invoices.createPreview({ subscription: subscription.id });
    expect(next.total).toBe(900);
    expect(iso(next.created)).toBe('2026-12-01T00:00:00.000Z');
  });

  it('knows the phases of a schedule, and those that it might get', async () => {
    const { stripe, subscription } = await subscribed({ items: [{ price: ENTERPRISE }] });
    const { id, phases } = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
    const wanted = [
      {
        items: [{ price: ENTERPRISE }],
        start_date: phases[0]?.start_date ?? 0,
        end_date: phases[0]?.end_date ?? 0,
      },
      { items: [{ price: PRO_YEAR }], duration: { interval: 'year' as const } },
    ];
    const shown = await stripe.invoices.createPreview({ schedule: id, schedule_details: { phases: wanted } });
    expect(sumsOf(shown)).toEqual([9_000]);
    expect(iso(shown.lines.data[0]?.period.end)).toBe('2027-12-01T00:00:00.000Z');
    expect((await stripe.invoices.createPreview({ subscription: subscription.id })).total).toBe(2_900);
    await stripe.subscriptionSchedules.update(id, { phases: wanted });
    expect((await stripe.invoices.createPreview({ subscription: subscription.id })).total).toBe(9_000);
    const ending = await stripeError(
      stripe.invoices.createPreview({
        schedule: id,
        schedule_details: { end_behavior: 'cancel', phases: wanted.slice(0, 1) },
      }),
    );
    expect(ending.code).toBe('invoice_upcoming_none');
  });

  it('is missing for what ends', async () => {
    const { stripe, subscription } = await subscribed();
    await stripe.subscriptions.update(subscription.id, { cancel_at: 'max_period_end' });
    expect(await stripeError(stripe.invoices.createPreview({ subscription: subscription.id }))).toMatchObject(
      {
        statusCode: 404,
        code: 'invoice_upcoming_none',
      },
    );
    const taken = await stripe.invoices.createPreview({
      subscription: subscription.id,
      subscription_details: { cancel_at: '' },
    });
    expect(taken.total).toBe(900);
  });

  it('refuses the customer of another subscription', async () => {
    const { stripe, subscription } = await subscribed();
    const customer = await customerWith(stripe, null);
    expect(idOf(subscription.customer)).not.toBe(customer);
    const error = await stripeError(
      stripe.invoices.createPreview({ subscription: subscription.id, customer }),
    );
    expect(error.param).toBe('customer');
  });
});

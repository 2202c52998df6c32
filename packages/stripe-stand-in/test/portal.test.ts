import { afterAll, describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { type BillingSettings } from '../src/sandbox.ts';
import {
  ENTERPRISE,
  idOf,
  iso,
  onlyItem,
  openStripe,
  PRO,
  PRO_YEAR,
  stripeError,
  subscribe,
  useStripe,
} from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const sandbox = await openStripe(NOW);
const { stripe } = sandbox;
const { control } = sandbox.standIn;
afterAll(() => sandbox.stop());

async function configure(at: Stripe = stripe): Promise<Stripe.BillingPortal.Configuration> {
  return at.billingPortal.configurations.create({
    features: {
      customer_update: { enabled: true, allowed_updates: ['email'] },
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true },
      subscription_cancel: { enabled: true, mode: 'at_period_end' },
      subscription_update: {
        enabled: true,
        billing_cycle_anchor: 'now',
        proration_behavior: 'always_invoice',
        default_allowed_updates: ['price'],
        products: [
          { product: 'prod_pro', prices: [PRO, PRO_YEAR] },
          { product: 'prod_enterprise', prices: [ENTERPRISE] },
        ],
        schedule_at_period_end: {
          conditions: [{ type: 'decreasing_item_amount' }, { type: 'shortening_interval' }],
        },
      },
    },
    metadata: { app: 'shop' },
  });
}

describe('the Portal', () => {
  it('is configured, listed and changed', async () => {
    const created = await configure();
    expect(created.id).toMatch(/^bpc_/);
    expect(created).toMatchObject({
      object: 'billing_portal.configuration',
      active: true,
      features: {
        subscription_update: {
          billing_cycle_anchor: 'now',
          schedule_at_period_end: {
            conditions: [{ type: 'decreasing_item_amount' }, { type: 'shortening_interval' }],
          },
        },
        subscription_pause: { enabled: false },
      },
    });
    const updated = await stripe.billingPortal.configurations.update(created.id, {
      features: { subscription_cancel: { enabled: false } },
    });
    expect(updated.features.subscription_cancel.enabled).toBe(false);
    expect(updated.features.subscription_update.enabled).toBe(true);
    const retired = await stripe.billingPortal.configurations.update(created.id, { active: false });
    expect(retired.active).toBe(false);
    const { data } = await stripe.billingPortal.configurations.list({ active: false });
    expect(data.map(({ id }) => id)).toEqual([created.id]);
  });

  it('offers only prices of the product that it names', async () => {
    const error = await stripeError(
      stripe.billingPortal.configurations.create({
        features: {
          subscription_update: {
            enabled: true,
            default_allowed_updates: ['price'],
            products: [{ product: 'prod_pro', prices: [ENTERPRISE] }],
          },
        },
      }),
    );
    expect(error.statusCode).toBe(400);
  });

  it('opens for a customer, with a configuration', async () => {
    const { id: customer } = await stripe.customers.create();
    expect((await stripeError(stripe.billingPortal.sessions.create({ customer }))).message).toContain(
      'No configuration provided',
    );
    const { id: configuration } = await configure();
    const session = await stripe.billingPortal.sessions.create({
      customer,
      configuration,
      return_url: 'https://example.com/account',
    });
    expect(session).toMatchObject({ object: 'billing_portal.session', customer, configuration });
    expect(session.id).toMatch(/^bps_/);
    expect(session.url).toMatch(/^https:\/\/billing\.stripe\.com\//);
  });

  it('upgrades at once with a new anchor, and schedules a downgrade', async () => {
    await configure();
    const own = await subscribe(stripe, { items: [{ price: PRO }] });
    const up = control.changePriceInPortal(own.id, ENTERPRISE);
    expect(up.items.data[0]?.price.id).toBe(ENTERPRISE);
    expect(up.latest_invoice).not.toBe(own.latest_invoice);

    const down = control.changePriceInPortal(own.id, PRO);
    expect(down.items.data[0]?.price.id).toBe(ENTERPRISE);
    expect(down.schedule).toMatch(/^sub_sched_/);
    sandbox.moveTo('2026-12-24T10:00:00.000Z');
    const after = await stripe.subscriptions.retrieve(own.id);
    expect(after.items.data[0]?.price.id).toBe(PRO);
    expect(after.schedule).toBeNull();
    expect(iso(after.items.data[0]?.current_period_end)).toBe('2027-01-24T10:00:00.000Z');
  });

  it('schedules the change from a year to a month', async () => {
    await configure();
    const own = await subscribe(stripe, { items: [{ price: PRO_YEAR }] });
    expect(control.changePriceInPortal(own.id, PRO).items.data[0]?.price.id).toBe(PRO_YEAR);
    expect(control.keepInPortal(own.id).schedule).toBeNull();
  });

  it('cancels by `cancel_at`, and can take it back', async () => {
    await configure();
    const own = await subscribe(stripe, { items: [{ price: PRO }] });
    const end = own.items.data[0]?.current_period_end;
    expect(control.cancelInPortal(own.id)).toMatchObject({ cancel_at: end, cancel_at_period_end: false });
    expect(control.keepInPortal(own.id)).toMatchObject({ cancel_at: null, canceled_at: null });
  });
});

describe('the Portal, where sources disagree', () => {
  const begin = useStripe();

  async function opened(billing: Partial<BillingSettings>, price = PRO) {
    const at = await begin(NOW, { billing });
    await configure(at.stripe);
    const { id, customer } = await subscribe(at.stripe, { items: [{ price }] });
    return { ...at, id, customer: idOf(customer), control: at.standIn.control };
  }

  it.each([
    ['refused', PRO, 'active'],
    ['applied', ENTERPRISE, 'past_due'],
  ] as const)('a change that can not be paid is %s', async (portalUnpaidChange, price, status) => {
    const { stripe: own, control: act, id, customer } = await opened({ portalUnpaidChange });
    act.changeCardInPortal(customer, 'pm_card_chargeCustomerFail');
    const change = (): Stripe.Subscription => act.changePriceInPortal(id, ENTERPRISE);
    if (portalUnpaidChange === 'refused') {
      expect(change).toThrow('declined');
    } else {
      change();
    }
    const after = await own.subscriptions.retrieve(id);
    expect(after).toMatchObject({ status, pending_update: null });
    expect(onlyItem(after).price.id).toBe(price);
  });

  it('a scheduled change blocks, until it is taken back', async () => {
    const { control: act, id } = await opened({ portalWhileScheduled: 'blocks' }, ENTERPRISE);
    act.changePriceInPortal(id, PRO);
    expect(() => act.changePriceInPortal(id, PRO_YEAR)).toThrow('scheduled');
    expect(() => act.cancelInPortal(id)).toThrow('scheduled');
    expect(act.keepInPortal(id).schedule).toBeNull();
    expect(act.cancelInPortal(id).cancel_at).not.toBeNull();
  });

  it('or it is released by the next change, and by cancelling', async () => {
    const { stripe: own, control: act, id } = await opened({ portalWhileScheduled: 'releases' }, ENTERPRISE);
    const { schedule } = act.changePriceInPortal(id, PRO);
    expect(await own.subscriptionSchedules.retrieve(idOf(schedule))).toMatchObject({
      phases: [{ items: [{ price: ENTERPRISE }] }, { items: [{ price: PRO }] }],
    });
    expect(act.cancelInPortal(id)).toMatchObject({ schedule: null });
    expect((await own.subscriptionSchedules.retrieve(idOf(schedule))).status).toBe('released');
  });

  it.each([
    ['bare_amount', PRO, PRO_YEAR, false],
    ['per_year', PRO, PRO_YEAR, true],
    ['bare_amount', ENTERPRISE, PRO_YEAR, false],
    ['per_year', ENTERPRISE, PRO_YEAR, true],
  ] as const)('by %s, %s to %s waits: %s', async (portalDecrease, from, to, waits) => {
    const { control: act, id } = await opened({ portalDecrease }, from);
    const changed = act.changePriceInPortal(id, to);
    expect(onlyItem(changed).price.id).toBe(waits ? from : to);
  });
});

describe('a configuration of the Portal', () => {
  async function offering(
    products: Stripe.BillingPortal.ConfigurationCreateParams.Features.SubscriptionUpdate.Product[],
  ) {
    const subscription_update = { enabled: true, default_allowed_updates: ['price' as const], products };
    return stripe.billingPortal.configurations.create({ features: { subscription_update } });
  }

  it('has one price of an interval for each product', async () => {
    const { id } = await stripe.prices.create({
      product: 'prod_pro',
      currency: 'usd',
      unit_amount: 1_100,
      recurring: { interval: 'month' },
    });
    const error = await stripeError(offering([{ product: 'prod_pro', prices: [PRO, id] }]));
    expect(error.statusCode).toBe(400);
    expect(error.message).toBe('For each product, its price must have unique billing intervals.');
  });

  it('has at most ten products', async () => {
    const error = await stripeError(
      offering(Array.from({ length: 11 }, () => ({ product: 'prod_pro', prices: [PRO] }))),
    );
    expect(error.message).toContain('10');
  });
});

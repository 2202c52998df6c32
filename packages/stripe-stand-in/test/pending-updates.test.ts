import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { type StripeOptions, type TestStripe } from '../src/index.ts';
import {
  ENTERPRISE,
  idOf,
  invoicesOf,
  iso,
  onlyItem,
  periodOf,
  PRO,
  PRO_YEAR,
  seconds,
  stripeError,
  subscribe,
  typesSince,
  useStripe,
} from './support.ts';

const begin = useStripe();

interface Begun {
  sandbox: TestStripe;
  stripe: Stripe;
  id: string;
  customer: string;
  item: string;
}

/** A subscription to Pro for half a month, whose customer's card has become this one. */
async function subscribed(card: string, options: Partial<StripeOptions> = {}): Promise<Begun> {
  const sandbox = await begin('2026-11-01T00:00:00.000Z', options);
  const { stripe } = sandbox;
  const subscription = await subscribe(stripe);
  const customer = idOf(subscription.customer);
  const { id: method } = await stripe.paymentMethods.attach(card, { customer });
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method } });
  sandbox.moveTo('2026-11-16T00:00:00.000Z');
  return { sandbox, stripe, id: subscription.id, customer, item: onlyItem(subscription).id };
}

const EXPANDED = [
  'latest_invoice.payments.data.payment.payment_intent',
  'latest_invoice.confirmation_secret',
];

async function upgrade(
  { stripe, id, item }: Begun,
  also: Stripe.SubscriptionUpdateParams = {},
): Promise<Stripe.Subscription> {
  return stripe.subscriptions.update(id, {
    items: [{ id: item, price: ENTERPRISE }],
    billing_cycle_anchor: { type: 'now' },
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
    expand: EXPANDED,
    ...also,
  });
}

function intentOf(subscription: Stripe.Subscription): Stripe.PaymentIntent {
  const invoice = subscription.latest_invoice as Stripe.Invoice;
  return invoice.payments?.data[0]?.payment.payment_intent as Stripe.PaymentIntent;
}

describe('an update with `pending_if_incomplete`', () => {
  it('holds at once when it is paid, and is never pending', async () => {
    const begun = await subscribed('pm_card_visa');
    const before = begun.sandbox.standIn.control.events().length;
    const upgraded = await upgrade(begun);
    expect(upgraded).toMatchObject({ status: 'active', pending_update: null });
    expect(onlyItem(upgraded).price.id).toBe(ENTERPRISE);
    expect(periodOf(upgraded)).toEqual(['2026-11-16T00:00:00.000Z', '2026-12-16T00:00:00.000Z']);
    expect((await invoicesOf(begun.stripe, begun.id))[0]).toMatchObject({ status: 'paid', total: 2_450 });
    expect(typesSince(begun.sandbox, before)).not.toContain('customer.subscription.pending_update_applied');
  });

  it('that is declined changes nothing, and says what would be', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail');
    const pending = await upgrade(begun);
    expect(pending).toMatchObject({
      status: 'active',
      pending_update: {
        expires_at: seconds('2026-11-16T23:00:00.000Z'),
        billing_cycle_anchor: seconds('2026-11-16T00:00:00.000Z'),
        subscription_items: [{ id: begun.item, price: { id: ENTERPRISE } }],
        trial_end: null,
      },
    });
    expect(onlyItem(pending).price.id).toBe(PRO);
    expect(periodOf(pending)).toEqual(['2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z']);
    const invoice = pending.latest_invoice as Stripe.Invoice;
    expect(invoice).toMatchObject({ status: 'open', billing_reason: 'subscription_update', total: 2_450 });
    expect(intentOf(pending)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'card_declined' },
    });
    expect(invoice.confirmation_secret?.client_secret).toBe(intentOf(pending).client_secret);
  });

  it('holds when the holder has answered the bank', async () => {
    const begun = await subscribed('pm_card_authenticationRequired');
    const pending = await upgrade(begun);
    expect(intentOf(pending)).toMatchObject({ status: 'requires_action' });
    expect(pending).toMatchObject({ status: 'active' });
    const before = begun.sandbox.standIn.control.events().length;
    begun.sandbox.moveTo('2026-11-16T10:00:00.000Z');
    begun.sandbox.standIn.control.authenticate(intentOf(pending).id, true);
    const applied = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(applied).toMatchObject({ status: 'active', pending_update: null });
    expect(onlyItem(applied).price.id).toBe(ENTERPRISE);
    expect(periodOf(applied)).toEqual(['2026-11-16T00:00:00.000Z', '2026-12-16T00:00:00.000Z']);
    expect(typesSince(begun.sandbox, before)).toEqual(
      expect.arrayContaining([
        'customer.subscription.updated',
        'customer.subscription.pending_update_applied',
      ]),
    );
  });

  it('stays pending when the payment fails again, and holds with a card that pays', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail');
    const pending = await upgrade(begun);
    const invoice = idOf(pending.latest_invoice);
    expect((await stripeError(begun.stripe.invoices.pay(invoice))).code).toBe('card_declined');
    expect((await begun.stripe.subscriptions.retrieve(begun.id)).pending_update).toEqual(
      JSON.parse(JSON.stringify(pending.pending_update)),
    );
    const { id: card } = await begun.stripe.paymentMethods.attach('pm_card_visa', {
      customer: begun.customer,
    });
    await begun.stripe.invoices.pay(invoice, { payment_method: card });
    expect(onlyItem(await begun.stripe.subscriptions.retrieve(begun.id)).price.id).toBe(ENTERPRISE);
  });

  it('expires after 23 hours with its invoice, and the subscription renews as it was', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail');
    const invoice = idOf((await upgrade(begun)).latest_invoice);
    begun.sandbox.moveTo('2026-11-16T22:59:59.000Z');
    expect((await begun.stripe.subscriptions.retrieve(begun.id)).pending_update).not.toBeNull();
    const before = begun.sandbox.standIn.control.events().length;
    begun.sandbox.moveTo('2026-11-16T23:00:00.000Z');
    const after = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(after).toMatchObject({ status: 'active', pending_update: null });
    expect((await begun.stripe.invoices.retrieve(invoice)).status).toBe('void');
    expect(typesSince(begun.sandbox, before)).toEqual([
      'payment_intent.canceled',
      'invoice.voided',
      'customer.subscription.updated',
      'customer.subscription.pending_update_expired',
    ]);
    begun.sandbox.standIn.control.changeCardInPortal(begun.customer, 'pm_card_visa');
    begun.sandbox.moveTo('2026-12-01T02:00:00.000Z');
    expect((await invoicesOf(begun.stripe, begun.id))[0]).toMatchObject({ status: 'paid', total: 900 });
  });

  it('expires with the period, where that ends sooner', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail');
    begun.sandbox.moveTo('2026-11-30T20:00:00.000Z');
    const { pending_update: pending } = await upgrade(begun);
    expect(iso(pending?.expires_at)).toBe('2026-12-01T00:00:00.000Z');
    begun.sandbox.moveTo('2026-12-01T00:00:00.000Z');
    const renewed = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(renewed.pending_update).toBeNull();
    expect(periodOf(renewed)[0]).toBe('2026-12-01T00:00:00.000Z');
    expect(onlyItem(renewed).price.id).toBe(PRO);
  });

  it('is taken back by voiding its invoice', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail');
    const invoice = idOf((await upgrade(begun)).latest_invoice);
    const before = begun.sandbox.standIn.control.events().length;
    await begun.stripe.invoices.voidInvoice(invoice);
    const after = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(after).toMatchObject({ status: 'active', pending_update: null });
    expect(typesSince(begun.sandbox, before)).not.toContain('customer.subscription.pending_update_expired');
    expect((await stripeError(begun.stripe.invoices.pay(invoice))).statusCode).toBe(400);
  });

  it('takes the place of the one before, whose invoice is voided', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail');
    const first = idOf((await upgrade(begun)).latest_invoice);
    begun.sandbox.moveTo('2026-11-16T05:00:00.000Z');
    const second = await upgrade(begun, { items: [{ id: begun.item, price: PRO_YEAR }] });
    expect(second.pending_update).toMatchObject({
      expires_at: seconds('2026-11-17T04:00:00.000Z'),
      subscription_items: [{ price: { id: PRO_YEAR } }],
    });
    expect((await begun.stripe.invoices.retrieve(first)).status).toBe('void');
    expect(idOf(second.latest_invoice)).not.toBe(first);
  });

  it('is left alone by other changes, and dropped when the subscription ends', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail');
    const invoice = idOf((await upgrade(begun)).latest_invoice);
    const noted = await begun.stripe.subscriptions.update(begun.id, { metadata: { why: 'x' } });
    expect(noted.pending_update).not.toBeNull();
    expect(await begun.stripe.subscriptions.cancel(begun.id)).toMatchObject({ pending_update: null });
    expect((await begun.stripe.invoices.retrieve(invoice)).status).toBe('void');
  });

  it('keeps the credits of the balance that a void invoice had used', async () => {
    const begun = await subscribed('pm_card_visa');
    await upgrade(begun);
    begun.sandbox.moveTo('2026-11-17T00:00:00.000Z');
    await begun.stripe.subscriptions.update(begun.id, {
      items: [{ id: begun.item, price: PRO }],
      proration_behavior: 'always_invoice',
    });
    const balanceOf = async (): Promise<number> => {
      const customer = await begun.stripe.customers.retrieve(begun.customer);
      return customer.deleted === true ? 0 : customer.balance;
    };
    const credit = await balanceOf();
    expect(credit).toBeLessThan(0);
    begun.sandbox.standIn.control.changeCardInPortal(begun.customer, 'pm_card_chargeCustomerFail');
    const invoice = idOf((await upgrade(begun)).latest_invoice);
    expect(await balanceOf()).toBe(0);
    await begun.stripe.invoices.voidInvoice(invoice);
    expect(await balanceOf()).toBe(credit);
  });

  it('refuses what it can not hold, in the words of Stripe', async () => {
    const begun = await subscribed('pm_card_visa');
    const error = await stripeError(upgrade(begun, { metadata: { plan: 'enterprise' } }));
    expect(error).toMatchObject({ statusCode: 400, param: 'metadata' });
    expect(error.message).toContain('you can only pass supported params. `metadata` is not supported.');
    for (const also of [
      { cancel_at: '' as const },
      { default_payment_method: 'pm_card_visa' },
      { trial_settings: { end_behavior: { missing_payment_method: 'cancel' as const } } },
    ]) {
      expect((await stripeError(upgrade(begun, also))).statusCode).toBe(400);
    }
  });

  it('holds metadata too where the settings say so', async () => {
    const begun = await subscribed('pm_card_chargeCustomerFail', {
      billing: { pendingUpdateMetadata: 'held' },
    });
    const pending = await upgrade(begun, { metadata: { plan: 'enterprise' } });
    expect(pending).toMatchObject({ metadata: {}, pending_update: { metadata: { plan: 'enterprise' } } });
    begun.sandbox.standIn.control.payInvoice(idOf(pending.latest_invoice), 'pm_card_visa');
    expect(await begun.stripe.subscriptions.retrieve(begun.id)).toMatchObject({
      metadata: { plan: 'enterprise' },
    });
  });

  it('is refused for bank debits, which end days later', async () => {
    const begun = await subscribed('pm_usBankAccount_success');
    expect(await stripeError(upgrade(begun))).toMatchObject({ statusCode: 400, param: 'payment_behavior' });
  });

  it('ends a trial only when it is paid', async () => {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe, { trial_period_days: 14 }, 'pm_card_chargeCustomerFail');
    const pending = await stripe.subscriptions.update(id, {
      trial_end: 'now',
      payment_behavior: 'pending_if_incomplete',
    });
    expect(pending).toMatchObject({
      status: 'trialing',
      pending_update: { trial_end: seconds('2026-11-01T00:00:00.000Z') },
    });
    sandbox.standIn.control.payInvoice(idOf(pending.latest_invoice), 'pm_card_visa');
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active', pending_update: null });
  });

  it('changes the price in a trial at once, since that costs nothing', async () => {
    const { stripe } = await begin('2026-11-01T00:00:00.000Z');
    const { id, items } = await subscribe(stripe, { trial_period_days: 14 }, 'pm_card_chargeCustomerFail');
    const changed = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: ENTERPRISE }],
      payment_behavior: 'pending_if_incomplete',
    });
    expect(changed).toMatchObject({ status: 'trialing', pending_update: null });
    expect(onlyItem(changed).price.id).toBe(ENTERPRISE);
  });
});

describe('other behaviours of a payment', () => {
  it('`default_incomplete` applies the change, waits for the payment, and is past due until then', async () => {
    const begun = await subscribed('pm_card_visa');
    const changed = await upgrade(begun, { payment_behavior: 'default_incomplete' });
    expect(changed).toMatchObject({ status: 'past_due', pending_update: null });
    expect(onlyItem(changed).price.id).toBe(ENTERPRISE);
    await begun.stripe.invoices.pay(idOf(changed.latest_invoice));
    expect((await begun.stripe.subscriptions.retrieve(begun.id)).status).toBe('active');
  });

  it('`allow_incomplete` applies it, and is past due when the bank asks for the holder', async () => {
    const begun = await subscribed('pm_card_authenticationRequired');
    const changed = await upgrade(begun, { payment_behavior: 'allow_incomplete' });
    expect(changed.status).toBe('past_due');
    expect(intentOf(changed).status).toBe('requires_action');
    expect(typesSince(begun.sandbox)).toContain('invoice.payment_action_required');
  });

  it('a new anchor in a trial ends it, or is refused where the settings say so', async () => {
    const change = { billing_cycle_anchor: { type: 'now' as const } };
    const ending = await begin('2026-11-01T00:00:00.000Z');
    const { id } = await subscribe(ending.stripe, { trial_period_days: 14 });
    expect((await ending.stripe.subscriptions.update(id, change)).status).toBe('active');
    await ending.stop();
    const { stripe } = await begin('2026-11-01T00:00:00.000Z', { billing: { anchorInTrial: 'refused' } });
    const trial = await subscribe(stripe, { trial_period_days: 14 });
    expect((await stripeError(stripe.subscriptions.update(trial.id, change))).param).toBe(
      'billing_cycle_anchor',
    );
  });
});

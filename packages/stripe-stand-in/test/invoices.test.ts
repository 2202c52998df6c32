import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { type StripeOptions, type TestStripe } from '../src/index.ts';
import {
  customerWith,
  ENTERPRISE,
  idOf,
  invoicesOf,
  iso,
  onlyItem,
  PRO,
  seconds,
  stripeError,
  subscribe,
  typesSince,
  useStripe,
} from './support.ts';

const begin = useStripe();

const BY_INVOICE = { collection_method: 'send_invoice', days_until_due: 14 } as const;

async function sent(
  options: Partial<StripeOptions> = {},
): Promise<{ sandbox: TestStripe; stripe: Stripe; id: string; status: () => Promise<string> }> {
  const sandbox = await begin('2026-11-01T00:00:00.000Z', options);
  const { stripe } = sandbox;
  const { id } = await subscribe(stripe, BY_INVOICE, null);
  return { sandbox, stripe, id, status: async () => (await stripe.subscriptions.retrieve(id)).status };
}

describe('a subscription by invoice', () => {
  it('is active at once, and its invoice is sent an hour later, with a date', async () => {
    const { sandbox, stripe, id, status } = await sent();
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'active', ...BY_INVOICE });
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({ status: 'draft', attempt_count: 0 });
    sandbox.moveTo('2026-11-01T01:00:00.000Z');
    const [invoice] = await invoicesOf(stripe, id);
    expect(invoice).toMatchObject({
      status: 'open',
      collection_method: 'send_invoice',
      due_date: seconds('2026-11-15T01:00:00.000Z'),
      next_payment_attempt: null,
      attempted: false,
    });
    expect(typesSince(sandbox)).toContain('invoice.sent');
    expect(typesSince(sandbox)).not.toContain('invoice.payment_failed');
    sandbox.standIn.control.payInvoice(invoice?.id ?? '', 'pm_card_visa');
    sandbox.moveTo('2026-11-20T00:00:00.000Z');
    expect(await status()).toBe('active');
    const { data } = await stripe.invoices.list({ collection_method: 'charge_automatically' });
    expect(data).toEqual([]);
  });

  it('is past due when its invoice is, and active again when that is paid', async () => {
    const { sandbox, stripe, id, status } = await sent();
    sandbox.moveTo('2026-11-15T00:59:59.000Z');
    expect(await status()).toBe('active');
    sandbox.moveTo('2026-11-15T01:00:00.000Z');
    expect(await status()).toBe('past_due');
    expect(typesSince(sandbox)).not.toContain('invoice.overdue');
    const [invoice] = await invoicesOf(stripe, id);
    await stripe.invoices.pay(invoice?.id ?? '', { paid_out_of_band: true });
    expect(await status()).toBe('active');
  });

  it.each(['canceled', 'unpaid', 'past_due'] as const)('is %s after a deadline', async (afterRetries) => {
    const { sandbox, status } = await sent({ billing: { afterRetries, deadlineDays: 5, overdueDays: 2 } });
    sandbox.moveTo('2026-11-17T01:00:00.000Z');
    expect(typesSince(sandbox).at(-1)).toBe('invoice.overdue');
    expect(await status()).toBe('past_due');
    sandbox.moveTo('2026-11-20T01:00:00.000Z');
    expect(await status()).toBe(afterRetries);
    expect(typesSince(sandbox).filter((type) => type === 'invoice.overdue')).toHaveLength(1);
  });

  it('says how many days there are, and no other says so', async () => {
    const { stripe } = await begin('2026-11-01T00:00:00.000Z');
    const customer = await customerWith(stripe, 'pm_card_visa');
    const items = [{ price: PRO }];
    for (const params of [{ collection_method: 'send_invoice' as const }, { days_until_due: 3 }]) {
      const error = await stripeError(stripe.subscriptions.create({ customer, items, ...params }));
      expect(error.param).toBe('days_until_due');
    }
  });

  it('has no pending updates, and can be changed otherwise', async () => {
    const { stripe, id } = await sent();
    const item = onlyItem(await stripe.subscriptions.retrieve(id)).id;
    const change = {
      items: [{ id: item, price: ENTERPRISE }],
      proration_behavior: 'always_invoice' as const,
    };
    const error = await stripeError(
      stripe.subscriptions.update(id, { ...change, payment_behavior: 'pending_if_incomplete' }),
    );
    expect(error.param).toBe('payment_behavior');
    const changed = await stripe.subscriptions.update(id, change);
    expect(changed.status).toBe('active');
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({ status: 'open', attempt_count: 0 });
  });

  it('can be made of one that is charged, and back', async () => {
    const { stripe } = await begin('2026-11-01T00:00:00.000Z');
    const { id } = await subscribe(stripe);
    expect(await stripe.subscriptions.update(id, BY_INVOICE)).toMatchObject(BY_INVOICE);
    expect(
      await stripe.subscriptions.update(id, { collection_method: 'charge_automatically' }),
    ).toMatchObject({ collection_method: 'charge_automatically', days_until_due: null });
  });
});

describe('an invoice of a renewal', () => {
  async function failed(options: Partial<StripeOptions> = {}) {
    const sandbox = await begin('2026-11-01T00:00:00.000Z', options);
    const { stripe } = sandbox;
    const { id, customer } = await subscribe(stripe);
    const { control } = sandbox.standIn;
    control.changeCardInPortal(idOf(customer), 'pm_card_chargeCustomerFail');
    sandbox.moveTo('2026-12-01T01:00:00.000Z');
    const [invoice] = await invoicesOf(stripe, id);
    const status = async (): Promise<string> => (await stripe.subscriptions.retrieve(id)).status;
    return { sandbox, stripe, control, id, invoice: invoice?.id ?? '', status };
  }

  it('that is written off makes its subscription active, says why, and can still be paid', async () => {
    const { sandbox, stripe, control, invoice, status } = await failed();
    expect(await status()).toBe('past_due');
    expect(await stripe.invoices.markUncollectible(invoice)).toMatchObject({
      status: 'uncollectible',
      status_details: { uncollectible: { reason: 'user_forgiven' } },
    });
    expect(await status()).toBe('active');
    expect(typesSince(sandbox).slice(-2)).toEqual([
      'invoice.marked_uncollectible',
      'customer.subscription.updated',
    ]);
    const paid = control.payInvoice(invoice, 'pm_card_visa');
    expect(paid.status).toBe('paid');
    expect(paid.status_details).toBeUndefined();
  });

  describe.each(['voidInvoice', 'markUncollectible'] as const)('that is closed by %s', (close) => {
    it.each<[string, (stripe: Stripe, invoice: string) => Promise<unknown>]>([
      ['is voided', (stripe, invoice) => stripe.invoices.voidInvoice(invoice)],
      ['is written off', (stripe, invoice) => stripe.invoices.markUncollectible(invoice)],
      ['is paid', (stripe, invoice) => stripe.invoices.pay(invoice, { paid_out_of_band: true })],
    ])('leaves its subscription past due until an earlier one %s', async (_, settle) => {
      const { sandbox, stripe, id, invoice, status } = await failed({
        billing: { retryDays: [60], afterRetries: 'past_due' },
      });
      sandbox.moveTo('2027-01-01T01:00:00.000Z');
      const [latest] = await invoicesOf(stripe, id);
      await stripe.invoices[close](latest?.id ?? '');
      expect(await status()).toBe('past_due');
      await settle(stripe, invoice);
      expect(await status()).toBe('active');
    });
  });

  it('is written off after the last try where the settings say so', async () => {
    const { sandbox, stripe, invoice, status } = await failed({
      billing: { retryDays: [1], afterRetries: 'unpaid', unpaidInvoices: 'uncollectible' },
    });
    sandbox.moveTo('2026-12-02T01:00:00.000Z');
    expect(await stripe.invoices.retrieve(invoice)).toMatchObject({
      status: 'uncollectible',
      status_details: { uncollectible: { reason: 'max_payment_attempts' } },
    });
    expect(await status()).toBe('unpaid');
  });

  it('leaves the subscription past due after the last try where the settings say so', async () => {
    const { sandbox, stripe, invoice, status } = await failed({
      billing: { retryDays: [1], afterRetries: 'past_due' },
    });
    sandbox.moveTo('2026-12-10T00:00:00.000Z');
    expect(await status()).toBe('past_due');
    expect(await stripe.invoices.retrieve(invoice)).toMatchObject({
      status: 'open',
      attempt_count: 2,
      next_payment_attempt: null,
    });
  });

  it('whose finalization fails stays a draft, and the subscription active, until somebody finalizes it', async () => {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    sandbox.standIn.control.failFinalization(id);
    sandbox.moveTo('2026-12-05T00:00:00.000Z');
    const [invoice] = await invoicesOf(stripe, id);
    expect(invoice).toMatchObject({
      status: 'draft',
      auto_advance: false,
      last_finalization_error: { code: 'customer_tax_location_invalid' },
    });
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active');
    expect(typesSince(sandbox).at(-1)).toBe('invoice.finalization_failed');
    await stripe.invoices.finalizeInvoice(invoice?.id ?? '');
    expect((await stripe.invoices.pay(invoice?.id ?? '')).status).toBe('paid');
  });

  it('of a paused collection says that it was written off for that', async () => {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id } = await subscribe(stripe);
    await stripe.subscriptions.update(id, { pause_collection: { behavior: 'mark_uncollectible' } });
    sandbox.moveTo('2026-12-01T02:00:00.000Z');
    expect((await invoicesOf(stripe, id))[0]).toMatchObject({
      status_details: { uncollectible: { reason: 'subscription_paused' } },
    });
  });
});

describe('a paused subscription', () => {
  async function resumed() {
    const sandbox = await begin('2026-11-01T00:00:00.000Z');
    const { stripe } = sandbox;
    const { id, customer } = await subscribe(
      stripe,
      { trial_period_days: 7, trial_settings: { end_behavior: { missing_payment_method: 'pause' } } },
      null,
    );
    sandbox.moveTo('2026-11-09T00:00:00.000Z');
    sandbox.standIn.control.changeCardInPortal(idOf(customer), 'pm_card_chargeCustomerFail');
    const subscription = await stripe.subscriptions.resume(id, { billing_cycle_anchor: { type: 'now' } });
    expect(subscription.status).toBe('paused');
    return { stripe, id, invoice: idOf(subscription.latest_invoice) };
  }

  it('is active when the invoice of its resumption is written off', async () => {
    const { stripe, id, invoice } = await resumed();
    await stripe.invoices.markUncollectible(invoice);
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('active');
  });

  it('stays paused when that is voided', async () => {
    const { stripe, id, invoice } = await resumed();
    await stripe.invoices.voidInvoice(invoice);
    expect((await stripe.subscriptions.retrieve(id)).status).toBe('paused');
  });

  it('has no next invoice', async () => {
    const { stripe, id } = await resumed();
    expect((await stripeError(stripe.invoices.createPreview({ subscription: id }))).code).toBe(
      'invoice_upcoming_none',
    );
    expect(iso(onlyItem(await stripe.subscriptions.retrieve(id)).current_period_start)).toBe(
      '2026-11-09T00:00:00.000Z',
    );
  });
});

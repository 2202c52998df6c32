import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Stripe } from 'stripe';
import { type TestStripe } from '../src/index.ts';
import { ENTERPRISE, openStripe, openWebhookEndpoint, PRO, PRO_YEAR } from './support.ts';

// Whatever is done to it in whatever order, the stand-in stays consistent in itself: what its objects say of each
// other agrees, no answer is a mistake of its own, and its events tell all of it.

const START = Date.parse('2027-01-31T09:00:00.000Z');
const CARDS = [
  'pm_card_visa',
  'pm_card_chargeCustomerFail',
  'pm_card_authenticationRequired',
  'pm_card_createDispute',
  'pm_card_refundFail',
  'pm_usBankAccount_success',
];
const PRICES = [PRO, PRO_YEAR, ENTERPRISE];

type Step =
  | { do: 'customer'; card: string }
  | { do: 'subscribe'; at: number; price: string; trialDays: number }
  | { do: 'change'; at: number; price: string; now: boolean }
  | { do: 'pend'; at: number; price: string }
  | { do: 'schedule'; at: number; price: string; cancels: boolean }
  | { do: 'portal'; at: number; price: string }
  | { do: 'close invoice'; at: number; voids: boolean }
  | { do: 'cancel'; at: number; atPeriodEnd: boolean }
  | { do: 'card'; at: number; card: string }
  | { do: 'checkout'; card: string; plan: string | null }
  | { do: 'pay'; at: number; card: string }
  | { do: 'refund'; at: number; cents: number }
  | { do: 'close'; at: number; won: boolean }
  | { do: 'collect'; at: number }
  | { do: 'delete'; at: number }
  | { do: 'wait'; hours: number };

const at = fc.nat(20);
const card = fc.constantFrom(...CARDS);
const price = fc.constantFrom(...PRICES);
const actions: fc.Arbitrary<Step>[] = [
  fc.record({ do: fc.constant('customer'), card }),
  fc.record({ do: fc.constant('subscribe'), at, price, trialDays: fc.constantFrom(0, 0, 7, 30) }),
  fc.record({ do: fc.constant('change'), at, price, now: fc.boolean() }),
  fc.record({ do: fc.constant('pend'), at, price }),
  fc.record({ do: fc.constant('schedule'), at, price, cancels: fc.boolean() }),
  fc.record({ do: fc.constant('portal'), at, price }),
  fc.record({ do: fc.constant('close invoice'), at, voids: fc.boolean() }),
  fc.record({ do: fc.constant('cancel'), at, atPeriodEnd: fc.boolean() }),
  fc.record({ do: fc.constant('card'), at, card }),
  fc.record({ do: fc.constant('checkout'), card, plan: fc.option(price, { nil: null }) }),
  fc.record({ do: fc.constant('pay'), at, card }),
  fc.record({ do: fc.constant('refund'), at, cents: fc.integer({ min: 1, max: 400 }) }),
  fc.record({ do: fc.constant('close'), at, won: fc.boolean() }),
  fc.record({ do: fc.constant('collect'), at }),
  fc.record({ do: fc.constant('wait'), hours: fc.constantFrom(1, 24, 24 * 4, 24 * 9, 24 * 31, 24 * 400) }),
];
// Deleting is rarer, or there would soon be nobody left.
const deletion: fc.Arbitrary<Step> = fc.record({ do: fc.constant('delete'), at });
const step = fc.oneof(...actions.map((arbitrary) => ({ arbitrary, weight: 4 })), {
  arbitrary: deletion,
  weight: 1,
});

/** With somebody to act on from the start. */
const sequence = fc
  .tuple(card, price, fc.array(step, { minLength: 12, maxLength: 30 }))
  .map(([second, plan, steps]): Step[] => [
    { do: 'customer', card: 'pm_card_visa' },
    { do: 'customer', card: second },
    { do: 'subscribe', at: 0, price: plan, trialDays: 0 },
    { do: 'subscribe', at: 1, price: plan, trialDays: 0 },
    ...steps,
  ]);

function pick<T>(items: readonly T[], index: number): T | undefined {
  return items[index % Math.max(1, items.length)];
}

async function schedule(
  stripe: Stripe,
  id: string,
  { price: next, cancels }: { price: string; cancels: boolean },
): Promise<void> {
  const made = await stripe.subscriptionSchedules.create({ from_subscription: id });
  const [present] = made.phases;
  if (present === undefined) {
    throw new Error('A schedule begins with a phase.');
  }
  const item = { price: present.items[0]?.price as string };
  const { start_date, end_date, trial_end: trialEnd } = present;
  const trial = trialEnd === null ? {} : { trial_end: trialEnd };
  await stripe.subscriptionSchedules.update(made.id, {
    end_behavior: cancels ? 'cancel' : 'release',
    phases: [{ items: [item], start_date, end_date, ...trial }, { items: [{ price: next }] }],
  });
}

async function carryOut({ stripe, standIn, clock, moveTo }: TestStripe, done: Step): Promise<void> {
  const { control } = standIn;
  const customers = async (): Promise<Stripe.Customer[]> =>
    (await stripe.customers.list({ limit: 100 })).data;
  const subscriptions = async (): Promise<Stripe.Subscription[]> =>
    (await stripe.subscriptions.list({ status: 'all', limit: 100 })).data;
  switch (done.do) {
    case 'customer':
      await stripe.customers.create({
        payment_method: done.card,
        invoice_settings: { default_payment_method: done.card },
      });
      return;
    case 'subscribe': {
      const customer = pick(await customers(), done.at)?.id ?? 'cus_none';
      const trial = done.trialDays === 0 ? {} : { trial_period_days: done.trialDays };
      await stripe.subscriptions.create({ customer, items: [{ price: done.price }], ...trial });
      return;
    }
    case 'change': {
      const subscription = pick(await subscriptions(), done.at);
      const item = subscription?.items.data[0]?.id ?? '';
      await stripe.subscriptions.update(subscription?.id ?? 'sub_none', {
        items: [{ id: item, price: done.price }],
        ...(done.now ? { billing_cycle_anchor: { type: 'now' }, proration_behavior: 'always_invoice' } : {}),
      });
      return;
    }
    case 'pend': {
      const subscription = pick(await subscriptions(), done.at);
      await stripe.subscriptions.update(subscription?.id ?? 'sub_none', {
        items: [{ id: subscription?.items.data[0]?.id ?? '', price: done.price }],
        billing_cycle_anchor: { type: 'now' },
        proration_behavior: 'always_invoice',
        payment_behavior: 'pending_if_incomplete',
      });
      return;
    }
    case 'schedule':
      await schedule(stripe, pick(await subscriptions(), done.at)?.id ?? 'sub_none', done);
      return;
    case 'portal':
      control.changePriceInPortal(pick(await subscriptions(), done.at)?.id ?? 'sub_none', done.price);
      return;
    case 'close invoice': {
      const invoice = pick((await stripe.invoices.list({ status: 'open' })).data, done.at)?.id ?? 'in_none';
      await (done.voids ? stripe.invoices.voidInvoice(invoice) : stripe.invoices.markUncollectible(invoice));
      return;
    }
    case 'cancel': {
      const id = pick(await subscriptions(), done.at)?.id ?? 'sub_none';
      await (done.atPeriodEnd
        ? stripe.subscriptions.update(id, { cancel_at_period_end: true })
        : stripe.subscriptions.cancel(id));
      return;
    }
    case 'card':
      control.changeCardInPortal(pick(await customers(), done.at)?.id ?? 'cus_none', done.card);
      return;
    case 'checkout': {
      const line_items: Stripe.Checkout.SessionCreateParams.LineItem[] =
        done.plan === null
          ? [
              {
                price_data: { currency: 'usd', unit_amount: 1_400, product_data: { name: '5' } },
                quantity: 1,
              },
            ]
          : [{ price: done.plan, quantity: 1 }];
      const mode = done.plan === null ? 'payment' : 'subscription';
      const { id } = await stripe.checkout.sessions.create({
        mode,
        line_items,
        success_url: 'https://example.com',
      });
      control.payCheckout(id, { paymentMethod: done.card });
      return;
    }
    case 'pay': {
      const customer = pick(await customers(), done.at)?.id ?? 'cus_none';
      const { id: method } = await stripe.paymentMethods.attach(done.card, { customer });
      const { id } = await stripe.paymentIntents.create({ amount: 300, currency: 'usd', customer });
      await stripe.paymentIntents.confirm(id, { payment_method: method, off_session: true });
      return;
    }
    case 'refund': {
      const charge = pick((await stripe.charges.list({ limit: 100 })).data, done.at)?.id ?? 'ch_none';
      await stripe.refunds.create({ charge, amount: done.cents });
      return;
    }
    case 'close': {
      const dispute = pick((await stripe.disputes.list({ limit: 100 })).data, done.at)?.id ?? 'du_none';
      control.closeDispute(dispute, done.won ? 'won' : 'lost');
      return;
    }
    case 'collect': {
      const invoice = pick((await stripe.invoices.list({ limit: 100 })).data, done.at)?.id ?? 'in_none';
      await stripe.invoices.pay(invoice);
      return;
    }
    case 'delete':
      await stripe.customers.del(pick(await customers(), done.at)?.id ?? 'cus_none');
      return;
    case 'wait':
      moveTo(new Date(clock.now() + done.hours * 3_600_000).toISOString());
  }
}

async function offerInPortal(stripe: Stripe): Promise<void> {
  await stripe.billingPortal.configurations.create({
    features: {
      subscription_update: {
        enabled: true,
        default_allowed_updates: ['price'],
        products: [
          { product: 'prod_pro', prices: [PRO, PRO_YEAR] },
          { product: 'prod_enterprise', prices: [ENTERPRISE] },
        ],
        schedule_at_period_end: { conditions: [{ type: 'decreasing_item_amount' }] },
      },
    },
  });
}

/** Refusals are answers like others; what must not be is a mistake of the server's own. */
function isRefusal(error: unknown): boolean {
  const isApiError = error instanceof Error && error.name === 'ApiError';
  return isApiError || (error instanceof Stripe.errors.StripeError && (error.statusCode ?? 500) < 500);
}

async function everything(stripe: Stripe) {
  const all = { limit: 100 };
  const [subscriptions, schedules, invoices, payments, intents, charges, refunds, events] = await Promise.all(
    [
      stripe.subscriptions.list({ status: 'all', ...all }).autoPagingToArray({ limit: 10_000 }),
      stripe.subscriptionSchedules.list(all).autoPagingToArray({ limit: 10_000 }),
      stripe.invoices.list(all).autoPagingToArray({ limit: 10_000 }),
      stripe.invoicePayments.list(all).autoPagingToArray({ limit: 10_000 }),
      stripe.paymentIntents.list(all).autoPagingToArray({ limit: 10_000 }),
      stripe.charges.list(all).autoPagingToArray({ limit: 10_000 }),
      stripe.refunds.list(all).autoPagingToArray({ limit: 10_000 }),
      stripe.events.list(all).autoPagingToArray({ limit: 10_000 }),
    ],
  );
  return { subscriptions, schedules, invoices, payments, intents, charges, refunds, events };
}

type Everything = Awaited<ReturnType<typeof everything>>;

function checkMoney({ intents, charges, refunds, invoices, payments }: Everything): void {
  for (const intent of intents) {
    const taken = charges.filter(
      (charge) => charge.payment_intent === intent.id && charge.status === 'succeeded',
    );
    expect(taken).toHaveLength(intent.status === 'succeeded' ? 1 : 0);
    expect(intent.amount_received).toBe(taken.reduce((sum, { amount }) => sum + amount, 0));
  }
  for (const charge of charges) {
    const back = refunds.filter((refund) => refund.charge === charge.id && refund.status !== 'failed');
    expect(charge.amount_refunded).toBe(back.reduce((sum, { amount }) => sum + amount, 0));
    expect(charge.amount_refunded).toBeLessThanOrEqual(charge.amount);
    expect(charge.refunded).toBe(charge.amount_refunded === charge.amount);
  }
  for (const invoice of invoices) {
    const payment = payments.find((one) => one.invoice === invoice.id);
    const intent = intents.find(({ id }) => id === payment?.payment.payment_intent);
    expect(invoice.total).toBe(invoice.lines.data.reduce((sum, { amount }) => sum + amount, 0));
    expect(intent?.status === 'succeeded').toBe(invoice.status === 'paid' && invoice.amount_due > 0);
    expect(invoice.status === 'paid').toBe(invoice.status_transitions.paid_at !== null);
    expect(invoice.status === 'draft').toBe(invoice.status_transitions.finalized_at === null);
  }
}

function checkSubscriptions({ subscriptions, invoices, schedules }: Everything, now: number): void {
  for (const subscription of subscriptions) {
    const item = subscription.items.data[0];
    const latest = invoices.find(({ id }) => id === subscription.latest_invoice);
    const { status } = subscription;
    expect(latest).toBeDefined();
    if (status === 'active' || status === 'trialing' || status === 'past_due') {
      expect(item?.current_period_start).toBeLessThanOrEqual(now);
      expect(item?.current_period_end).toBeGreaterThan(now);
      expect(subscription.ended_at).toBeNull();
    }
    if (subscription.pending_update !== null) {
      expect(latest?.status).toBe('open');
      expect(subscription.pending_update.expires_at).toBeGreaterThan(now);
      expect(subscription.ended_at).toBeNull();
    }
    if (status === 'active') {
      expect(['draft', 'paid', 'void', 'uncollectible', 'open']).toContain(latest?.status);
    }
    if (status === 'canceled' || status === 'incomplete_expired') {
      expect(subscription.ended_at).toBeLessThanOrEqual(now);
      const collected = invoices.filter(
        (invoice) =>
          invoice.parent?.subscription_details?.subscription === subscription.id &&
          invoice.auto_advance === true,
      );
      expect(collected).toEqual([]);
    }
  }
  for (const one of schedules) {
    const managed = subscriptions.find(({ id }) => id === one.subscription);
    expect(managed?.schedule ?? null).toBe(one.status === 'active' ? one.id : null);
    if (one.current_phase !== null) {
      expect(one.current_phase.end_date).toBeGreaterThan(managed?.status === 'paused' ? 0 : now);
    }
  }
}

/** The last event of each object shows it as it is, where the events tell of objects of its kind at all. */
function checkEvents({ subscriptions, events }: Everything): void {
  expect(events.map(({ created }) => created)).toEqual(
    events.map(({ created }) => created).sort((one, other) => other - one),
  );
  for (const subscription of subscriptions) {
    const last = events.find(
      ({ type, data }) =>
        type.startsWith('customer.subscription.') &&
        type !== 'customer.subscription.trial_will_end' &&
        (data.object as Stripe.Subscription).id === subscription.id,
    );
    const { status, cancel_at: cancelAt } = (last?.data.object ?? {}) as Stripe.Subscription;
    expect({ status, cancelAt }).toEqual({ status: subscription.status, cancelAt: subscription.cancel_at });
  }
}

it('stays consistent whatever is done to it, and delivers every event', async () => {
  const endpoint = await openWebhookEndpoint();
  const mistakes: unknown[] = [];
  const sandbox = await openStripe(new Date(START).toISOString(), {
    webhookUrl: () => endpoint.url,
    onError: (error) => mistakes.push(error),
  });
  const { control } = sandbox.standIn;
  try {
    await fc.assert(
      fc.asyncProperty(sequence, async (steps) => {
        // What is on its way can't be called back.
        await control.flush();
        control.reset();
        endpoint.received.length = 0;
        await offerInPortal(sandbox.stripe);
        control.setFaults({ webhooks: { shuffle: true, drop: 0.3, duplicate: 0.2 } });
        for (const one of steps) {
          await carryOut(sandbox, one).catch((error: unknown) => {
            if (!isRefusal(error)) {
              throw error;
            }
          });
        }
        const found = await everything(sandbox.stripe);
        checkMoney(found);
        checkSubscriptions(found, Math.floor(sandbox.clock.now() / 1_000));
        checkEvents(found);
        await control.flush();
        const delivered = new Set(endpoint.events().map(({ id }) => id));
        expect(delivered).toEqual(new Set(found.events.map(({ id }) => id)));
        expect(mistakes).toEqual([]);
      }),
      { numRuns: Number(process.env['STRIPE_STAND_IN_RUNS'] ?? 12) },
    );
  } finally {
    await sandbox.stop();
    await endpoint.close();
  }
});

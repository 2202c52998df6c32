import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { type TestStripe } from '../src/index.ts';
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
  item: string;
  schedule: Stripe.SubscriptionSchedule;
}

/** A subscription to Enterprise from 1 November, with a schedule made on the 10th. */
async function scheduled(params: Partial<Stripe.SubscriptionCreateParams> = {}): Promise<Begun> {
  const sandbox = await begin('2026-11-01T00:00:00.000Z');
  const { stripe } = sandbox;
  const subscription = await subscribe(stripe, { items: [{ price: ENTERPRISE }], ...params });
  sandbox.moveTo('2026-11-10T00:00:00.000Z');
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id });
  return { sandbox, stripe, id: subscription.id, item: onlyItem(subscription).id, schedule };
}

type Phase = Stripe.SubscriptionScheduleUpdateParams.Phase;

function present({ schedule }: Begun, also: Partial<Phase> = {}): Phase {
  const [first] = schedule.phases;
  return {
    items: [{ price: ENTERPRISE, quantity: 1 }],
    start_date: first?.start_date ?? 0,
    end_date: first?.end_date ?? 0,
    ...also,
  };
}

async function downgrade(begun: Begun, also: Partial<Phase> = {}): Promise<Stripe.SubscriptionSchedule> {
  return begun.stripe.subscriptionSchedules.update(begun.schedule.id, {
    end_behavior: 'release',
    phases: [
      present(begun),
      { items: [{ price: PRO }], duration: { interval: 'month' }, proration_behavior: 'none', ...also },
    ],
  });
}

describe('a schedule', () => {
  it('begins with what its subscription is', async () => {
    const begun = await scheduled();
    expect(begun.schedule).toMatchObject({
      object: 'subscription_schedule',
      status: 'active',
      end_behavior: 'release',
      subscription: begun.id,
      current_phase: {
        start_date: seconds('2026-11-01T00:00:00.000Z'),
        end_date: seconds('2026-12-01T00:00:00.000Z'),
      },
      phases: [{ items: [{ price: ENTERPRISE, quantity: 1 }] }],
    });
    expect((await begun.stripe.subscriptions.retrieve(begun.id)).schedule).toBe(begun.schedule.id);
    const expanded = await begun.stripe.subscriptions.retrieve(begun.id, { expand: ['schedule'] });
    expect(expanded.schedule).toMatchObject({ id: begun.schedule.id });
    expect(typesSince(begun.sandbox).slice(-2)).toEqual([
      'subscription_schedule.created',
      'customer.subscription.updated',
    ]);
    const customer = idOf(begun.schedule.customer);
    const { data } = await begun.stripe.subscriptionSchedules.list({ customer });
    expect(data.map(({ id }) => id)).toEqual([begun.schedule.id]);
    expect((await begun.stripe.subscriptionSchedules.list({ customer: 'cus_none' })).data).toEqual([]);
    const error = await stripeError(
      begun.stripe.subscriptionSchedules.create({ from_subscription: begun.id }),
    );
    expect(error.message).toContain('already attached to a schedule');
  });

  it('changes the price with the renewal, and is completed a phase later', async () => {
    const begun = await scheduled();
    const { phases } = await downgrade(begun, { metadata: { plan: 'pro' } });
    expect(phases.map(({ start_date: start, end_date: end }) => [iso(start), iso(end)])).toEqual([
      ['2026-11-01T00:00:00.000Z', '2026-12-01T00:00:00.000Z'],
      ['2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ]);
    expect(await begun.stripe.subscriptions.retrieve(begun.id)).toMatchObject({
      cancel_at: null,
      metadata: {},
    });
    begun.sandbox.moveTo('2026-12-01T02:00:00.000Z');
    const changed = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(onlyItem(changed)).toMatchObject({ price: { id: PRO }, plan: { id: PRO } });
    expect(changed).toMatchObject({ schedule: begun.schedule.id, metadata: { plan: 'pro' } });
    expect(periodOf(changed)).toEqual(['2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']);
    const [invoice] = await invoicesOf(begun.stripe, begun.id);
    expect(invoice).toMatchObject({ billing_reason: 'subscription_cycle', total: 900, status: 'paid' });
    const before = begun.sandbox.standIn.control.events().length;
    begun.sandbox.moveTo('2026-12-25T00:00:00.000Z');
    expect(typesSince(begun.sandbox, before)).toEqual(['subscription_schedule.expiring']);
    begun.sandbox.moveTo('2027-01-01T02:00:00.000Z');
    expect(typesSince(begun.sandbox)).toContain('subscription_schedule.completed');
    expect(await begun.stripe.subscriptions.retrieve(begun.id)).toMatchObject({
      schedule: null,
      status: 'active',
    });
    expect(await begun.stripe.subscriptionSchedules.retrieve(begun.schedule.id)).toMatchObject({
      status: 'completed',
      subscription: null,
      released_subscription: begun.id,
    });
  });

  it('to another interval begins the period anew at its phase', async () => {
    const begun = await scheduled();
    await begun.stripe.subscriptionSchedules.update(begun.schedule.id, {
      phases: [present(begun), { items: [{ price: PRO_YEAR }], duration: { interval: 'year' } }],
    });
    begun.sandbox.moveTo('2026-12-02T00:00:00.000Z');
    expect(periodOf(await begun.stripe.subscriptions.retrieve(begun.id))).toEqual([
      '2026-12-01T00:00:00.000Z',
      '2027-12-01T00:00:00.000Z',
    ]);
  });

  it('can change phases within a period, with prorations as the phase says', async () => {
    const begun = await scheduled();
    const middle = seconds('2026-11-16T00:00:00.000Z');
    await begun.stripe.subscriptionSchedules.update(begun.schedule.id, {
      phases: [
        present(begun, { end_date: middle }),
        { items: [{ price: PRO }], duration: { interval: 'month' }, proration_behavior: 'always_invoice' },
      ],
    });
    begun.sandbox.moveTo('2026-11-16T00:00:00.000Z');
    const changed = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(onlyItem(changed).price.id).toBe(PRO);
    expect(periodOf(changed)[1]).toBe('2026-12-01T00:00:00.000Z');
    expect((await invoicesOf(begun.stripe, begun.id))[0]?.total).toBe(-1_000);
  });

  it('changes the present at once when its present phase is changed', async () => {
    const begun = await scheduled();
    await begun.stripe.subscriptionSchedules.update(begun.schedule.id, {
      proration_behavior: 'none',
      phases: [present(begun, { items: [{ price: PRO }] })],
    });
    expect(onlyItem(await begun.stripe.subscriptions.retrieve(begun.id)).price.id).toBe(PRO);
    expect(await invoicesOf(begun.stripe, begun.id)).toHaveLength(1);
  });

  it('ends its subscription where it says `cancel`, and is completed then', async () => {
    const begun = await scheduled();
    await begun.stripe.subscriptionSchedules.update(begun.schedule.id, {
      end_behavior: 'cancel',
      phases: [present(begun)],
    });
    expect(await begun.stripe.subscriptions.retrieve(begun.id)).toMatchObject({
      cancel_at: seconds('2026-12-01T00:00:00.000Z'),
      cancel_at_period_end: false,
    });
    begun.sandbox.moveTo('2026-12-01T02:00:00.000Z');
    expect((await begun.stripe.subscriptions.retrieve(begun.id)).status).toBe('canceled');
    expect(await invoicesOf(begun.stripe, begun.id)).toHaveLength(1);
    expect(typesSince(begun.sandbox)).toContain('subscription_schedule.completed');
  });

  it('leaves its subscription when it is released, with its end only where that is asked for', async () => {
    const begun = await scheduled();
    const cancel = { end_behavior: 'cancel' as const, phases: [present(begun)] };
    await begun.stripe.subscriptionSchedules.update(begun.schedule.id, cancel);
    const released = await begun.stripe.subscriptionSchedules.release(begun.schedule.id);
    expect(released).toMatchObject({
      status: 'released',
      subscription: null,
      released_subscription: begun.id,
      released_at: seconds('2026-11-10T00:00:00.000Z'),
      current_phase: null,
    });
    expect(await begun.stripe.subscriptions.retrieve(begun.id)).toMatchObject({
      schedule: null,
      cancel_at: null,
    });
    expect(typesSince(begun.sandbox)).toContain('subscription_schedule.released');
    const again = await stripeError(begun.stripe.subscriptionSchedules.release(begun.schedule.id));
    expect(again.statusCode).toBe(400);

    const second = await begun.stripe.subscriptionSchedules.create({ from_subscription: begun.id });
    await begun.stripe.subscriptionSchedules.update(second.id, cancel);
    await begun.stripe.subscriptionSchedules.release(second.id, { preserve_cancel_date: true });
    expect((await begun.stripe.subscriptions.retrieve(begun.id)).cancel_at).toBe(
      seconds('2026-12-01T00:00:00.000Z'),
    );
  });

  it('ends with its subscription: canceled, or aborted when nobody pays', async () => {
    const begun = await scheduled();
    const canceled = await begun.stripe.subscriptionSchedules.cancel(begun.schedule.id, {
      invoice_now: false,
      prorate: false,
    });
    expect(canceled.status).toBe('canceled');
    expect((await begun.stripe.subscriptions.retrieve(begun.id)).status).toBe('canceled');
    expect(typesSince(begun.sandbox).slice(-2)).toEqual([
      'subscription_schedule.canceled',
      'customer.subscription.deleted',
    ]);

    const other = await subscribe(begun.stripe);
    const { id } = await begun.stripe.subscriptionSchedules.create({ from_subscription: other.id });
    await begun.stripe.subscriptionSchedules.update(id, {
      phases: [
        {
          items: [{ price: PRO }],
          start_date: onlyItem(other).current_period_start,
          end_date: onlyItem(other).current_period_end,
        },
        { items: [{ price: ENTERPRISE }], duration: { interval: 'year' } },
      ],
    });
    begun.sandbox.standIn.control.changeCardInPortal(idOf(other.customer), 'pm_card_chargeCustomerFail');
    begun.sandbox.moveTo('2027-01-10T00:00:00.000Z');
    expect(typesSince(begun.sandbox)).toContain('subscription_schedule.aborted');
  });

  it('forbids a direct change of the ending, and allows one of the price', async () => {
    const begun = await scheduled();
    await downgrade(begun);
    for (const params of [
      { cancel_at_period_end: true },
      { cancel_at: 'max_period_end' as const },
      { cancel_at: '' as const },
    ]) {
      const error = await stripeError(begun.stripe.subscriptions.update(begun.id, params));
      expect(error).toMatchObject({ statusCode: 400 });
      expect(error.message).toBe(
        `The subscription is managed by the subscription schedule \`${begun.schedule.id}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
      );
    }
    await begun.stripe.subscriptions.update(begun.id, { items: [{ id: begun.item, quantity: 2 }] });
    const { phases } = await begun.stripe.subscriptionSchedules.retrieve(begun.schedule.id);
    expect(phases.map(({ items }) => items[0]?.quantity)).toEqual([2, 1]);
  });

  it('drops a pending update when a phase begins', async () => {
    const begun = await scheduled();
    await downgrade(begun);
    const { customer } = await begun.stripe.subscriptions.retrieve(begun.id);
    begun.sandbox.standIn.control.changeCardInPortal(idOf(customer), 'pm_card_chargeCustomerFail');
    begun.sandbox.moveTo('2026-11-30T12:00:00.000Z');
    const pending = await begun.stripe.subscriptions.update(begun.id, {
      items: [{ id: begun.item, price: PRO_YEAR }],
      payment_behavior: 'pending_if_incomplete',
      proration_behavior: 'always_invoice',
    });
    expect(pending.pending_update).not.toBeNull();
    begun.sandbox.moveTo('2026-12-01T00:00:00.000Z');
    const after = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(after.pending_update).toBeNull();
    expect(onlyItem(after).price.id).toBe(PRO);
  });

  it('of a trial keeps it, and changes the price with its end', async () => {
    const begun = await scheduled({ trial_period_days: 14 });
    const [first] = begun.schedule.phases;
    expect(iso(first?.trial_end)).toBe('2026-11-15T00:00:00.000Z');
    await begun.stripe.subscriptionSchedules.update(begun.schedule.id, {
      phases: [
        present(begun, { trial_end: first?.trial_end ?? 0 }),
        { items: [{ price: PRO }], duration: { interval: 'month' } },
      ],
    });
    begun.sandbox.moveTo('2026-11-15T02:00:00.000Z');
    const after = await begun.stripe.subscriptions.retrieve(begun.id);
    expect(after.status).toBe('active');
    expect((await invoicesOf(begun.stripe, begun.id))[0]).toMatchObject({ total: 900, status: 'paid' });
  });

  it.each<[string, (begun: Begun) => Phase[], RegExp]>([
    [
      'that begin at another time',
      (begun) => [present(begun, { start_date: 1_000 })],
      /can not modify the start date/,
    ],
    [
      'without a start',
      ({ schedule }) => [{ items: [{ price: PRO }], end_date: schedule.phases[0]?.end_date ?? 0 }],
      /start_date/,
    ],
    [
      'that end in the past',
      (begun) => [present(begun, { end_date: seconds('2026-11-09T00:00:00.000Z') })],
      /follow one another/,
    ],
    ['with two ends', (begun) => [present(begun, { duration: { interval: 'month' } })], /end_date, duration/],
    [
      'with a gap',
      (begun) => [
        present(begun),
        { items: [{ price: PRO }], start_date: seconds('2026-12-05T00:00:00.000Z') },
      ],
      /follow one another/,
    ],
  ])('refuses phases %s', async (_name, phases, message) => {
    const begun = await scheduled();
    const error = await stripeError(
      begun.stripe.subscriptionSchedules.update(begun.schedule.id, { phases: phases(begun) }),
    );
    expect(error.statusCode).toBe(400);
    expect(error.message).toMatch(message);
  });
});

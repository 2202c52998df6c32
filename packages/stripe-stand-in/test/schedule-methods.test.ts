import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { attached, ENTERPRISE, idOf, PRO, useStripe } from './support.ts';

const begin = useStripe();

interface Begun {
  stripe: Stripe;
  id: string;
  scheduleId: string;
  methods: { former: string; given: string };
  renew: () => Promise<string | null>;
}

type Phase = Partial<Stripe.SubscriptionScheduleUpdateParams.Phase>;

/** A subscription that is charged by a card of its own, with a smaller price that is scheduled. */
async function scheduled(
  next: (former: string) => Phase,
  options: Parameters<typeof begin>[1] = {},
): Promise<Begun> {
  const { stripe, moveTo } = await begin('2026-11-01T00:00:00.000Z', options);
  const { customer, method: former } = await attached(stripe, 'pm_card_visa');
  const { id: given } = await stripe.paymentMethods.attach('pm_card_mastercard', { customer });
  const { id } = await stripe.subscriptions.create({
    customer,
    items: [{ price: ENTERPRISE }],
    default_payment_method: former,
  });
  const { id: scheduleId, phases } = await stripe.subscriptionSchedules.create({ from_subscription: id });
  const [{ start_date: start, end_date: end } = { start_date: 0, end_date: 0 }] = phases;
  await stripe.subscriptionSchedules.update(scheduleId, {
    phases: [
      { items: [{ price: ENTERPRISE }], start_date: start, end_date: end },
      { items: [{ price: PRO }], duration: { interval: 'month' }, ...next(former) },
    ],
  });
  const renew = async (): Promise<string | null> => {
    moveTo('2026-12-01T02:00:00.000Z');
    return methodOf(stripe, id);
  };
  return { stripe, id, scheduleId, methods: { former, given }, renew };
}

async function methodOf(stripe: Stripe, id: string): Promise<string | null> {
  const { default_payment_method: method } = await stripe.subscriptions.retrieve(id);
  return method === null ? null : idOf(method);
}

describe('the method of a schedule', () => {
  it('is that of its subscription, and of phases that name none', async () => {
    const begun = await scheduled(() => ({}));
    expect(await methodOf(begun.stripe, begun.id)).toBe(begun.methods.former);
    expect(await begun.renew()).toBe(begun.methods.former);
  });

  it('is another one once its subscription has another one', async () => {
    const begun = await scheduled(() => ({}));
    const { given } = begun.methods;
    await begun.stripe.subscriptions.update(begun.id, { default_payment_method: given });
    const { default_settings: defaults } = await begun.stripe.subscriptionSchedules.retrieve(
      begun.scheduleId,
    );
    expect(defaults.default_payment_method).toBe(given);
    expect(await begun.renew()).toBe(given);
  });

  it('stays as it was, where Stripe does not copy it', async () => {
    const begun = await scheduled(() => ({}), { billing: { methodWhileScheduled: 'kept' } });
    await begun.stripe.subscriptions.update(begun.id, { default_payment_method: begun.methods.given });
    expect(await begun.renew()).toBe(begun.methods.former);
  });

  it('gives way to that of a phase', async () => {
    const begun = await scheduled((former) => ({ default_payment_method: former }));
    await begun.stripe.subscriptions.update(begun.id, { default_payment_method: begun.methods.given });
    expect(await begun.renew()).toBe(begun.methods.former);
  });

  it('is set by an update, and the present phase has it at once', async () => {
    const begun = await scheduled(() => ({}));
    const { stripe, scheduleId, methods } = begun;
    await stripe.subscriptionSchedules.update(scheduleId, {
      default_settings: { default_payment_method: methods.given },
    });
    expect(await methodOf(stripe, begun.id)).toBe(methods.given);
  });

  it('is none where neither has one: the default of the customer is charged', async () => {
    const begun = await scheduled(() => ({}));
    await begun.stripe.subscriptions.update(begun.id, { default_payment_method: '' });
    expect(await begun.renew()).toBeNull();
  });
});

import type { Stripe } from 'stripe';
import { DAY_MS, HOUR_MS, toIso } from '../../../lambdas/domain/instants.ts';
import { ENTERPRISE, PRO, PRO_YEARLY } from '../../support/payments.ts';
import { type Random } from '../../support/random.ts';
import { type TestStripe } from '../../support/stripe.ts';

export interface Subscriber {
  stripe: TestStripe;
  customerId: string;
  otherPrice: string;
  random: Random;
}

/** What a user, a bank, the owner or time does next. Nothing happens where it is not possible just now. */
export async function actOnSubscription({
  stripe,
  customerId,
  otherPrice,
  random,
}: Subscriber): Promise<void> {
  const { control } = stripe.standIn;
  const sdk = stripe.stripe;
  const { data } = await sdk.subscriptions.list({ customer: customerId, status: 'all', limit: 100 });
  const alive = data.filter(({ status }) => !['canceled', 'incomplete_expired'].includes(status));
  const id = random.pickAny(alive)?.id ?? '';
  const price = random.pick([PRO, PRO_YEARLY, ENTERPRISE]);
  const passes = (ms: number): void => stripe.moveTo(toIso(stripe.clock.now() + ms));
  const subscribe = async (params: Partial<Stripe.SubscriptionCreateParams> = {}): Promise<unknown> =>
    sdk.subscriptions.create({ customer: customerId, items: [{ price }], ...params });
  const openInvoice = async (): Promise<string> => {
    const { data: open } = await sdk.invoices.list({ customer: customerId, status: 'open' });
    return open[0]?.id ?? '';
  };
  const closeInvoice = (invoice: string): unknown =>
    random.happens(0.5) ? sdk.invoices.voidInvoice(invoice) : sdk.invoices.markUncollectible(invoice);
  const actions: [() => unknown, ...(() => unknown)[]] = [
    // A second one beside the first. Nobody should do that, but it can happen.
    () => (random.happens(0.3) ? subscribe() : passes(3 * DAY_MS)),
    () => control.changePriceInPortal(id, price),
    () => control.changePriceInPortal(id, price),
    // The owner's own upgrade, which may stay unpaid.
    async () => {
      const [item] = (await sdk.subscriptions.retrieve(id)).items.data;
      return sdk.subscriptions.update(id, {
        items: [{ id: item?.id ?? '', price }],
        billing_cycle_anchor: { type: 'now' },
        proration_behavior: 'always_invoice',
      });
    },
    async () => closeInvoice(await openInvoice()),
    () => subscribe({ items: [{ price: otherPrice }] }),
    () => control.cancelInPortal(id),
    () => control.keepInPortal(id),
    () => sdk.subscriptions.cancel(id),
    () => sdk.subscriptions.update(id, { trial_end: 'now' }),
    () => sdk.subscriptions.update(id, { pause_collection: { behavior: 'void' } }),
    () => control.changeCardInPortal(customerId, 'pm_card_chargeCustomerFail'),
    () => control.changeCardInPortal(customerId, 'pm_card_visa'),
    async () => control.payInvoice(await openInvoice(), 'pm_card_visa'),
    () => passes(random.integer(1, 60) * HOUR_MS),
    () => passes(random.integer(1, 8) * DAY_MS),
    () => passes(random.integer(20, 40) * DAY_MS),
  ];
  const begin = (): unknown =>
    random.happens(0.3) ? subscribe({ trial_period_days: random.integer(1, 40) }) : subscribe();
  const action = alive.length === 0 && random.happens(0.6) ? begin : random.pick(actions);
  try {
    await action();
  } catch {
    // Stripe refuses what makes no sense as things stand.
  }
}

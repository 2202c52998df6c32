import { randomUUID } from 'node:crypto';
import type { Stripe } from 'stripe';
import { readChangeable } from '../../../lambdas/adapters/stripe/changeable.ts';
import { carryOut } from '../../../lambdas/commands/carry-out-change.ts';
import { type CustomerServices } from '../../../lambdas/commands/with-customer.ts';
import { DAY_MS, HOUR_MS, toIso } from '../../../lambdas/domain/instants.ts';
import { type Offer } from '../../../lambdas/domain/live-subscription.ts';
import { type AskedChange, decideChange } from '../../../lambdas/domain/plan-changes.ts';
import { LETTERS } from '../../support/catalogues.ts';
import { ENTERPRISE, PRO, PRO_YEARLY } from '../../support/payments.ts';
import { type Random } from '../../support/random.ts';
import { type TestStripe } from '../../support/stripe.ts';
import { plentyOfTime } from '../../support/table.ts';

export interface Subscriber {
  stripe: TestStripe;
  orderly: { services: Pick<CustomerServices, 'stripe'> };
  customerId: string;
  otherPrice: string;
  random: Random;
}

const OFFERS: readonly [Offer, ...Offer[]] = [
  { plan: 'pro', interval: 'month' },
  { plan: 'pro', interval: 'year' },
  { plan: 'enterprise', interval: 'month' },
];

/** What a billing route does at Stripe. Both accounts here learn of it by events alone. */
async function changeAtStripe(
  { stripe }: Pick<CustomerServices, 'stripe'>,
  subscriptionId: string,
  asked: AskedChange,
): Promise<void> {
  const found = await readChangeable(stripe, subscriptionId, LETTERS, plentyOfTime());
  const decision = found === null ? null : decideChange(asked, found.facts, LETTERS);
  if (found !== null && decision?.outcome === 'accepted') {
    const change = { ...asked, id: randomUUID(), way: decision.way };
    await carryOut({ stripe, catalogue: LETTERS }, change, found, plentyOfTime());
  }
}

/** What a user, a bank, the owner or time does next. Nothing happens where it is not possible just now. */
export async function actOnSubscription({
  stripe,
  orderly,
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
  const ask = (asked: AskedChange): Promise<void> => changeAtStripe(orderly.services, id, asked);
  const openInvoice = async (): Promise<string> => {
    const { data: open } = await sdk.invoices.list({ customer: customerId, status: 'open' });
    return open[0]?.id ?? '';
  };
  const closeInvoice = (invoice: string): unknown =>
    random.happens(0.5) ? sdk.invoices.voidInvoice(invoice) : sdk.invoices.markUncollectible(invoice);
  const actions: [() => unknown, ...(() => unknown)[]] = [
    // A second one beside the first. Nobody should do that, but it can happen.
    () => (random.happens(0.3) ? subscribe() : passes(3 * DAY_MS)),
    () => ask({ kind: 'plan_change', offer: random.pick(OFFERS) }),
    () => ask({ kind: 'plan_change', offer: random.pick(OFFERS) }),
    () => ask({ kind: 'plan_change_taken_back', offer: null }),
    () => ask({ kind: 'cancellation', offer: null }),
    () => ask({ kind: 'cancellation_taken_back', offer: null }),
    // The owner's own upgrade, which may stay unpaid.
    async () => {
      const [item] = (await sdk.subscriptions.retrieve(id)).items.data;
      return sdk.subscriptions.update(id, {
        items: [{ id: item?.id ?? '', price }],
        billing_cycle_anchor: { type: 'now' },
        proration_behavior: 'always_invoice',
      });
    },
    () => control.changePriceInPortal(id, price),
    () => (random.happens(0.5) ? control.cancelInPortal(id) : control.keepInPortal(id)),
    async () => closeInvoice(await openInvoice()),
    () => subscribe({ items: [{ price: otherPrice }] }),
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

/** What users, cards, banks and the owner do at Stripe, without Postage. */
import { DAY_MS, HOUR_MS, toIso } from '../../../lambdas/domain/instants.ts';
import { type World } from './world.ts';
import { ENTERPRISE, PRO } from '../../support/payments.ts';
import { actOnSubscription } from './subscription-acts.ts';

type Act = () => unknown;

/** The next thing that happens at Stripe. Nothing happens where it is not possible just now. */
export async function actAtStripe(world: World): Promise<void> {
  const { random } = world;
  if (random.happens(0.4)) {
    return actOnSubscription(world);
  }
  const choices = random.pick([purchaseActs, purchaseActs, deliveryActs, ownerActs]);
  await tryTo(random.pick(choices(world)));
}

/** The owner refunds a bundle, in whole or in part. */
export async function refundPurchase(world: World): Promise<void> {
  const { stripe, random } = world;
  const part = random.happens(0.4) ? { amount: random.integer(1, 1_400) } : {};
  await tryTo(async () =>
    stripe.stripe.refunds.create({
      payment_intent: await intentOf(world, 'purchaseId', ['succeeded']),
      ...part,
      metadata: MAY_FAIL,
    }),
  );
}

async function tryTo(act: Act): Promise<void> {
  try {
    await act();
  } catch {
    // Stripe refuses what makes no sense as things stand.
  }
}

/** Marks refunds that a bank may send back. A delivery's refund is not marked: somebody would have to pay it by hand. */
const MAY_FAIL = { mayFail: 'yes' };

async function intentOf(
  { stripe, random }: World,
  purpose: 'purchaseId' | 'deliveryId',
  statuses: readonly string[],
): Promise<string> {
  const { data } = await stripe.stripe.paymentIntents.list({ limit: 100 });
  const found = data.filter(
    ({ metadata, status }) => metadata[purpose] !== undefined && statuses.includes(status),
  );
  return random.pickAny(found)?.id ?? '';
}

function purchaseActs(world: World): [Act, ...Act[]] {
  const { stripe, random, purchases } = world;
  const { control } = stripe.standIn;
  const sdk = stripe.stripe;
  const sessionId = random.pickAny(purchases)?.sessionId ?? '';
  const pay = (paymentMethod: string): unknown => control.payCheckout(sessionId, { paymentMethod });
  const bought = (): Promise<string> => intentOf(world, 'purchaseId', ['succeeded']);
  const dispute = async (): Promise<string> =>
    random.pickAny((await sdk.disputes.list({ limit: 100 })).data)?.id ?? '';
  return [
    () => pay('pm_card_visa'),
    () => pay('pm_card_visa'),
    () => pay('pm_card_visa'),
    () => pay('pm_usBankAccount_success'),
    () => pay('pm_usBankAccount_insufficientFunds'),
    () => pay('pm_card_chargeCustomerFail'),
    () => control.expireCheckout(sessionId),
    () => refundPurchase(world),
    () => refundPurchase(world),
    async () => {
      const refunds = (await sdk.refunds.list({ limit: 100 })).data;
      const refund = random.pickAny(refunds.filter(({ metadata }) => metadata?.['mayFail'] === 'yes'));
      return control.settleRefund(refund?.id ?? '', random.pick(['failed', 'succeeded']));
    },
    async () =>
      control.openDispute({
        paymentIntent: await bought(),
        ...(random.happens(0.5) ? { amount: random.integer(1, 1_400) } : {}),
        status: random.pick(['needs_response', 'needs_response', 'warning_needs_response']),
      }),
    async () => control.progressDispute(await dispute(), random.pick(['needs_response', 'under_review'])),
    async () => control.closeDispute(await dispute(), random.pick(['won', 'lost', 'warning_closed'])),
    async () => control.closeDispute(await dispute(), 'won'),
  ];
}

function deliveryActs(world: World): [Act, ...Act[]] {
  const { stripe, random, customerId } = world;
  const { control } = stripe.standIn;
  const charged = (): Promise<string> => intentOf(world, 'deliveryId', ['succeeded']);
  const waiting = (): Promise<string> =>
    intentOf(world, 'deliveryId', ['requires_payment_method', 'requires_action']);
  return [
    async () => control.openDispute({ paymentIntent: await charged() }),
    async () =>
      stripe.stripe.refunds.create({ payment_intent: await charged(), amount: random.integer(1, 100) }),
    async () => control.authenticate(await waiting(), true),
    async () => control.authenticate(await waiting(), random.happens(0.5)),
    () => control.changeCardInPortal(customerId, 'pm_card_authenticationRequired'),
    () => control.changeCardInPortal(customerId, 'pm_card_chargeCustomerFail'),
    () => control.changeCardInPortal(customerId, 'pm_card_visa'),
    () => control.changeCardInPortal(customerId, 'pm_card_visa'),
  ];
}

/** The owner does it by hand, so the anchor stays. */
export async function changePlan({ stripe, customerId }: World, price: string): Promise<void> {
  const { subscriptions } = stripe.stripe;
  const [subscription] = (await subscriptions.list({ customer: customerId, limit: 1 })).data;
  const [item] = subscription?.items.data ?? [];
  await tryTo(() =>
    subscriptions.update(subscription?.id ?? '', {
      items: [{ id: item?.id ?? '', price }],
      proration_behavior: 'always_invoice',
    }),
  );
}

function ownerActs(world: World): [Act, ...Act[]] {
  const { stripe, random } = world;
  const passes = (ms: number): void => stripe.moveTo(toIso(stripe.clock.now() + ms));
  return [
    () => changePlan(world, random.pick([PRO, ENTERPRISE])),
    () => passes(random.integer(1, 30) * HOUR_MS),
    () => passes(random.integer(1, 12) * DAY_MS),
  ];
}

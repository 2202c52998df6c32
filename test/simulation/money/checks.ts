/** What must hold of the money: on each side, between the sides, and by Stripe's own objects. */
import { expect } from '@jest/globals';
import type { Stripe } from 'stripe';
import { heldSinceOf } from '../../../lambdas/letters/domain/delivery-life.ts';
import { paymentOf } from '../../../lambdas/letters/domain/delivery-payment.ts';
import { parseAccount } from '../../../lambdas/adapters/dynamodb/account-item.ts';
import { listFailedEvents } from '../../../lambdas/adapters/dynamodb/failed-events.ts';
import { toWire } from '../../../lambdas/adapters/dynamodb/items.ts';
import { parsePurchase } from '../../../lambdas/adapters/dynamodb/purchase-item.ts';
import { type Account } from '../../../lambdas/domain/account.ts';
import { type Delivery } from '../../../lambdas/letters/domain/deliveries.ts';
import { DAY_MS } from '../../../lambdas/domain/instants.ts';
import { type Purchase } from '../../../lambdas/domain/purchases.ts';
import { offerOf } from '../../../lambdas/adapters/stripe/prices.ts';
import { rollForward } from '../../../lambdas/domain/roll-forward.ts';
import { expectPaidPeriods, paidFor } from './paid-periods.ts';
import { count, deliveriesIn, heldIn, later, type Side, sidesOf, type World } from './world.ts';
import { idOf } from '../../support/stripe.ts';
import { plentyOfTime } from '../../support/table.ts';
import { expectClosedBooks, itemsOf } from '../../support/users.ts';
import { LETTERS } from '../../support/catalogues.ts';

/** What a side has recorded of the user. */
interface Records {
  account: Account;
  /** In the order in which the user began them. */
  purchases: Purchase[];
  deliveries: Delivery[];
}

async function recordsOf({ userId, purchases }: World, side: Side): Promise<Records> {
  const items = await itemsOf(side.services.store, userId);
  const wire = (sk: string): ReturnType<typeof toWire> => toWire(items.get(sk) ?? {});
  const account = parseAccount(wire('ACCOUNT'));
  if (account.kind !== 'account') {
    throw new Error(`${userId} has been erased.`);
  }
  return {
    account,
    purchases: purchases.map(({ id }) => parsePurchase(wire(`PURCHASE#${id}`))),
    deliveries: deliveriesIn(items),
  };
}

/** G8, at any time. */
export async function expectPurchasedCreditsKept(world: World): Promise<void> {
  for (const side of sidesOf(world)) {
    expectKept(world, side, await recordsOf(world, side));
  }
}

/** The user has what they bought and nobody refunded, less what mails took, plus what a larger allowance gave back. */
function expectKept(world: World, side: Side, { account, purchases }: Records): void {
  const paid = purchases.filter(({ status }) => status === 'paid');
  const bought = paid.reduce((sum, { credits, creditsTaken }) => sum + credits - creditsTaken, 0);
  expect(heldIn(account, later(world)).net).toBe(bought - side.spentPurchased + side.givenBack);
}

/** Whether a payment or a refund goes on, so that the reconciler may still end it. */
export async function isUnsettled(world: World): Promise<boolean> {
  for (const side of [world.disorderly, world.orderly]) {
    const { deliveries } = await recordsOf(world, side);
    if (deliveries.some((one) => one.status === 'pending_payment' || refundOf(one) === 'needed')) {
      return true;
    }
  }
  return false;
}

function refundOf(delivery: Delivery): string {
  return 'refund' in delivery ? delivery.refund : 'none';
}

/** Plan, status, limits and anchor, now and later; and which purchases were granted or taken back. */
function decidedOn({ stripe }: World, { account: stored, purchases }: Records): object {
  // A change that closes the open period takes effect a millisecond late.
  const plans = [500, 3 * DAY_MS, 40 * DAY_MS].map((ms) => {
    const { account } = rollForward(stored, stripe.clock.now() + ms, LETTERS);
    const { plan, subscription, anchor, meters, creditsPerPeriod, carryOver } = account;
    const terms = Object.entries(meters).map(([id, { limit, credits }]) => [id, { limit, credits }]);
    const limits: unknown = Object.fromEntries(terms);
    return { plan, subscription, anchor, limits, creditsPerPeriod, carryOver };
  });
  const settled = purchases.map(({ status, returnedCents, creditsTaken, paymentIntentId }) => {
    return { status, returnedCents, creditsTaken, paymentIntentId };
  });
  return { plans, settled };
}

/** The deliveries that both sides were asked for, and how they were paid. */
function orderedOn(deliveryIds: readonly string[], { deliveries }: Records): object[] {
  const shown = deliveries.map((delivery) => {
    const { id, status, paidWith } = delivery;
    // One that is held may have been scheduled before.
    const shownStatus = heldSinceOf(delivery) === null ? status : 'held';
    return { id, status: shownStatus, paidWith, refund: refundOf(delivery) };
  });
  return deliveryIds.flatMap((wanted) => shown.filter(({ id }) => id === wanted));
}

/**
 * Mails whose money has gone back or is in dispute, and that one side had sent before it heard of it: nobody can call
 * them back.
 */
function sentTooEarly(at: StripeObjects, sides: readonly Records[]): string[] {
  const contested = new Set(
    [...at.disputes, ...at.refunds].map(({ payment_intent: intent }) => idOf(intent)),
  );
  return sides
    .flatMap(({ deliveries }) => deliveries)
    .filter((delivery) => 'dispatch' in delivery && contested.has(delivery.payment?.intentId ?? ''))
    .map(({ id }) => id);
}

/** What Stripe has. */
interface StripeObjects {
  subscriptions: Stripe.Subscription[];
  invoices: Stripe.Invoice[];
  sessions: Stripe.Checkout.Session[];
  intents: Stripe.PaymentIntent[];
  charges: Stripe.Charge[];
  refunds: Stripe.Refund[];
  disputes: Stripe.Dispute[];
}

async function objectsAt({ stripe: { stripe } }: World): Promise<StripeObjects> {
  const page = { limit: 100 };
  const all = { limit: 10_000 };
  return {
    subscriptions: await stripe.subscriptions.list({ status: 'all', ...page }).autoPagingToArray(all),
    invoices: await stripe.invoices.list(page).autoPagingToArray(all),
    sessions: await stripe.checkout.sessions.list(page).autoPagingToArray(all),
    intents: await stripe.paymentIntents.list(page).autoPagingToArray(all),
    charges: await stripe.charges.list(page).autoPagingToArray(all),
    refunds: await stripe.refunds.list(page).autoPagingToArray(all),
    disputes: await stripe.disputes.list(page).autoPagingToArray(all),
  };
}

/** Whether the customer's bank has the money. */
function hasTaken({ status }: Stripe.Dispute): boolean {
  return ['needs_response', 'under_review', 'lost'].includes(status);
}

const BY_SIZE = LETTERS.plans.map(({ id }) => id);

function smallerOf(plan: string, paid: string | null): string {
  return paid !== null && BY_SIZE.indexOf(paid) < BY_SIZE.indexOf(plan) ? paid : plan;
}

/** The plan of a subscription's newest paid invoice. */
function lastPaid({ id }: Stripe.Subscription, invoices: readonly Stripe.Invoice[]): string | null {
  const own = invoices.filter(
    ({ parent, status }) => status === 'paid' && idOf(parent?.subscription_details?.subscription) === id,
  );
  const [newest] = own.sort((one, other) => other.created - one.created);
  return newest === undefined ? null : (paidFor(newest)?.plan ?? null);
}

/**
 * G10: the user has the larger plan of those that they subscribe to. One that is past due may have its grace, or not, and is
 * no larger than the plan that was paid last.
 */
function expectPlanAsStripeSays(
  world: World,
  { subscriptions, invoices }: StripeObjects,
  { account }: Records,
): void {
  const planOf = ({ items }: Stripe.Subscription): string =>
    offerOf(
      items.data.map(({ price }) => price),
      LETTERS,
    )?.plan ?? 'none';
  const plans = subscriptions.filter(({ status }) => ['trialing', 'active'].includes(status)).map(planOf);
  const unpaid = subscriptions
    .filter(({ status }) => status === 'past_due')
    .map((subscription) => smallerOf(planOf(subscription), lastPaid(subscription, invoices)));
  const largest = (['enterprise', 'pro'] as const).find((plan) => plans.includes(plan));
  const expected = largest === undefined ? ['none', ...unpaid] : [largest];
  expect(expected).toContain(rollForward(account, later(world), LETTERS).account.plan);
}

/** G10: the purchases are as Stripe's own objects say. */
function expectPurchasesAsStripeSays(world: World, at: StripeObjects, { purchases }: Records): void {
  for (const [index, record] of purchases.entries()) {
    const session = at.sessions.find(({ id }) => id === world.purchases[index]?.sessionId);
    expect(record.status === 'paid').toBe(session?.payment_status === 'paid');
    const isOfThis = ({ payment_intent: intent }: Stripe.Refund | Stripe.Dispute): boolean =>
      record.status === 'paid' && idOf(intent) === record.paymentIntentId;
    const returned = [
      ...at.refunds.filter((refund) => isOfThis(refund) && refund.status !== 'failed'),
      ...at.disputes.filter((dispute) => isOfThis(dispute) && hasTaken(dispute)),
    ].reduce((sum, { amount }) => sum + amount, 0);
    const returnedCents = Math.min(returned, record.amountCents);
    const creditsTaken = Math.floor((record.credits * returnedCents) / record.amountCents);
    expect(record).toMatchObject({ returnedCents, creditsTaken });
    count(world, `purchase: ${record.status}`);
    count(world, 'purchase: taken back', creditsTaken > 0 ? 1 : 0);
  }
}

const TO_BE_SENT = ['scheduled', 'dispatched', 'sent'];
const WAITING = ['pending_payment', 'scheduled'];

/**
 * G9: each delivery has been charged once at most, at its price and by the intent that it has noted. What was charged is
 * scheduled or further, or the customer has the money again, or their bank has it because of an open dispute.
 */
function expectEachChargeMatched(world: World, at: StripeObjects, side: Side, records: Records): void {
  const { deliveries } = records;
  const ids = side === world.orderly ? world.deliveryIds : [...world.deliveryIds, ...world.ownDeliveryIds];
  const purposes = new Map(at.intents.map(({ id, metadata }) => [id, metadata['deliveryId']]));
  const charges = at.charges
    .filter(({ status }) => status === 'succeeded')
    .map((charge) => ({ charge, deliveryId: purposes.get(idOf(charge.payment_intent)) ?? '' }))
    .filter(({ deliveryId }) => ids.includes(deliveryId));
  const charged = new Map(charges.map(({ charge, deliveryId }) => [deliveryId, charge]));
  expect(charged.size).toBe(charges.length);
  for (const delivery of deliveries.filter(({ paidWith }) => paidWith === 'card')) {
    const charge = charged.get(delivery.id);
    charged.delete(delivery.id);
    const isToBeSent = TO_BE_SENT.includes(delivery.status);
    // The owner may refund a part all the same. And the orderly side does not know what the other has called off alone.
    const isOfOneOnly = world.isAlone && side === world.orderly;
    const ours = at.refunds.filter(({ metadata }) => metadata?.['deliveryId'] === delivery.id);
    expect(isToBeSent && !isOfOneOnly ? ours : []).toEqual([]);
    if (charge === undefined) {
      expect([refundOf(delivery), isToBeSent]).toEqual(['none', false]);
    } else {
      const { intentId, price } = paymentOf(delivery);
      expect([intentId, price.amountCents]).toEqual([idOf(charge.payment_intent), charge.amount]);
      const disputes = at.disputes.filter((one) => idOf(one.charge) === charge.id);
      const isOver = charge.refunded || disputes.some(({ status }) => status === 'lost');
      const ends = isOver ? ['done'] : disputes.some(hasTaken) ? ['needed'] : [];
      if (WAITING.includes(delivery.status)) {
        // Nothing is printed that is not paid, and nothing is held that is.
        const taken = disputes
          .filter(hasTaken)
          .reduce((sum, { amount }) => sum + amount, charge.amount_refunded);
        const lost = disputes
          .filter(({ status }) => status === 'lost')
          .reduce((sum, { amount }) => sum + amount, charge.amount_refunded);
        expect([lost >= charge.amount, heldSinceOf(delivery) !== null]).toEqual([
          false,
          taken >= charge.amount,
        ]);
      }
      expect(isToBeSent || delivery.status === 'pending_payment' ? ['none'] : ends).toContain(
        refundOf(delivery),
      );
    }
    const paid = charge === undefined ? 'not charged' : charge.refunded ? 'refunded' : 'charged';
    count(world, `by card: ${delivery.status}, ${paid}`);
  }
  // Nothing else has been charged.
  expect([...charged.keys()]).toEqual([]);
}

/**
 * At the end of a sequence, both sides agree with each other and with Stripe. @returns the end that they agree on,
 * without ids and times
 */
export async function expectSameEnds(world: World): Promise<string> {
  const { orderly, disorderly } = world;
  const at = await objectsAt(world);
  const records = new Map<Side, Records>();
  for (const side of [orderly, disorderly]) {
    const { store } = side.services;
    const found = await recordsOf(world, side);
    records.set(side, found);
    expectKept(world, side, found);
    expectPlanAsStripeSays(world, at, found);
    expectPurchasesAsStripeSays(world, at, found);
    expectEachChargeMatched(world, at, side, found);
    await expectClosedBooks(store, world.userId, later(world));
    // A user who spends before Postage has heard of everything spends on trust.
    if (!world.isAlone) {
      await expectPaidPeriods(world, side, at.invoices);
    }
    count(world, 'withheld', found.account.credits.withheld);
    const failed = await listFailedEvents(store, { limit: 10, after: null }, plentyOfTime());
    expect(failed.items).toEqual([]);
  }
  const [expected, actual] = [records.get(orderly), records.get(disorderly)];
  if (expected === undefined || actual === undefined) {
    throw new Error('There are two sides.');
  }
  expect(decidedOn(world, actual)).toEqual(decidedOn(world, expected));
  if (!world.isAlone) {
    const tooEarly = sentTooEarly(at, [expected, actual]);
    const comparable = world.deliveryIds.filter((id) => !tooEarly.includes(id));
    expect(orderedOn(comparable, actual)).toEqual(orderedOn(comparable, expected));
  }
  const isAlike = world.isAlike && !world.isAlone && orderly.givenBack === disorderly.givenBack;
  if (isAlike) {
    const [one, other] = [heldIn(expected.account, later(world)), heldIn(actual.account, later(world))];
    expect([other.purchased, other.owed]).toEqual([one.purchased, one.owed]);
  }
  count(world, `sequence: ${isAlike ? 'compared in all' : world.isAlone ? 'alone' : 'lent differently'}`);
  count(world, 'owed', heldIn(actual.account, later(world)).owed > 0 ? 1 : 0);
  count(world, `plan: ${actual.account.plan}`);
  count(world, 'deliveries both were asked for', world.deliveryIds.length);
  return JSON.stringify(decidedOn(world, expected)).replaceAll(/\d{5,}|(sub|pi)_\w+/g, '');
}

/** What a user, senders and jobs ask Postage for, on both sides: first on the one where processes die. */
import { expect } from '@jest/globals';
import { callOffDelivery } from '../../../lambdas/letters/commands/call-off-delivery.ts';
import { refundIfNeeded } from '../../../lambdas/letters/commands/refund-delivery.ts';
import { settleCardPayments } from '../../../lambdas/letters/commands/settle-delivery.ts';
import { withCustomer } from '../../../lambdas/commands/with-customer.ts';
import { deadlineIn } from '../../../lambdas/runtime/deadline.ts';
import { takeStep } from '../../../lambdas/letters/commands/take-step.ts';
import { reconcile, type Reconciliation } from '../../support/as-deployed.ts';
import { getDelivery } from '../../../lambdas/letters/adapters/records.ts';
import { accountShard } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { checkOutSubscription } from '../../../lambdas/adapters/stripe/checkout.ts';
import { answerDelivery, dueAtOf, type SenderAnswer } from '../../../lambdas/letters/domain/delivery-life.ts';
import { UNCHANGED } from '../../../lambdas/letters/domain/life-decisions.ts';
import { type StripeServices } from '../../../lambdas/commands/stripe-handler.ts';
import { DAY_MS, toIso } from '../../../lambdas/domain/instants.ts';
import {
  count,
  deliveriesOf,
  hear,
  heldBy,
  type Held,
  idFrom,
  later,
  letterFor,
  type Side,
  sidesOf,
  type World,
} from './world.ts';
import { askForMail } from '../../support/pay-as-you-go.ts';
import { ENTERPRISE, PRO } from '../../support/payments.ts';
import { beginPurchase, sessionIn } from '../../support/purchases.ts';
import { rollShard } from '../../support/rollovers.ts';
import { plentyOfTime } from '../../support/table.ts';
import { request, scheduleMail, storedAccount } from '../../support/users.ts';

/**
 * Carries out a command in a process that may die at any request and then begins again. While it waits for an answer,
 * another process may carry out the same command.
 */
async function carryOut<Answer>(
  world: World,
  side: Side,
  command: (services: StripeServices) => Promise<Answer>,
): Promise<Answer> {
  const { random } = world;
  const { process, services, others } = side;
  side.seen = null;
  if (process === null) {
    return command(services);
  }
  if (random.happens(0.2)) {
    process.interruptAfter(random.integer(1, 10), async () => {
      count(world, 'overtaken');
      await command(others);
    });
  }
  for (let deaths = 0; deaths < 3 && random.happens(0.4); deaths += 1) {
    process.live(random.integer(1, 14));
    try {
      await command(services);
    } catch {
      // The process is dead. The next one goes on with what it has left behind.
    }
    count(world, 'died', process.isDead ? 1 : 0);
    process.live(Infinity);
  }
  const answer = await command(services);
  process.reset();
  return answer;
}

/** Begins to buy a bundle. */
export async function buy(world: World): Promise<void> {
  const { stripe, random, purchases } = world;
  if (purchases.length >= world.mostPurchases) {
    return;
  }
  const credits = random.pick([5, 5, 5, 10, 25]);
  const id = idFrom(world);
  for (const side of [world.disorderly, world.orderly]) {
    const { sessionId } = await carryOut(world, side, (services) =>
      beginPurchase({ ...services, now: stripe.clock.now() }, world, credits, id),
    );
    if (side === world.disorderly) {
      purchases.push({ id, sessionId, credits });
      if (random.happens(0.6)) {
        // Before the other side has noted it.
        stripe.standIn.control.payCheckout(sessionId);
      }
    }
  }
}

/**
 * The owner deletes the customer at Stripe. The user asks for a page to subscribe on, whether Postage has heard of that or
 * not. Postage gives them another customer, and they may pay on the page.
 */
export async function replaceCustomer(world: World): Promise<void> {
  const { stripe, random, userId } = world;
  const former = world.customerId;
  await stripe.stripe.customers.del(former);
  if (random.happens(0.5)) {
    await hear(world);
  }
  const priceId = random.pick([PRO, ENTERPRISE]);
  const pages = [];
  for (const side of [world.disorderly, world.orderly]) {
    const page = await carryOut(world, side, async (services) => {
      const account = await storedAccount(services.store, userId);
      const { checkout } = services.store.catalogue;
      const order = {
        userId,
        priceId,
        checkout,
        trialDays: 0,
        appUrl: 'https://app.test/',
        requestId: null,
      };
      return withCustomer(services, account, later(world), plentyOfTime(), (id) =>
        checkOutSubscription(services.stripe, { ...order, customerId: id }, plentyOfTime()),
      );
    });
    pages.push(page.url);
  }
  const customerId = (await storedAccount(world.orderly.services.store, userId)).customerId ?? '';
  expect((await storedAccount(world.disorderly.services.store, userId)).customerId).toBe(customerId);
  expect(customerId).not.toBe(former);
  world.customerId = customerId;
  stripe.standIn.control.changeCardInPortal(customerId, 'pm_card_visa');
  if (random.happens(0.7)) {
    stripe.standIn.control.payCheckout(sessionIn(pages.at(-1) ?? ''));
  }
  count(world, 'customer replaced');
}

/** Asks one side for a mail, as the route does. */
async function askForOne(world: World, side: Side, id: string, paysByCard: boolean): Promise<void> {
  const context = request(world.userId, later(world), { id });
  const payer = { ...world, letterId: letterFor(world) };
  const ask = async (services: StripeServices): Promise<string> => {
    if (paysByCard) {
      return (await askForMail(services, payer, context)).asked;
    }
    const written = await scheduleMail(services.store, context, payer.letterId);
    return written.outcome === 'refused' ? written.refusal.refusal : written.outcome;
  };
  const day = toIso(later(world)).slice(0, 10);
  side.seen = null;
  side.mails.set(day, (side.mails.get(day) ?? 0) + 1);
  const isLeft = paysByCard && world.random.happens(0.2) && (await dieOver(world, side, id, ask));
  count(world, `mail: ${isLeft ? 'left to events and jobs' : await carryOut(world, side, ask)}`);
}

/**
 * The process dies. Where a payment is pending whose intent has been noted, nobody asks again: events and jobs have to go
 * on with it. (Nobody confirms an intent that has not been noted; in this simulation the other side would.)
 */
async function dieOver(
  { random, userId }: World,
  { process, services, others }: Side,
  id: string,
  ask: (services: StripeServices) => Promise<string>,
): Promise<boolean> {
  if (process === null) {
    return false;
  }
  process.live(random.integer(4, 16));
  await ask(services).catch(() => null);
  process.reset();
  const delivery = await getDelivery(others.store, userId, id, plentyOfTime());
  return delivery?.status === 'pending_payment' && delivery.payment?.intentId !== null;
}

function mailsLeft(world: World): number {
  const day = toIso(later(world)).slice(0, 10);
  return 10 - Math.max(...sidesOf(world).map(({ mails }) => mails.get(day) ?? 0));
}

/** G8: a mail takes a purchased credit only when there is no other. */
async function expectOthersSpentFirst(world: World, side: Side, before: Held): Promise<void> {
  const after = await heldBy(world, side);
  const used = after.used - before.used;
  const taken = before.net - after.net;
  expect({ used, taken }).toEqual({ used, taken: Math.max(0, used - before.others) });
  side.spentPurchased += taken;
  count(world, 'purchased credits spent', taken);
}

/**
 * Asks for some mails, to be paid by credits, or by card where there are none. The sides may have closed their periods at
 * different times, so one may have carried over more. That side first uses up what it has more.
 */
export async function askForMails(world: World): Promise<void> {
  const { random, disorderly, orderly } = world;
  const held = await Promise.all(sidesOf(world).map((side) => heldBy(world, side)));
  const [one, other = one] = held;
  if (one === undefined || other === undefined) {
    return;
  }
  const most = Math.min(one.plan === 'none' ? 1 : random.integer(1, 4), mailsLeft(world));
  const excess = one.others - other.others;
  const isWithin = Math.abs(excess) < most;
  for (let mails = isWithin ? Math.abs(excess) : 0; mails > 0; mails -= 1) {
    await askForOne(world, excess > 0 ? disorderly : orderly, idFrom(world), false);
    count(world, 'levelled');
  }
  const isLevel = isWithin && one.net === other.net && one.purchased === other.purchased;
  for (let mails = isLevel ? most - Math.abs(excess) : 0; mails > 0; mails -= 1) {
    const id = idFrom(world);
    const paysByCard = random.happens(0.7);
    (world.isAlone ? world.ownDeliveryIds : world.deliveryIds).push(id);
    for (const side of sidesOf(world)) {
      await askForOne(world, side, id, paysByCard);
    }
  }
  for (const [index, side] of sidesOf(world).entries()) {
    await expectOthersSpentFirst(world, side, held[index] ?? one);
  }
}

/** Does something by which credits may come back. */
async function returning(
  world: World,
  act: (side: Side) => Promise<unknown>,
  sides = sidesOf(world),
): Promise<void> {
  const returned = [];
  for (const side of sides) {
    const before = await heldBy(world, side);
    await act(side);
    const after = await heldBy(world, side);
    expect(after.net).toBeGreaterThanOrEqual(before.net);
    side.spentPurchased -= after.net - before.net;
    returned.push(after.net - before.net);
  }
  // One side had spent the credits in its open period, the other in a closed one.
  world.isAlike &&= new Set(returned).size === 1;
}

/** Calls a delivery off, as the route does. */
export async function cancelOne(world: World): Promise<void> {
  const { userId, random } = world;
  const [seen = [], ...others] = await Promise.all(sidesOf(world).map((side) => deliveriesOf(world, side)));
  // A delivery that is pending on one side may have been declined on the other.
  const alike = seen.filter(({ id, status }) =>
    others.every((deliveries) => deliveries.some((other) => other.id === id && other.status === status)),
  );
  const id = random.pickAny(alike)?.id;
  if (id === undefined) {
    return;
  }
  const context = { userId, id, now: later(world), deadline: plentyOfTime() };
  await returning(world, (side) =>
    carryOut(world, side, async (services) => {
      const step = await callOffDelivery(services, context);
      if (step.outcome === 'changed' || step.outcome === 'unchanged') {
        count(world, `cancelled: paid with ${step.delivery.paidWith}`);
        await refundIfNeeded(services, context, step.delivery);
      }
    }),
  );
}

/** A sender answers its last attempt. */
export async function answerOne(world: World): Promise<void> {
  const { userId, random } = world;
  const dispatched = (await deliveriesOf(world, world.disorderly)).filter(
    ({ id, status }) => status === 'dispatched' && (world.isAlone || world.deliveryIds.includes(id)),
  );
  const byCard = dispatched.filter(({ paidWith }) => paidWith === 'card');
  const id = random.pickAny(byCard.length > 0 ? byCard : dispatched)?.id;
  if (id === undefined) {
    return;
  }
  const context = { userId, id, now: later(world), deadline: plentyOfTime() };
  const result = random.pick<'failed' | 'sent'>(['failed', 'failed', 'sent']);
  await returning(world, (side) =>
    carryOut(world, side, async ({ store }) => {
      const step = await takeStep(store, context, (current) =>
        current.status === 'dispatched'
          ? answerDelivery(current, answerOf(result, current.dispatch.attempts), context.now)
          : UNCHANGED,
      );
      count(world, `sender: ${result}, ${step.outcome}`);
    }),
  );
}

function answerOf(result: 'failed' | 'sent', attempt: number): SenderAnswer {
  return result === 'sent' ? { attempt, result, providerId: null } : { attempt, result, failure: 'rejected' };
}

/** Nights go by. Their jobs run before Postage hears of what happened at Stripe. */
function passNights({ stripe, random }: World): void {
  if (random.happens(0.6)) {
    stripe.moveTo(toIso(stripe.clock.now() + random.integer(1, 32) * DAY_MS));
  }
}

/** Runs the reconciler until nothing is due, or all that is due has to wait. */
export async function reconcileAll(world: World, sides = sidesOf(world)): Promise<void> {
  const settle = async (side: Side): Promise<void> => {
    const run = (services: StripeServices): Promise<Reconciliation> => {
      return reconcile(services.store, later(world), deadlineIn(60_000), settleCardPayments(services));
    };
    for (let runs = 0; await isAnyDue(world, side); runs += 1) {
      const { failures, outcomes } = await carryOut(world, side, run);
      expect(failures).toEqual([]);
      if (outcomes.waiting === sumOf(Object.values(outcomes))) {
        return;
      }
      expect(runs).toBeLessThan(20);
    }
  };
  await returning(world, settle, sides);
}

/** The reconciler, after some nights. */
export async function reconcileLater(world: World): Promise<void> {
  passNights(world);
  await reconcileAll(world);
}

/** The nightly rollover. */
export async function rollOver(world: World): Promise<void> {
  passNights(world);
  for (const side of [world.disorderly, world.orderly]) {
    const before = await heldBy(world, side);
    await carryOut(world, side, (services) => rollOne(world, services));
    expect((await heldBy(world, side)).net).toBe(before.net);
  }
}

async function rollOne(world: World, { store }: StripeServices): Promise<void> {
  const shard = Number(accountShard(world.userId).replace('ROLL#', ''));
  for await (const results of rollShard(store, shard, later(world), 10)) {
    count(world, 'rolled over', results.length);
  }
}

async function isAnyDue(world: World, side: Side): Promise<boolean> {
  const deliveries = await deliveriesOf(world, side);
  return deliveries.some((delivery) => (dueAtOf(delivery) ?? Infinity) <= later(world));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

/**
 * A user whose money is followed twice: on one side Postage hears of everything at once, on the other late, repeated, in
 * any order, and by processes that die. Both have the same Stripe.
 */
import type { Stripe } from 'stripe';
import { parseDelivery } from '../../lambdas/letters/adapters/delivery-item.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import { linkCustomer } from '../../lambdas/commands/link-customer.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { createPortal } from '../../lambdas/adapters/stripe/portal.ts';
import { type Account } from '../../lambdas/domain/account.ts';
import { left, sumLots } from '../../lambdas/domain/credits.ts';
import { type Instant } from '../../lambdas/domain/instants.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { type PlanId } from '../../lambdas/domain/plans.ts';
import { EVENT_HANDLERS } from '../../lambdas/letters/commands/stripe-event-handlers.ts';
import { processStripeEvents } from './as-deployed.ts';
import { type StripeServices } from '../../lambdas/commands/stripe-event.ts';
import { deliver, MortalProcess, servicesAt, shuffled } from './disorder.ts';
import { ENTERPRISE, messageOf, PRO } from './payments.ts';
import { type Random, seededRandom } from './random.ts';
import { openStripe, type TestStripe } from './stripe.ts';
import { plentyOfTime } from './table.ts';
import { itemsOf, request, storedAccount, writeLetter } from './users.ts';

/** One of the two ways in which the same things happen. */
export interface Side {
  services: StripeServices;
  /** Which may die, or be overtaken by the other one; null where nothing goes wrong. */
  process: MortalProcess | null;
  /** Another process that works for the same users. */
  others: StripeServices;
  /** Purchased credits that mails have taken, less those that have come back with them. */
  spentPurchased: number;
  /** Purchased credits that had been lent to a period, and that a larger allowance has given back. */
  givenBack: number;
  /** Purchased credits that mails have taken, those that came back included. */
  everSpent: number;
  /** How many mails it has scheduled on a day; there are 10 at most. */
  mails: Map<string, number>;
}

/** How often something has happened in all sequences. */
export type Ends = Map<string, number>;

export interface World {
  stripe: TestStripe;
  userId: string;
  customerId: string;
  letterId: string;
  random: Random;
  orderly: Side;
  disorderly: Side;
  /** The one of the disorderly side that may die. */
  process: MortalProcess;
  purchases: { id: string; sessionId: string; credits: number }[];
  /** Whoever buys none pays by card. */
  mostPurchases: number;
  /** Those that both sides were asked for. */
  deliveryIds: string[];
  /** Asked for on the disorderly side alone, which had not caught up. */
  ownDeliveryIds: string[];
  /** Whether its customer may be deleted, and replaced. */
  mayLoseCustomer: boolean;
  /** Whether its user also asks for something when Postage has not heard of everything. */
  mayBeAlone: boolean;
  /** He has: the orderly side is asked for nothing any more, and only hears. */
  isAlone: boolean;
  /** The same uses have taken the same kinds of credits on both sides. */
  isAlike: boolean;
  news: { told: number; late: Stripe.Event[]; all: Stripe.Event[] };
  ends: Ends;
}

/** A new id, the same for the same seed: its shard decides what is done first. */
export function idFrom(random: Random): string {
  return Array.from({ length: 32 }, () => random.integer(0, 15).toString(16)).join('');
}

/** After what was learnt just now, which may take effect some milliseconds late. */
const LATER_MS = 500;

export function later({ stripe }: Pick<World, 'stripe'>): number {
  return stripe.clock.now() + LATER_MS;
}

export function count({ ends }: Pick<World, 'ends'>, end: string, times = 1): void {
  ends.set(end, (ends.get(end) ?? 0) + times);
}

export function sidesOf({ orderly, disorderly, isAlone }: World): Side[] {
  // What happens at Stripe is done by the one that may die.
  return isAlone ? [disorderly] : [disorderly, orderly];
}

function openSide(services: StripeServices, others: StripeServices, process: MortalProcess | null): Side {
  return { services, others, process, spentPurchased: 0, givenBack: 0, everSpent: 0, mails: new Map() };
}

/** The tables, and two ways to the second one. */
export interface Stores {
  orderly: Store;
  disorderly: Store;
  /** By a process that may die. */
  mortal: Store;
}

export async function openWorld(
  seed: number,
  stores: Stores,
  process: MortalProcess,
  ends: Ends,
): Promise<World> {
  const opened = await openStripe('2026-01-31T09:00:00.000Z', { seed });
  const stripe = { ...opened, stripe: await servicesAt(opened, stores.orderly).stripe.sdk() };
  const userId = `user-${String(seed)}`;
  const { id: customerId } = await stripe.stripe.customers.create({
    metadata: { userId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const now = stripe.clock.now();
  const random = seededRandom(seed);
  const letterId = idFrom(random);
  const alive = servicesAt(stripe, stores.orderly);
  const orderly = openSide(alive, alive, null);
  const disorderly = openSide(
    servicesAt(stripe, stores.mortal, process.gate),
    servicesAt(stripe, stores.disorderly),
    process,
  );
  for (const { store } of [orderly.services, disorderly.services]) {
    await linkCustomer(store, { userId, customerId, replaces: null }, now, plentyOfTime());
    await writeLetter(store, request(userId, now, { id: letterId }));
  }
  if (random.happens(0.7)) {
    const price = random.pick([PRO, PRO, ENTERPRISE]);
    await stripe.stripe.subscriptions.create({ customer: customerId, items: [{ price }] });
    const card = random.pick([
      'visa',
      'visa',
      'visa',
      'visa',
      'authenticationRequired',
      'chargeCustomerFail',
    ]);
    stripe.standIn.control.changeCardInPortal(customerId, `pm_card_${card}`);
  }
  const { stripe: connection, prices } = orderly.services;
  await createPortal(connection, prices, 'test').open(customerId, 'https://example.com', plentyOfTime());
  return {
    stripe,
    userId,
    customerId,
    letterId,
    random,
    orderly,
    disorderly,
    process,
    purchases: [],
    mostPurchases: random.pick([0, 1, 4]),
    deliveryIds: [],
    ownDeliveryIds: [],
    mayLoseCustomer: random.happens(0.2),
    mayBeAlone: random.happens(0.3),
    isAlone: false,
    isAlike: true,
    news: { told: 0, late: [], all: [] },
    ends,
  };
}

/** The orderly side hears of what has happened; the other one will. */
export async function hear(world: World): Promise<void> {
  const { stripe, orderly, news } = world;
  const happened = stripe.standIn.control.events().slice(news.told);
  news.told += happened.length;
  // The others are sent to no endpoint.
  const events = happened.filter(({ type }) => type in EVENT_HANDLERS);
  news.all.push(...events);
  news.late.push(...events);
  const messages = events
    .filter((event) => !isOfAny(event, world.ownDeliveryIds))
    .map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  const { batchItemFailures } = await processStripeEvents(orderly.services, messages);
  if (batchItemFailures.length > 0) {
    throw new Error('An event fails though nothing goes wrong.');
  }
}

function isOfAny({ data: { object } }: Stripe.Event, deliveryIds: readonly string[]): boolean {
  const metadata = 'metadata' in object ? object.metadata : null;
  return deliveryIds.includes(metadata?.['deliveryId'] ?? '');
}

/** Some of what is late comes now, in any order; what happens in between, another worker may hear of first. */
export async function hearSome(world: World, act: () => Promise<void>): Promise<void> {
  const { random, news } = world;
  const now = shuffled(random, news.late).filter(() => random.happens(0.6));
  news.late = news.late.filter((event) => !now.includes(event));
  await follow(world, now, async () => {
    await act();
    await hear(world);
    await followElsewhere(world, news.late);
  });
}

/** All that is late comes, and some again. */
export async function catchUp(world: World): Promise<void> {
  const { random, news } = world;
  const again = news.all.filter(() => random.happens(0.1));
  const now = shuffled(random, [...news.late, ...again]);
  await follow(world, now, () => followElsewhere(world, now));
  news.late = [];
}

async function follow(
  world: World,
  now: readonly Stripe.Event[],
  meanwhile: () => Promise<void>,
): Promise<void> {
  const { services } = world.disorderly;
  await deliver(world, now, { services, process: world.process }, async () => {
    count(world, 'overtaken');
    await meanwhile();
  });
}

/** Another worker gets them too, or some of them. */
async function followElsewhere(world: World, events: readonly Stripe.Event[]): Promise<void> {
  const { random, stripe, disorderly } = world;
  const some = shuffled(random, events).slice(0, random.integer(1, 5));
  const messages = some.map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  await processStripeEvents(disorderly.others, messages);
}

/** What an account holds of credits. */
export interface Held {
  plan: PlanId;
  /** The free ones that nobody has bought. */
  others: number;
  purchased: number;
  owed: number;
  /** What has been bought and is left, less what is owed. */
  net: number;
  used: number;
}

export function heldIn(stored: Account, at: Instant): Held {
  const { plan, credits } = rollForward(stored, at).account;
  const { lots, included, purchased } = left(credits);
  const { owed, used } = credits;
  return { plan, others: sumLots(lots) + included, purchased, owed, net: purchased - owed, used };
}

export async function heldBy(world: World, { services }: Side): Promise<Held> {
  return heldIn(await storedAccount(services.store, world.userId), later(world));
}

export async function deliveriesOf({ userId }: World, side: Side): Promise<Delivery[]> {
  return deliveriesIn(await itemsOf(side.services.store, userId));
}

export function deliveriesIn(found: ReadonlyMap<string, Record<string, unknown>>): Delivery[] {
  const items = [...found.values()];
  return items
    .filter(({ sk }) => String(sk).startsWith('DELIVERY#'))
    .map((item) => parseDelivery(toWire(item)));
}

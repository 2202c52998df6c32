/**
 * One user and two Postages that follow their money. On the orderly side Postage hears of everything at once. On the
 * disorderly side events come late, twice and in any order, and processes die. Both sides have the same Stripe.
 */
import type { Stripe } from 'stripe';
import { parseDelivery } from '../../../lambdas/letters/adapters/delivery-item.ts';
import { toWire } from '../../../lambdas/adapters/dynamodb/items.ts';
import { type Delivery } from '../../../lambdas/letters/domain/deliveries.ts';
import { linkFirstCustomer } from '../../../lambdas/commands/link-customer.ts';
import { type Store } from '../../../lambdas/adapters/dynamodb/store.ts';
import { type Account } from '../../../lambdas/domain/account.ts';
import { left, spent } from '../../../lambdas/domain/credits.ts';
import { sumLots } from '../../../lambdas/domain/lots.ts';
import { type Instant } from '../../../lambdas/domain/instants.ts';
import { rollForward } from '../../../lambdas/domain/roll-forward.ts';
import { EVENT_HANDLERS } from '../../../lambdas/letters/commands/stripe-event-handlers.ts';
import { processStripeEvents } from '../../support/as-deployed.ts';
import { type StripeServices } from '../../../lambdas/commands/stripe-handler.ts';
import { deliver, MortalProcess, servicesAt } from './disorder.ts';
import { type Seen, spentOnTrust } from './late-news.ts';
import { openPortal } from '../../support/owners-portal.ts';
import { ENTERPRISE, messageOf, PRO, type StandInOptions } from '../../support/payments.ts';
import { type Random } from '../../support/random.ts';
import { idOf, openStripe, type TestStripe } from '../../support/stripe.ts';
import { plentyOfTime } from '../../support/table.ts';
import { itemsOf, request, storedAccount, writeLetter } from '../../support/users.ts';
import { LETTERS } from '../../support/catalogues.ts';

/** One of the two Postages. */
export interface Side {
  services: StripeServices;
  /** It may die, or another may overtake it; null where nothing goes wrong. */
  process: MortalProcess | null;
  /** Another process that works for the same users. */
  others: StripeServices;
  /** Purchased credits that mails have taken, less those that have come back with them. */
  spentPurchased: number;
  /** Purchased credits that mails had taken, and that a larger allowance has given back. */
  givenBack: number;
  /** Its account when it last heard of something; null after a command of its own. */
  seen: Seen | null;
  /** Included credits that were spent before the side learnt that nobody has paid for them. */
  spentOnTrust: number;
  /** How many mails it has scheduled per day. A day allows 10. */
  mails: Map<string, number>;
}

/** How often each thing has happened in all sequences. */
export type Ends = Map<string, number>;

export interface World {
  stripe: TestStripe;
  userId: string;
  customerId: string;
  /** What another product of the owner's costs. */
  otherPrice: string;
  /** Several, because a letter has a limited number of open deliveries. */
  letterIds: string[];
  random: Random;
  orderly: Side;
  disorderly: Side;
  /** The disorderly side's process that may die. */
  process: MortalProcess;
  purchases: { id: string; sessionId: string; credits: number }[];
  /** A user who buys none pays by card. */
  mostPurchases: number;
  /** Deliveries that both sides were asked for. */
  deliveryIds: string[];
  /** Deliveries that only the disorderly side was asked for, before it had heard of everything. */
  ownDeliveryIds: string[];
  /** Whether the owner may delete the customer, so that another replaces it. */
  mayLoseCustomer: boolean;
  /** Whether the user also asks for something before Postage has heard of everything. */
  mayBeAlone: boolean;
  /** The user has done so: from then on the orderly side only hears events. */
  isAlone: boolean;
  /** On both sides the same uses have taken the same kinds of credits. */
  isAlike: boolean;
  news: { told: number; late: Stripe.Event[]; all: Stripe.Event[] };
  ends: Ends;
  /** How many ids have been made. */
  ids: number;
  /** Each act, followed by the events that Stripe sent. */
  trace: string[];
}

/** The same draws make the same id, because an id's shard decides what is done first. */
export function idFrom(world: World): string {
  world.ids += 1;
  return `${world.random.integer(0, 2 ** 32 - 1).toString(16)}-${String(world.ids)}`;
}

/** The letter that the newest id is for: the same on both sides. */
export function letterFor({ letterIds, ids }: World): string {
  return letterIds[ids % letterIds.length] ?? '';
}

/** What Postage has just learnt may take effect some milliseconds late. */
const LATER_MS = 500;

export function later({ stripe }: Pick<World, 'stripe'>): number {
  return stripe.clock.now() + LATER_MS;
}

export function count({ ends }: Pick<World, 'ends'>, end: string, times = 1): void {
  ends.set(end, (ends.get(end) ?? 0) + times);
}

export function sidesOf({ orderly, disorderly, isAlone }: World): Side[] {
  // The process that may die comes first, so it is the one that acts at Stripe.
  return isAlone ? [disorderly] : [disorderly, orderly];
}

function openSide(services: StripeServices, others: StripeServices, process: MortalProcess | null): Side {
  return {
    services,
    others,
    process,
    spentPurchased: 0,
    givenBack: 0,
    spentOnTrust: 0,
    seen: null,
    mails: new Map(),
  };
}

/** The two sides' tables; the disorderly one has two clients. */
export interface Stores {
  orderly: Store;
  disorderly: Store;
  /** The client of the process that may die. */
  mortal: Store;
}

async function sellOther({ stripe }: TestStripe): Promise<string> {
  const { id: product } = await stripe.products.create({ name: 'Another product' });
  const recurring = { interval: 'month' } as const;
  const price = await stripe.prices.create({ product, currency: 'usd', unit_amount: 500, recurring });
  return price.id;
}

/** How this Stripe plays what the Dashboard settles, or no documentation does. */
function anyBilling(random: Random): StandInOptions['billing'] {
  return {
    afterRetries: random.pick(['canceled', 'canceled', 'unpaid', 'past_due']),
    unpaidInvoices: random.pick(['open', 'open', 'uncollectible']),
    anchorInTrial: random.pick(['ends_trial', 'refused']),
    portalUnpaidChange: random.pick(['applied', 'refused']),
    portalWhileScheduled: random.pick(['releases', 'blocks']),
    portalDecrease: random.pick(['per_year', 'bare_amount']),
    methodWhileScheduled: random.pick(['copied', 'kept']),
  };
}

export async function openWorld(
  random: Random,
  stores: Stores,
  process: MortalProcess,
  ends: Ends,
): Promise<World> {
  const seed = random.integer(1, 2 ** 30);
  const opened = await openStripe('2026-01-31T09:00:00.000Z', { seed, billing: anyBilling(random) });
  const stripe = { ...opened, stripe: await servicesAt(opened, stores.orderly).stripe.sdk() };
  const userId = `user-${String(seed)}`;
  await openPortal(stripe.stripe);
  const { id: customerId } = await stripe.stripe.customers.create({
    metadata: { userId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const now = stripe.clock.now();
  const letterIds = [1, 2, 3, 4, 5].map((number) => `letter ${String(number)} of ${userId}`);
  const alive = servicesAt(stripe, stores.orderly);
  const orderly = openSide(alive, alive, null);
  const disorderly = openSide(
    servicesAt(stripe, stores.mortal, process.gate),
    servicesAt(stripe, stores.disorderly),
    process,
  );
  for (const { store } of [orderly.services, disorderly.services]) {
    await linkFirstCustomer(store, { userId, customerId }, now, plentyOfTime());
    for (const id of letterIds) {
      await writeLetter(store, request(userId, now, { id }));
    }
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
  return {
    stripe,
    userId,
    customerId,
    otherPrice: await sellOther(stripe),
    letterIds,
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
    ids: 0,
    trace: [],
  };
}

/** A larger allowance within a period pays for mails that purchased credits have paid for: those come back. */
async function look(world: World, side: Side): Promise<void> {
  const account = await storedAccount(side.others.store, world.userId);
  const { anchor, periodStart, toldAt, credits, subscription } = account;
  const { seen } = side;
  if (seen !== null) {
    side.spentOnTrust += spentOnTrust(seen, account);
  }
  side.seen = {
    subscription,
    anchor,
    periodStart,
    toldAt,
    included: credits.included,
    lent: spent(credits).purchased,
  };
  if (seen?.periodStart === periodStart) {
    const comeBack = Math.min(seen.lent, Math.max(0, credits.included - seen.included));
    side.givenBack += comeBack;
    count(world, 'lent credits given back', comeBack);
  }
}

async function looking(world: World, side: Side, act: () => Promise<void>): Promise<void> {
  if (side.seen === null) {
    await look(world, side);
  }
  await act();
  await look(world, side);
}

/** The orderly side hears of what has happened. The disorderly side will hear later. */
export async function hear(world: World): Promise<void> {
  const { stripe, orderly, news } = world;
  const ever = stripe.standIn.control.events();
  const happened = ever.slice(news.told);
  news.told += happened.length;
  world.trace.push(...happened.map(({ type }) => `  ${type}`));
  // Stripe sends no others to Postage.
  const events = happened.filter(({ type }) => type in EVENT_HANDLERS);
  news.all.push(...events);
  news.late.push(...events);
  const messages = events
    .filter((event) => !intentsFor(ever, world.ownDeliveryIds).has(intentIn(event)))
    .map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  if (messages.length === 0) {
    return;
  }
  await looking(world, orderly, async () => {
    const { batchItemFailures } = await processStripeEvents(orderly.services, messages);
    if (batchItemFailures.length > 0) {
      throw new Error('An event fails though nothing goes wrong.');
    }
  });
}

/** The intents of these deliveries. Disputes, and refunds by hand, name no delivery. */
function intentsFor(events: readonly Stripe.Event[], deliveryIds: readonly string[]): Set<string | null> {
  const own = events.filter(({ data: { object } }) => {
    const metadata = 'metadata' in object ? object.metadata : null;
    return deliveryIds.includes(metadata?.['deliveryId'] ?? '');
  });
  return new Set(own.map(intentIn).filter((id) => id !== null));
}

function intentIn({ data: { object } }: Stripe.Event): string | null {
  if (object.object === 'payment_intent') {
    return object.id;
  }
  const intent = 'payment_intent' in object ? object.payment_intent : null;
  return intent === null || intent === undefined ? null : idOf(intent);
}

/** Some late events come now, in any order. Another worker may hear first of what happens in between. */
export async function hearSome(world: World, act: () => Promise<void>): Promise<void> {
  const { random, news } = world;
  const now = random.shuffled(news.late).filter(() => random.happens(0.6));
  news.late = news.late.filter((event) => !now.includes(event));
  await follow(world, now, async () => {
    await act();
    await hear(world);
    await followElsewhere(world, news.late);
  });
}

/** All late events come, and some earlier ones again. */
export async function catchUp(world: World): Promise<void> {
  const { random, news } = world;
  const again = news.all.filter(() => random.happens(0.1));
  const now = random.shuffled([...news.late, ...again]);
  await follow(world, now, () => followElsewhere(world, now));
  news.late = [];
}

async function follow(
  world: World,
  now: readonly Stripe.Event[],
  meanwhile: () => Promise<void>,
): Promise<void> {
  const { disorderly, process } = world;
  if (now.length === 0) {
    return;
  }
  await looking(world, disorderly, () =>
    deliver(world, now, { services: disorderly.services, process }, async () => {
      count(world, 'overtaken');
      await look(world, disorderly);
      await meanwhile();
      await look(world, disorderly);
    }),
  );
}

/** Another worker gets some of the events too. */
async function followElsewhere(world: World, events: readonly Stripe.Event[]): Promise<void> {
  const { random, stripe, disorderly } = world;
  const some = random.shuffled(events).slice(0, random.integer(1, 5));
  const messages = some.map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  await processStripeEvents(disorderly.others, messages);
}

/** The credits of an account. */
export interface Held {
  plan: string;
  /** Carried and included credits that are left. */
  others: number;
  purchased: number;
  owed: number;
  /** Purchased credits that are left, less those that are owed. */
  net: number;
  used: number;
}

export function heldIn(stored: Account, at: Instant): Held {
  const { plan, credits } = rollForward(stored, at, LETTERS).account;
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

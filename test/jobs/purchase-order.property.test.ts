/**
 * G10 for purchases: whatever becomes of the events, and wherever the worker is stopped, the same credits are granted,
 * taken back and owed as in the orderly sequence, and as Stripe's own refunds and disputes say.
 * `POSTAGE_SEQUENCES=20000` tries more of them, `POSTAGE_SEED` one in particular.
 */
import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { randomInt, randomUUID } from 'node:crypto';
import type { Stripe } from 'stripe';
import { readAccount, writeSubscription } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { linkCustomer } from '../../lambdas/adapters/dynamodb/customers.ts';
import { createStore, type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { left } from '../../lambdas/domain/credits.ts';
import { DAY_MS, HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import { type Bundle } from '../../lambdas/domain/plans.ts';
import { type PurchaseRecord } from '../../lambdas/domain/purchases.ts';
import { processStripeEvents } from '../../lambdas/jobs/process-stripe-events.ts';
import { createTable } from '../../local/create-table.ts';
import { active } from '../support/accounts.ts';
import { deliver, type Mortal, mortalWorker, servicesAt, shuffled } from '../support/disorder.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { messageOf } from '../support/payments.ts';
import { beginPurchase, purchaseOf } from '../support/purchases.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';
import { expectClosedBooks, request, scheduleMail, writeLetter } from '../support/users.ts';

const SEQUENCES = Number(process.env['POSTAGE_SEQUENCES'] ?? 100);
const FIRST_SEED = Number(process.env['POSTAGE_SEED'] ?? randomInt(2 ** 30));
const START = '2026-01-31T09:00:00.000Z';
const MOST_ACTIONS = 30;

const table = useFaultyTable();

/** One sequence: a Stripe, and a user who is followed twice, once in order and once in disorder. */
interface World {
  stripe: TestStripe;
  stores: readonly Store[];
  userId: string;
  customerId: string;
  letterId: string;
  random: Random;
  purchases: { id: string; sessionId: string }[];
}

async function openWorld(seed: number, stores: readonly Store[]): Promise<World> {
  const stripe = await openStripe(START, { seed });
  const userId = `user-${String(seed)}-${randomUUID()}`;
  const { id: customerId } = await stripe.stripe.customers.create({ metadata: { userId } });
  const now = stripe.clock.now();
  const letterId = randomUUID();
  for (const store of stores) {
    await writeSubscription(store, userId, active({}), now, plentyOfTime());
    await linkCustomer(store, { userId, customerId, replaces: null }, now, plentyOfTime());
    await writeLetter(store, request(userId, now, { id: letterId }));
  }
  return { stripe, stores, userId, customerId, letterId, random: seededRandom(seed), purchases: [] };
}

/** A purchase has its record in both tables, and one page. */
async function begin({ stripe, stores, userId, customerId, random, purchases }: World): Promise<void> {
  const bundle = random.pick<Bundle>([5, 10, 25]);
  const id = randomUUID().replaceAll('-', '');
  for (const store of stores) {
    const shop = { store, stripe: servicesAt(stripe, store).stripe, now: stripe.clock.now() };
    const { sessionId } = await beginPurchase(shop, { userId, customerId }, bundle, id);
    purchases.push({ id, sessionId });
  }
  // Both have got the same page.
  purchases.pop();
}

/** What a user, a bank, the owner or time does next; what is not possible just now does not happen. */
async function act(world: World): Promise<void> {
  const { stripe, random, purchases } = world;
  const { control } = stripe.standIn;
  const sdk = stripe.stripe;
  const sessionId = random.pickAny(purchases)?.sessionId ?? '';
  const intent = async (): Promise<string> => {
    const { data } = await sdk.paymentIntents.list({ limit: 100 });
    return random.pickAny(data.filter(({ status }) => status === 'succeeded'))?.id ?? '';
  };
  const dispute = async (): Promise<string> =>
    random.pickAny((await sdk.disputes.list({ limit: 100 })).data)?.id ?? '';
  const pay = (paymentMethod: string): unknown => control.payCheckout(sessionId, { paymentMethod });
  const passes = (ms: number): void => stripe.moveTo(toIso(stripe.clock.now() + ms));
  const actions: [() => unknown, ...(() => unknown)[]] = [
    () => pay('pm_card_visa'),
    () => pay('pm_card_visa'),
    () => pay('pm_usBankAccount_success'),
    () => pay('pm_usBankAccount_insufficientFunds'),
    () => pay('pm_card_chargeCustomerFail'),
    () => control.expireCheckout(sessionId),
    async () => sdk.refunds.create({ payment_intent: await intent(), amount: random.integer(1, 1_400) }),
    async () => sdk.refunds.create({ payment_intent: await intent() }),
    async () => {
      const { data } = await sdk.refunds.list({ limit: 100 });
      return control.settleRefund(random.pickAny(data)?.id ?? '', random.pick(['failed', 'succeeded']));
    },
    async () =>
      control.openDispute({
        paymentIntent: await intent(),
        ...(random.happens(0.5) ? { amount: random.integer(1, 1_400) } : {}),
        status: random.pick(['needs_response', 'warning_needs_response']),
      }),
    async () => control.progressDispute(await dispute(), random.pick(['needs_response', 'under_review'])),
    async () => control.closeDispute(await dispute(), random.pick(['won', 'lost', 'warning_closed'])),
    async () => control.closeDispute(await dispute(), 'won'),
    () => passes(random.integer(1, 30) * HOUR_MS),
    () => passes(random.integer(1, 12) * DAY_MS),
  ];
  const action = random.happens(purchases.length < 4 ? 0.4 : 0.05)
    ? () => begin(world)
    : random.pick(actions);
  try {
    await action();
  } catch {
    // Stripe refuses what makes no sense as things stand.
  }
}

/** What must be the same in the end. */
async function decided(world: World, store: Store): Promise<object> {
  const { userId, purchases } = world;
  // What a write has not rolled forward yet is rolled forward in memory.
  const { account } = await readAccount(store, userId, world.stripe.clock.now(), plentyOfTime());
  const { owed, granted, used, takenBack } = account.credits;
  const records = await Promise.all(purchases.map(({ id }) => purchaseOf(store, userId, id)));
  return {
    credits: { left: left(account.credits), owed, granted, used, takenBack },
    purchases: records.map(shown),
  };
}

function shown({ status, returnedCents, creditsTaken, paymentIntentId }: PurchaseRecord): object {
  return { status, returnedCents, creditsTaken, paymentIntentId };
}

/** What Stripe's own objects say should have become of a purchase. */
async function expectAsStripeSays({ stripe, userId, purchases }: World, store: Store): Promise<void> {
  for (const { id, sessionId } of purchases) {
    const record = await purchaseOf(store, userId, id);
    const session = await stripe.stripe.checkout.sessions.retrieve(sessionId);
    expect(record.status === 'paid').toBe(session.payment_status === 'paid');
    const payment = { payment_intent: record.paymentIntentId ?? 'pi_none', limit: 100 };
    const refunds = record.status === 'paid' ? (await stripe.stripe.refunds.list(payment)).data : [];
    const disputes = record.status === 'paid' ? (await stripe.stripe.disputes.list(payment)).data : [];
    const returned = [
      ...refunds.filter(({ status }) => status !== 'failed'),
      ...disputes.filter(({ status }) => ['needs_response', 'under_review', 'lost'].includes(status)),
    ].reduce((sum, { amount }) => sum + amount, 0);
    const returnedCents = Math.min(returned, record.amountCents);
    const creditsTaken = Math.floor((record.credits * returnedCents) / record.amountCents);
    expect(record).toMatchObject({ returnedCents, creditsTaken });
  }
}

/** Both are as far as Stripe is: now credits can be spent, with the same outcome on both sides. */
async function spend(world: World): Promise<void> {
  const { stripe, stores, userId, letterId, random } = world;
  for (let mails = random.integer(1, 6); mails > 0; mails -= 1) {
    const id = randomUUID();
    const outcomes = [];
    for (const store of stores) {
      const context = request(userId, stripe.clock.now(), { id });
      outcomes.push((await scheduleMail(store, context, letterId)).outcome);
    }
    expect(outcomes[0]).toBe(outcomes[1]);
  }
}

/** Events that have happened, and those of them that the worker in disorder has not been told. */
interface News {
  told: number;
  late: Stripe.Event[];
  all: Stripe.Event[];
}

async function hear(world: World, orderly: Store, news: News): Promise<void> {
  const { stripe } = world;
  const events = stripe.standIn.control.events().slice(news.told);
  news.told += events.length;
  news.all.push(...events);
  news.late.push(...events);
  const messages = events.map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  const answer = await processStripeEvents(servicesAt(stripe, orderly), messages);
  expect(answer).toEqual({ batchItemFailures: [] });
}

async function catchUp(world: World, news: News, worker: Mortal): Promise<void> {
  const again = news.all.filter(() => world.random.happens(0.2));
  await deliver(world, shuffled(world.random, [...news.late, ...again]), worker);
  news.late = [];
}

async function play(world: World, orderly: Store): Promise<void> {
  const { stripe, random } = world;
  const worker = mortalWorker(table, stripe);
  const news: News = { told: 0, late: [], all: [] };
  const actions = random.integer(4, MOST_ACTIONS);
  for (let index = 0; index < actions; index += 1) {
    await act(world);
    await hear(world, orderly, news);
    if (random.happens(0.3)) {
      // Some come now, in any order, and the others later.
      const now = shuffled(random, news.late).filter(() => random.happens(0.6));
      news.late = news.late.filter((event) => !now.includes(event));
      await deliver(world, now, worker);
    } else if (random.happens(0.1)) {
      await catchUp(world, news, worker);
      await spend(world);
    }
  }
  await catchUp(world, news, worker);
}

describe('G10: events of purchases dropped, doubled, shuffled, and a worker stopped after any request', () => {
  it(
    `G10: lead to the same credits as the orderly ones (${SEQUENCES} from ${FIRST_SEED})`,
    async () => {
      const name = `${table.store().table}-orderly`;
      const orderly = createStore(name, { endpoint: table.endpoint(), ...LOCAL_AWS });
      await createTable(orderly.client, name);
      const seen = { paid: 0, taken: 0, owed: 0, sequences: new Set<string>() };
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEQUENCES; seed += 1) {
        const world = await openWorld(seed, [orderly, table.store()]);
        try {
          await play(world, orderly);
          const [expected, actual] = [await decided(world, orderly), await decided(world, table.store())];
          expect({ seed, decided: actual }).toEqual({ seed, decided: expected });
          await expectAsStripeSays(world, table.store());
          await expectClosedBooks(table.store(), world.userId, world.stripe.clock.now());
          const text = JSON.stringify(expected);
          seen.paid += text.includes('"paid"') ? 1 : 0;
          seen.taken += /"creditsTaken":[1-9]/.test(text) ? 1 : 0;
          seen.owed += /"owed":[1-9]/.test(text) ? 1 : 0;
          seen.sequences.add(text);
        } finally {
          await world.stripe.stop();
        }
      }
      orderly.client.destroy();
      // The sequences lead to many different ends, or nothing would have been tried.
      expect(seen.sequences.size).toBeGreaterThan(SEQUENCES / 3);
      expect(seen.paid).toBeGreaterThan(SEQUENCES / 4);
      expect(seen.taken).toBeGreaterThan(SEQUENCES / 8);
    },
    60_000 + 6_000 * SEQUENCES,
  );
});

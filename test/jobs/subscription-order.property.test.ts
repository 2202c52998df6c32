/**
 * G10 for subscriptions: whatever becomes of the events, and wherever the worker is stopped, the account ends where the
 * orderly sequence leads it. `POSTAGE_SEQUENCES=20000` tries more of them, `POSTAGE_SEED` one in particular.
 */
import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { randomInt } from 'node:crypto';
import type { Stripe } from 'stripe';
import { linkCustomer } from '../../lambdas/adapters/dynamodb/customers.ts';
import { deadlineIn } from '../../lambdas/adapters/deadline.ts';
import { createStore, type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { createPortal } from '../../lambdas/adapters/stripe/portal.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { processStripeEvents } from '../../lambdas/jobs/process-stripe-events.ts';
import { createTable } from '../../local/create-table.ts';
import { deliver, mortalWorker, servicesAt, shuffled } from '../support/disorder.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { messageOf } from '../support/payments.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';
import { actOnSubscription } from '../support/subscription-acts.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';

const SEQUENCES = Number(process.env['POSTAGE_SEQUENCES'] ?? 50);
const FIRST_SEED = Number(process.env['POSTAGE_SEED'] ?? randomInt(2 ** 30));
const START = '2026-01-31T09:00:00.000Z';
const MOST_ACTIONS = 12;

const table = useFaultyTable();

/** One sequence: a Stripe, and a user who is followed twice, once in order and once in disorder. */
interface World {
  stripe: TestStripe;
  userId: string;
  customerId: string;
  random: Random;
}

async function openWorld(seed: number): Promise<World> {
  const stripe = await openStripe(START, { seed });
  const userId = `user-${seed}`;
  const { id: customerId } = await stripe.stripe.customers.create({
    metadata: { userId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  return { stripe, userId, customerId, random: seededRandom(seed) };
}

/** What must be the same in the end, as it stands at Stripe's now and a while later. */
async function decided({ stripe, userId }: World, store: Store): Promise<object[]> {
  const stored = await readStoredAccount(store, userId, plentyOfTime());
  if (stored?.kind !== 'account') {
    throw new Error(`There is no account of ${userId}.`);
  }
  // What can't keep the open period takes effect a millisecond late.
  return [5, 3 * DAY_MS, 40 * DAY_MS].map((later) => {
    const { account } = rollForward(stored, stripe.clock.now() + later);
    const { plan, subscription, anchor, letters, emails } = account;
    const limits = [letters.used + letters.left, emails.used + emails.left];
    return { plan, subscription, anchor, limits };
  });
}

async function play(world: World, orderly: Store): Promise<void> {
  const { stripe, userId, customerId, random } = world;
  for (const store of [orderly, table.store()]) {
    const link = { userId, customerId, replaces: null };
    await linkCustomer(store, link, stripe.clock.now(), deadlineIn(20_000));
  }
  const inOrder = servicesAt(stripe, orderly);
  const inDisorder = mortalWorker(table, stripe);
  await createPortal(inOrder.stripe, inOrder.prices, 'test').open(
    customerId,
    'https://example.com',
    plentyOfTime(),
  );
  let told = 0;
  let late: Stripe.Event[] = [];
  const everything: Stripe.Event[] = [];
  const actions = random.integer(1, MOST_ACTIONS);
  for (let index = 0; index < actions; index += 1) {
    await actOnSubscription(world);
    const events = stripe.standIn.control.events().slice(told);
    told += events.length;
    everything.push(...events);
    const messages = events.map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
    expect(await processStripeEvents(inOrder, messages)).toEqual({ batchItemFailures: [] });
    late.push(...events);
    if (random.happens(0.5)) {
      // Some come now, in any order, and the others later.
      const now = shuffled(random, late).filter(() => random.happens(0.6));
      late = late.filter((event) => !now.includes(event));
      await deliver(world, now, inDisorder);
    }
  }
  const again = everything.filter(() => random.happens(0.2));
  await deliver(world, shuffled(random, [...late, ...again]), inDisorder);
}

describe('G10: events dropped, doubled, shuffled, and a worker stopped after any request', () => {
  it(
    `G10: lead to the same plan, status, limits and anchor as the orderly ones (${SEQUENCES} from ${FIRST_SEED})`,
    async () => {
      const name = `${table.store().table}-orderly`;
      const orderly = createStore(name, { endpoint: table.endpoint(), ...LOCAL_AWS });
      await createTable(orderly.client, name);
      const plans = new Set<string>();
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEQUENCES; seed += 1) {
        const world = await openWorld(seed);
        try {
          await play(world, orderly);
          const [expected, actual] = [await decided(world, orderly), await decided(world, table.store())];
          expect({ seed, decided: actual }).toEqual({ seed, decided: expected });
          plans.add(JSON.stringify(expected[0]).replaceAll(/\d{5,}|sub_\w+/g, ''));
        } finally {
          await world.stripe.stop();
        }
      }
      orderly.client.destroy();
      // The sequences lead to many different ends, or nothing would have been tried.
      expect(plans.size).toBeGreaterThan(Math.min(4, SEQUENCES / 5));
    },
    60_000 + 6_000 * SEQUENCES,
  );
});

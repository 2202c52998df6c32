/**
 * G8 with everything behind it: whatever becomes of a subscription, nothing but a mail takes a purchased credit.
 */
import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { linkCustomer } from '../../lambdas/commands/link-customer.ts';
import { createPortal } from '../../lambdas/adapters/stripe/portal.ts';
import { available, left } from '../../lambdas/domain/credits.ts';
import { type Bundle } from '../../lambdas/domain/plans.ts';
import { processStripeEvents } from '../support/as-deployed.ts';
import { servicesAt } from '../support/disorder.ts';
import { messageOf } from '../support/payments.ts';
import { beginPurchase } from '../support/purchases.ts';
import { type Random, seededRandom } from '../support/random.ts';
import { rollEverything } from '../support/rollovers.ts';
import { sequences } from '../support/sequences.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';
import { actOnSubscription } from '../support/subscription-acts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import { expectClosedBooks, request, scheduleMail, writeLetter } from '../support/users.ts';

const { count: SEQUENCES, firstSeed: FIRST_SEED } = sequences(40);
const MOST_STEPS = 40;

const table = useTable();

interface World {
  stripe: TestStripe;
  userId: string;
  customerId: string;
  letterId: string;
  random: Random;
  /** Of Stripe's events, how many Postage has heard of. */
  told: number;
  /** The purchased credits that must be left. */
  purchased: number;
  /** How many of them the open period's mails have taken. */
  lent: number;
}

async function openWorld(seed: number): Promise<World> {
  const stripe = await openStripe('2026-01-31T09:00:00.000Z', { seed });
  const userId = `user-${String(seed)}-${randomUUID()}`;
  const { id: customerId } = await stripe.stripe.customers.create({
    metadata: { userId },
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  const now = stripe.clock.now();
  const letterId = randomUUID();
  await linkCustomer(table.store(), { userId, customerId, replaces: null }, now, plentyOfTime());
  await writeLetter(table.store(), request(userId, now, { id: letterId }));
  const { stripe: connection, prices } = servicesAt(stripe, table.store());
  await createPortal(connection, prices, 'test').open(customerId, 'https://example.com', plentyOfTime());
  return { stripe, userId, customerId, letterId, random: seededRandom(seed), told: 0, purchased: 0, lent: 0 };
}

async function hear(world: World): Promise<void> {
  const { stripe } = world;
  const events = stripe.standIn.control.events().slice(world.told);
  world.told += events.length;
  const messages = events.map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  const answer = await processStripeEvents(servicesAt(stripe, table.store()), messages);
  expect(answer).toEqual({ batchItemFailures: [] });
}

async function buy(world: World): Promise<void> {
  const { stripe, random } = world;
  const bundle = random.pick<Bundle>([5, 10, 25]);
  const shop = {
    store: table.store(),
    stripe: servicesAt(stripe, table.store()).stripe,
    now: stripe.clock.now(),
  };
  const { sessionId } = await beginPurchase(shop, world, bundle);
  stripe.standIn.control.payCheckout(sessionId);
  await hear(world);
  world.purchased += bundle;
}

interface Held {
  available: number;
  purchased: number;
  /** What an upgrade raises without closing the period. */
  included: number;
  periodStart: number;
}

async function credits({ stripe, userId }: World): Promise<Held> {
  // A lesson that was learnt a moment ago may take effect a millisecond later.
  const { account } = await readAccount(table.store(), userId, stripe.clock.now() + 5, plentyOfTime());
  const { credits: held, periodStart } = account;
  return {
    available: available(held),
    purchased: left(held).purchased,
    included: held.included,
    periodStart,
  };
}

/** A mail takes a purchased credit when there is no other. */
async function send(world: World): Promise<void> {
  const { stripe, userId, letterId } = world;
  const before = await credits(world);
  const { outcome } = await scheduleMail(table.store(), request(userId, stripe.clock.now() + 5), letterId);
  if (outcome === 'created' && before.available === before.purchased) {
    world.purchased -= 1;
    world.lent += 1;
  }
}

/** A larger allowance within the period pays for the mails that purchased credits have paid for: those come back. */
function follow(world: World, before: Held & { lent: number }, after: Held): void {
  if (after.periodStart !== before.periodStart) {
    // What is left was taken in the new period.
    world.lent -= before.lent;
    return;
  }
  const comeBack = Math.min(world.lent, Math.max(0, after.included - before.included));
  world.lent -= comeBack;
  world.purchased += comeBack;
}

async function step(world: World): Promise<void> {
  const { stripe, random } = world;
  switch (random.integer(0, 9)) {
    case 0:
      return buy(world);
    case 1:
    case 2:
    case 3:
      return send(world);
    case 4:
      await rollEverything(table.store(), stripe.clock.now());
      return;
    default:
      await actOnSubscription(world);
      // Late, so that requests and nights come first.
      return random.happens(0.7) ? hear(world) : undefined;
  }
}

describe('G8: purchased credits', () => {
  it(
    `G8: are taken by nothing but a mail (${SEQUENCES} from ${FIRST_SEED})`,
    async () => {
      let spent = 0;
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEQUENCES; seed += 1) {
        const world = await openWorld(seed);
        try {
          await buy(world);
          for (let steps = world.random.integer(5, MOST_STEPS); steps > 0; steps -= 1) {
            const before = { ...(await credits(world)), lent: world.lent };
            await step(world);
            spent += world.lent > before.lent ? 1 : 0;
            const after = await credits(world);
            follow(world, before, after);
            expect({ seed, purchased: after.purchased }).toEqual({ seed, purchased: world.purchased });
          }
          const before = { ...(await credits(world)), lent: world.lent };
          await hear(world);
          const after = await credits(world);
          follow(world, before, after);
          expect({ seed, purchased: after.purchased }).toEqual({ seed, purchased: world.purchased });
          await expectClosedBooks(table.store(), world.userId, world.stripe.clock.now() + 5);
        } finally {
          await world.stripe.stop();
        }
      }
      // Some were spent, or their order would not have been tried.
      expect(spent).toBeGreaterThan(SEQUENCES / 10);
    },
    60_000 + 6_000 * SEQUENCES,
  );
});

/**
 * G9 and G10 for charges: a user, their bank, somebody who refunds by hand, Stripe's events, the reconciler and an erasure
 * act at the same time. Disputes are opened, won and lost. Their
 * processes stop anywhere, and answers are lost. Once all is over, every charge has a delivery or has gone back.
 * A seed gives the same acts; which of them overtakes another depends on the machine.
 */
import '../../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { setTimeout as wait } from 'node:timers/promises';
import type { Stripe } from 'stripe';
import { callOffDelivery } from '../../../lambdas/letters/commands/call-off-delivery.ts';
import { refundIfNeeded } from '../../../lambdas/letters/commands/refund-delivery.ts';
import { addCredits } from '../../../lambdas/commands/add-credits.ts';
import { type StepContext } from '../../../lambdas/letters/commands/take-step.ts';
import { eraseUser } from '../../support/as-deployed.ts';
import { type Delivery } from '../../../lambdas/letters/domain/deliveries.ts';
import { heldSinceOf } from '../../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS } from '../../../lambdas/domain/instants.ts';
import { type StripeServices } from '../../../lambdas/commands/stripe-handler.ts';
import {
  askForMail,
  deliveriesOf,
  givenPayer,
  type Payer,
  reconcileAt,
} from '../../support/pay-as-you-go.ts';
import { usePayments } from '../../support/payments.ts';
import { anyDraws, type Draws, type Random, randomFrom } from '../../support/random.ts';
import { sequences } from '../../support/sequences.ts';
import { plentyOfTime } from '../../support/table.ts';
import { request } from '../../support/users.ts';

const SEQUENCES = sequences(20, 60_000);
const LONGEST_WAIT_MS = 15;

const suite = usePayments('2026-03-10T09:00:00Z');

interface World {
  payer: Payer;
  random: Random;
  /** All events that Stripe has sent so far. */
  events: Stripe.Event[];
}

function now(): number {
  return suite.at().clock.now();
}

function pause({ random }: World): Promise<void> {
  return wait(random.integer(0, LONGEST_WAIT_MS));
}

/** A process that takes its time, loses answers, and may have only so many requests to Stripe before it dies. */
function someProcess(world: World): StripeServices {
  const { random } = world;
  let left = random.happens(0.4) ? random.integer(0, 8) : Infinity;
  return suite.services(async (send) => {
    left -= 1;
    await pause(world);
    const answer = left < 0 || random.happens(0.05) ? null : await send();
    await pause(world);
    return answer === null || random.happens(0.05) ? new Response('{}', { status: 500 }) : answer;
  });
}

async function askAgain(world: World): Promise<void> {
  const { payer, random } = world;
  const id = `${random.pick(['one', 'one', 'two', 'three'])} of ${payer.userId}`;
  await askForMail(someProcess(world), payer, request(payer.userId, now(), { id }));
}

async function someDelivery({ payer, random }: World): Promise<{ delivery: Delivery; step: StepContext }> {
  const delivery = random.pickAny(await deliveriesOf(suite, payer));
  if (delivery === null) {
    throw new Error('There is none yet.');
  }
  return {
    delivery,
    step: { userId: payer.userId, id: delivery.id, now: now(), deadline: plentyOfTime() },
  };
}

async function callOff(world: World): Promise<void> {
  const { step } = await someDelivery(world);
  const services = someProcess(world);
  const called = await callOffDelivery(services, step);
  if (called.outcome === 'changed' || called.outcome === 'unchanged') {
    await refundIfNeeded(services, step, called.delivery);
  }
}

async function authenticate(world: World): Promise<void> {
  const { delivery } = await someDelivery(world);
  const intentId = delivery.payment?.intentId ?? '';
  suite.at().standIn.control.authenticate(intentId, world.random.happens(0.7));
}

async function followSome(world: World): Promise<void> {
  const { events, random } = world;
  events.push(...suite.newEvents());
  const told = random.happens(0.7) ? events : events.filter(() => random.happens(0.5));
  await suite.follow(told, someProcess(world));
}

async function closeDisputes({ random }: World): Promise<void> {
  const { data } = await suite.stripe().disputes.list({ limit: 100 });
  for (const { id, status } of data) {
    if (status === 'needs_response') {
      suite.at().standIn.control.closeDispute(id, random.pick(['won', 'lost']));
    }
  }
}

async function someCharge({ payer, random }: World): Promise<Stripe.Charge> {
  const { data } = await suite.stripe().charges.list({ customer: payer.customerId, limit: 100 });
  const charge = random.pickAny(data.filter(({ status }) => status === 'succeeded'));
  if (charge === null) {
    throw new Error('There is none yet.');
  }
  return charge;
}

/** Somebody refunds in the Dashboard, all that is left or a part of it. */
async function refundByHand(world: World): Promise<void> {
  const charge = await someCharge(world);
  const left = charge.amount - charge.amount_refunded;
  const amount = world.random.happens(0.5) ? left : world.random.integer(1, left);
  await suite.stripe().refunds.create({ charge: charge.id, amount });
}

async function openDispute(world: World): Promise<void> {
  const charge = await someCharge(world);
  suite
    .at()
    .standIn.control.openDispute({ charge: charge.id, amount: charge.amount - charge.amount_refunded });
}

function erase({ payer }: World): Promise<{ outcome: string }> {
  return eraseUser(suite.store(), payer.userId, now(), plentyOfTime());
}

/** What somebody does next. Nothing happens where it is not possible just now. */
async function act(world: World): Promise<void> {
  const { payer, random } = world;
  const credit = { amount: 1, reason: 'a gift', actor: 'owner' };
  const ask = (): Promise<void> => askAgain(world);
  const action = random.pick<() => Promise<unknown>>([
    ask,
    ask,
    ask,
    () => callOff(world),
    () => callOff(world),
    () => authenticate(world),
    () => followSome(world),
    () => followSome(world),
    () => reconcileAt(suite, now() + (random.happens(0.4) ? DAY_MS : 0), someProcess(world)),
    () => addCredits(suite.store(), request(payer.userId, now()), credit),
    () => (random.happens(0.5) ? closeDisputes(world) : Promise.resolve()),
    () => (random.happens(0.5) ? refundByHand(world) : Promise.resolve()),
    () => (random.happens(0.5) ? openDispute(world) : Promise.resolve()),
    () => (random.happens(0.3) ? erase(world) : Promise.resolve()),
  ]);
  await action().catch(() => null);
}

/** Postage hears of everything, and a day later the reconciler runs. */
async function settle(world: World): Promise<void> {
  suite.proxy().reset();
  await closeDisputes(world);
  // For a day, Stripe answers a key that it refused with the same refusal.
  suite.at().moveTo(new Date(now() + DAY_MS).toISOString());
  for (let times = 0; times < 2; times += 1) {
    world.events.push(...suite.newEvents());
    expect(await suite.follow(world.events)).toEqual([]);
    const { failures } = await reconcileAt(suite, now());
    expect(failures.filter(({ key }) => key.startsWith(`USER#${world.payer.userId} `))).toEqual([]);
  }
}

async function expectSettled({ payer: { customerId, ...payer } }: World): Promise<void> {
  const { data: charges } = await suite.stripe().charges.list({ customer: customerId, limit: 100 });
  const { data: disputes } = await suite.stripe().disputes.list({ limit: 100 });
  const lost = new Set(disputes.filter(({ status }) => status === 'lost').map(({ charge }) => charge));
  const taken = charges.filter(({ status }) => status === 'succeeded');
  const deliveries = await deliveriesOf(suite, { customerId, ...payer });
  const scheduled = new Set(deliveries.filter(({ status }) => status === 'scheduled').map(({ id }) => id));
  const charged = taken.map(({ metadata }) => metadata['deliveryId'] ?? '');
  expect(charged).toHaveLength(new Set(charged).size);
  expect(charged).toEqual(expect.arrayContaining([...scheduled]));
  for (const { id, metadata, refunded } of taken) {
    const isScheduled = scheduled.has(metadata['deliveryId'] ?? '');
    const isBack = refunded || lost.has(id);
    expect({ id, isSettled: isScheduled !== isBack }).toEqual({ id, isSettled: true });
  }
  for (const delivery of deliveries) {
    expect(delivery).not.toMatchObject({ status: 'pending_payment' });
    expect(delivery).not.toMatchObject({ refund: 'needed' });
    expect(heldSinceOf(delivery)).toBeNull();
  }
}

interface Course {
  opening: Draws;
  /** The acts of a round happen at the same time. */
  rounds: Draws[][];
}

const anyCourse: fc.Arbitrary<Course> = fc.noBias(
  fc.record({
    opening: anyDraws(4_096),
    rounds: fc.array(fc.array(anyDraws(512), { maxLength: 5 }), { maxLength: 10, size: 'max' }),
  }),
);

async function play({ opening, rounds }: Course): Promise<void> {
  const random = randomFrom(opening);
  const card = random.pick([
    'pm_card_visa',
    'pm_card_visa',
    'pm_card_authenticationRequired',
    'pm_card_chargeCustomerFail',
    'pm_card_createDispute',
    null,
  ]);
  const world: World = { payer: await givenPayer(suite, card), random, events: [] };
  suite.proxy().inject(() => {
    if (random.happens(0.03)) {
      return { fault: 'lose the answer' };
    }
    return random.happens(0.5) ? { fault: 'wait', until: () => pause(world) } : null;
  });
  for (const round of rounds) {
    await Promise.all(round.map((draws) => act({ ...world, random: randomFrom(draws) })));
  }
  await settle(world);
  await expectSettled(world);
}

describe('charges in disorder', () => {
  // One test per seed, because each test begins with a Stripe of its own.
  const seeds = Array.from({ length: SEQUENCES.numRuns }, (_, index) => SEQUENCES.seed + index);

  it.each(seeds)(
    'G9, G10: end in a delivery or a refund each (seed %i)',
    async (seed) => {
      await fc.assert(fc.asyncProperty(anyCourse, play), { ...SEQUENCES, seed, numRuns: 1 });
    },
    SEQUENCES.interruptAfterTimeLimit + 60_000,
  );
});

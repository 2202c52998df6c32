import { describe, expect, it } from '@jest/globals';
import { Logger } from '@aws-lambda-powertools/logger';
import { randomUUID } from 'node:crypto';
import { mapConcurrently } from '../../lambdas/runtime/concurrency.ts';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { parseDelivery } from '../../lambdas/letters/adapters/delivery-item.ts';
import { takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { reconcile } from '../support/as-deployed.ts';
import { type DeliveryAnswer } from '../../lambdas/letters/adapters/answers.ts';
import { NothingTakenError, type Send } from '../../lambdas/letters/adapters/senders/provider.ts';
import { type Delivery, type PostalRecipient } from '../../lambdas/letters/domain/deliveries.ts';
import {
  answerDelivery,
  cancelDelivery,
  isOpenDelivery,
} from '../../lambdas/letters/domain/delivery-life.ts';
import { HOUR_MS } from '../../lambdas/domain/instants.ts';
import { type DueAttempt, sendDelivery } from '../../lambdas/letters/commands/send-delivery.ts';
import { active, at, availableTo } from '../support/accounts.ts';
import { type Injector } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { type Random, seededRandom } from '../support/random.ts';
import {
  expectClosedBooks,
  givenSubscriberWithLetter,
  itemsOf,
  request,
  scheduleMail,
  storedAccount,
} from '../support/users.ts';

const table = useFaultyTable();
const logger = new Logger({ logLevel: 'SILENT' });
const NOW = '2026-03-10';
const MAILS = 8;

interface World {
  random: Random;
  userId: string;
  letterId: string;
  now: number;
  /** How often the provider has taken each delivery, without the repetitions that it recognized. */
  sent: Map<string, number>;
  answers: DeliveryAnswer[];
}

async function givenWorld(seed: number): Promise<World> {
  const plan = active({ plan: 'enterprise', anchor: '2026-03-01' });
  const user = await givenSubscriberWithLetter(table.store(), plan, NOW);
  for (let count = 0; count < MAILS; count += 1) {
    await scheduleMail(table.store(), request(user.userId, NOW), user.letterId);
  }
  return { random: seededRandom(seed), ...user, now: at('2026-03-11'), sent: new Map(), answers: [] };
}

async function deliveriesOf({ userId }: World): Promise<Delivery[]> {
  const items = [...(await itemsOf(table.store(), userId)).values()];
  return items
    .filter(({ sk }) => String(sk).startsWith('DELIVERY#'))
    .map((item) => parseDelivery(toWire(item)));
}

/** A provider like Lob: it recognizes a delivery. It hangs, refuses, and loses its answer after taking a delivery. */
function badProvider({ random, sent }: World): Send<PostalRecipient> {
  return async ({ deliveryId }) => {
    if (random.happens(0.15)) {
      throw new NothingTakenError('busy');
    }
    if (random.happens(0.1)) {
      return { outcome: 'rejected', failure: 'rejected' };
    }
    sent.set(deliveryId, 1);
    if (random.happens(0.25)) {
      throw new Error('The process was killed.');
    }
    return { outcome: 'accepted', providerId: `letter of ${deliveryId}` };
  };
}

/** Nothing works from some request on, as when a process is killed. Before that, some answers are lost. */
function stopsAnywhere({ random }: World): Injector {
  let left = random.integer(3, 60);
  return () => {
    left -= 1;
    if (left < 0) {
      return { fault: 'answer', status: 400, body: { __type: 'x#ValidationException', message: 'stopped' } };
    }
    return random.happens(0.1) ? { fault: 'lose the answer' } : null;
  };
}

const ignored = (): undefined => undefined;

/** What the bus brings: each event never, once or several times, in any order. */
function repeated<Item>(random: Random, items: readonly Item[]): Item[] {
  const told = items.flatMap((item) => Array.from({ length: random.integer(0, 3) }, () => item));
  return told
    .map((item) => ({ item, place: random.integer(0, 1_000_000) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

async function send(world: World, provider: Send<PostalRecipient>, due: DueAttempt): Promise<void> {
  const context = { claimId: randomUUID(), now: world.now, deadline: deadlineIn(5_000), logger };
  const answer = await sendDelivery(table.faultyStore(), 'mail', provider, due, context).catch(ignored);
  if (answer !== undefined && answer !== null) {
    world.answers.push(answer);
  }
}

async function apply({ now, userId }: World, answer: DeliveryAnswer): Promise<void> {
  const context = { userId, id: answer.deliveryId, now, deadline: deadlineIn(5_000) };
  await takeStep(table.faultyStore(), context, (delivery) => answerDelivery(delivery, answer, now)).catch(
    ignored,
  );
}

async function cancelSome({ random, now, userId }: World, deliveries: readonly Delivery[]): Promise<void> {
  for (const { id } of deliveries.filter(() => random.happens(0.1))) {
    const context = { userId, id, now, deadline: deadlineIn(5_000) };
    await takeStep(table.faultyStore(), context, (delivery) => cancelDelivery(delivery, now)).catch(ignored);
  }
}

/** Reconciler, senders and answers run, and each is stopped somewhere. */
async function liveOn(world: World): Promise<void> {
  table.proxy().inject(stopsAnywhere(world));
  const before = await deliveriesOf(world);
  await Promise.all([
    cancelSome(world, before),
    reconcile(table.faultyStore(), world.now, deadlineIn(10_000)).catch(ignored),
  ]);
  const provider = badProvider(world);
  const due = (await deliveriesOf(world)).flatMap((delivery) =>
    delivery.status === 'dispatched'
      ? [{ userId: world.userId, deliveryId: delivery.id, attempt: delivery.dispatch.attempts }]
      : [],
  );
  await mapConcurrently(repeated(world.random, due), 4, (attempt) => send(world, provider, attempt));
  // All answers so far, old ones too.
  await mapConcurrently(repeated(world.random, world.answers), 4, (answer) => apply(world, answer));
  world.now += world.random.integer(HOUR_MS / 2, 20 * HOUR_MS);
}

describe('deliveries whose reconciler, senders and answers are stopped anywhere, doubled and lost', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'G4, G11, G12: come to their end all the same, with the books closed (seed %i)',
    async (seed) => {
      const world = await givenWorld(seed);
      let deliveries = await deliveriesOf(world);
      for (let rounds = 0; rounds < 100 && deliveries.some(isOpenDelivery); rounds += 1) {
        await liveOn(world);
        deliveries = await deliveriesOf(world);
      }
      table.proxy().reset();

      expect(deliveries.filter(isOpenDelivery)).toEqual([]);
      const isSent = ({ status }: Delivery): boolean => status === 'sent';
      expect(availableTo(await storedAccount(table.store(), world.userId))).toBe(
        10 - deliveries.filter(isSent).length,
      );
      // What counts as sent has been sent; what was cancelled never has.
      expect(deliveries.filter((delivery) => isSent(delivery) && !world.sent.has(delivery.id))).toEqual([]);
      expect(deliveries.filter(({ status, id }) => status === 'cancelled' && world.sent.has(id))).toEqual([]);
      const items = await itemsOf(table.store(), world.userId);
      expect(items.get(`LETTER#${world.letterId}`)).not.toHaveProperty('openDeliveries');
      expect([...items.values()].filter((item) => 'dueAt' in item && item['sk'] !== 'ACCOUNT')).toEqual([]);
      await expectClosedBooks(table.store(), world.userId, world.now);
    },
  );
});

describe('a sender that is told of the same attempt again', () => {
  it('acts once, however often and through however many workers it is told', async () => {
    const world = await givenWorld(1);
    await reconcile(table.store(), world.now, deadlineIn(20_000));
    let times = 0;
    const provider: Send<PostalRecipient> = async ({ deliveryId }) => {
      times += 1;
      return { outcome: 'accepted', providerId: deliveryId };
    };
    const due = (await deliveriesOf(world)).map(({ id }) => ({
      userId: world.userId,
      deliveryId: id,
      attempt: 1,
    }));
    const told = [...due, ...due, ...due, ...due];
    await mapConcurrently(told, 16, (attempt) => send(world, provider, attempt));
    expect(times).toBe(MAILS);
  });

  it('answers again, without sending, once the provider has taken it', async () => {
    const world = await givenWorld(1);
    await reconcile(table.store(), world.now, deadlineIn(20_000));
    const [delivery] = await deliveriesOf(world);
    const due = { userId: world.userId, deliveryId: delivery?.id ?? '', attempt: 1 };
    await send(world, async () => ({ outcome: 'accepted', providerId: 'p1' }), due);
    await send(world, async () => Promise.reject(new Error('It sends again.')), due);
    expect(world.answers).toEqual([
      { ...due, result: 'sent', providerId: 'p1' },
      { ...due, result: 'sent', providerId: 'p1' },
    ]);
  });

  it('whose provider takes nothing gives the attempt back; one that has lost the answer keeps it', async () => {
    const world = await givenWorld(1);
    await reconcile(table.store(), world.now, deadlineIn(20_000));
    const [one, other] = await deliveriesOf(world);
    const due = (delivery: Delivery | undefined): DueAttempt => ({
      userId: world.userId,
      deliveryId: delivery?.id ?? '',
      attempt: 1,
    });
    await send(world, async () => Promise.reject(new NothingTakenError('busy')), due(one));
    await send(world, async () => Promise.reject(new Error('timed out')), due(other));
    const asked: string[] = [];
    const provider: Send<PostalRecipient> = async ({ deliveryId }) => {
      asked.push(deliveryId);
      return { outcome: 'accepted', providerId: 'p1' };
    };
    await send(world, provider, due(one));
    await send(world, provider, due(other));
    expect(asked).toEqual([one?.id]);
  });
});

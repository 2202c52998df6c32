import { LETTERS } from '../support/catalogues.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { mapConcurrently } from '../../lambdas/runtime/concurrency.ts';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { deliveryItem, parseDelivery } from '../../lambdas/letters/adapters/delivery-item.ts';
import { DueQueue } from '../../lambdas/adapters/dynamodb/due-queue.ts';
import { DUE_SHARDS } from '../../lambdas/adapters/dynamodb/table-schema.ts';
import { toWire, type WireItem } from '../../lambdas/adapters/dynamodb/items.ts';
import { reconcile, type Reconciliation } from '../support/as-deployed.ts';
import { type Delivery, type DeliveryLife } from '../../lambdas/letters/domain/deliveries.ts';
import { answerTimeMs } from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS, HOUR_MS } from '../../lambdas/domain/instants.ts';
import { at } from '../support/accounts.ts';
import { deliveryWith, givenDispatch, givenLife } from '../support/delivery-lives.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { createTable } from '../../local/create-table.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';

const faulty = useFaultyTable();
/** With the SDK's retries: loading 100,000 deliveries keeps the database busy. */
let client: DynamoDBClient | null = null;
/** A table for each test. */
let name = '';

function table(): Store {
  if (client === null) {
    throw new Error('The table is there once the test has begun.');
  }
  return { client, table: name, catalogue: LETTERS };
}

const NOW = at('2026-03-10T09:00Z');
const TEN_YEARS_MS = 10 * 365 * DAY_MS;

async function put(deliveries: readonly Delivery[]): Promise<void> {
  const items = deliveries.map((delivery, index) =>
    deliveryItem(index < 10 ? 'user' : `user ${Math.floor(index / 10)}`, delivery, 'a body'),
  );
  const batches = Array.from({ length: Math.ceil(items.length / 25) }, (_, index) =>
    items.slice(25 * index, 25 * (index + 1)),
  );
  await mapConcurrently(batches, 8, (batch) =>
    table().client.send(
      new BatchWriteItemCommand({
        RequestItems: { [name]: batch.map((Item) => ({ PutRequest: { Item } })) },
      }),
    ),
  );
}

/** E-mails, so that nothing but the deliveries themselves is needed. */
function emails(count: number, deliverAt: (index: number) => number, life?: DeliveryLife): Delivery[] {
  return Array.from({ length: count }, (_, index) =>
    deliveryWith(
      { channel: 'email', paidWith: 'none', id: `${count}-${index}`, deliverAt: deliverAt(index) },
      life,
    ),
  );
}

async function run(options: { now?: number; timeMs?: number } = {}): Promise<Reconciliation> {
  const { now = NOW, timeMs = 120_000 } = options;
  return reconcile({ ...faulty.faultyStore(), table: name }, now, deadlineIn(timeMs));
}

async function allItems(): Promise<WireItem[]> {
  const items: WireItem[] = [];
  let start: WireItem | undefined;
  do {
    const page = await table().client.send(
      new ScanCommand({ TableName: name, ConsistentRead: true, ExclusiveStartKey: start }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

beforeEach(async () => {
  name = `reconciliation-${randomUUID()}`;
  client ??= new DynamoDBClient({ endpoint: faulty.endpoint(), ...LOCAL_AWS });
  await createTable(client, name);
});

afterAll(() => client?.destroy());

describe('what is due', () => {
  it('is dispatched with the longest overdue first, out of all shards', async () => {
    await put(emails(600, (index) => NOW - ((index * 7919) % 600) * 1_000));
    await put(emails(50, (index) => NOW + 1 + index));
    const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => shard);
    const queue = new DueQueue(table(), shards, NOW);
    const taken: string[] = [];
    for (;;) {
      const keys = await queue.take(100, plentyOfTime());
      if (keys.length === 0) {
        break;
      }
      taken.push(...keys.map(({ sk }) => sk?.S ?? ''));
    }
    const dueAt = new Map(
      emails(600, (index) => NOW - ((index * 7919) % 600) * 1_000).map(({ id, deliverAt }) => [
        `DELIVERY#${id}`,
        deliverAt,
      ]),
    );
    const times = taken.map((sk) => dueAt.get(sk) ?? NaN);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(new Set(taken).size).toBe(600);
  });

  it('is dispatched in one run, even 2,000 at one instant', async () => {
    await put(emails(2_000, () => NOW));
    const done = await run();
    expect(done).toMatchObject({ outcomes: { dispatched: 2_000 }, failures: [], isFinished: true });
    const items = (await allItems()).map(parseDelivery);
    const isHandedOver = (delivery: Delivery): boolean =>
      delivery.status === 'dispatched' &&
      delivery.dispatch.attempts === 1 &&
      delivery.dispatch.nextTryAt === NOW + HOUR_MS;
    expect(items.filter(isHandedOver)).toHaveLength(2_000);
    // Again, and by several at once: nothing is left to do.
    const again = await Promise.all([run(), run({ now: NOW + 1 })]);
    expect(again.map(({ outcomes }) => outcomes)).toEqual([{}, {}]);
  });

  it('is shared by runs of which each has a part of the shards', async () => {
    await put(emails(100, () => NOW));
    const store = { ...faulty.faultyStore(), table: name };
    const parts = [0, 1, 2].map((index) => ({ index, of: 3 }));
    const done = await Promise.all(
      parts.map((part) => reconcile(store, NOW, plentyOfTime(), undefined, part)),
    );
    const dispatched = done.map(({ outcomes }) => outcomes.dispatched ?? 0);
    expect(dispatched.reduce((sum, each) => sum + each)).toBe(100);
    expect(Math.min(...dispatched)).toBeGreaterThan(0);
    expect((await run()).outcomes).toEqual({});
  });

  it('is dispatched once by runs at the same time', async () => {
    await put(emails(300, () => NOW));
    const runs = await Promise.all([run(), run(), run({ now: NOW + 5 })]);
    const dispatched = runs.reduce((sum, { outcomes }) => sum + (outcomes.dispatched ?? 0), 0);
    expect(dispatched).toBe(300);
    const attempts = (await allItems()).map(parseDelivery).map((delivery) => {
      return delivery.status === 'dispatched' ? delivery.dispatch.attempts : 0;
    });
    expect(new Set(attempts)).toEqual(new Set([1]));
  });

  it('is left to the next run when the time runs out', async () => {
    await put(emails(300, (index) => NOW - index));
    faulty
      .proxy()
      .inject(() => ({ fault: 'wait', until: () => new Promise((resolve) => setTimeout(resolve, 50)) }));
    const first = await run({ timeMs: 5_200 });
    expect(first.isFinished).toBe(false);
    const done = first.outcomes.dispatched ?? 0;
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(300);
    faulty.proxy().reset();
    // The longest overdue have gone first.
    const left = (await allItems()).map(parseDelivery).filter(({ status }) => status === 'scheduled');
    expect(Math.min(...left.map(({ deliverAt }) => deliverAt))).toBe(NOW - (300 - done) + 1);
    expect(await run()).toMatchObject({ outcomes: { dispatched: 300 - done }, isFinished: true });
  });
});

describe('what has not been answered', () => {
  it('is handed over again, and fails after the last time', async () => {
    const life = (attempts: number): DeliveryLife => ({
      status: 'dispatched',
      dispatch: givenDispatch({ attempts, lastDispatchedAt: NOW - DAY_MS, nextTryAt: NOW }),
    });
    for (const attempts of [1, 2, 8]) {
      const [email] = emails(1, () => NOW - DAY_MS, life(attempts));
      await put(email === undefined ? [] : [{ ...email, id: `after ${attempts}` }]);
    }
    const letter = toWire({ pk: 'USER#user', sk: 'LETTER#l1', openDeliveries: new Set(['after 8']) });
    await table().client.send(new PutItemCommand({ TableName: name, Item: letter }));
    const done = await run();
    expect(done.failures).toEqual([]);
    expect(done.outcomes).toEqual({ dispatched_again: 1, dispatched_once_more: 1, given_up: 1 });
    const deliveries = (await allItems())
      .filter(({ sk }) => sk?.S?.startsWith('DELIVERY#'))
      .map(parseDelivery);
    const shown = deliveries.map((delivery) => [
      delivery.id,
      delivery.status === 'dispatched' ? delivery.dispatch.nextTryAt - NOW : delivery.status,
    ]);
    expect(Object.fromEntries(shown)).toEqual({
      'after 1': answerTimeMs(2),
      'after 2': answerTimeMs(3),
      'after 8': 'failed',
    });
  });

  it('waits for payments to settle; what the run does not understand is reported', async () => {
    const email = { channel: 'email', paidWith: 'card' } as const;
    await put([
      deliveryWith({ ...email, id: 'unpaid', createdAt: NOW - DAY_MS }, { status: 'pending_payment' }),
      deliveryWith(
        { ...email, id: 'unrefunded' },
        { status: 'cancelled', cancelledAt: NOW - 1, refund: 'needed' },
      ),
      deliveryWith({ ...email, id: 'ended' }, givenLife('sent', NOW)),
    ]);
    for (const item of [
      { pk: 'USER#user', sk: 'LETTER#l', dueShard: 'DUE#0', dueAt: NOW },
      { pk: 'USER#user', sk: 'DELIVERY#broken', dueShard: 'DUE#7', dueAt: NOW, status: 'scheduled' },
    ]) {
      await table().client.send(new PutItemCommand({ TableName: name, Item: toWire(item) }));
    }
    const done = await run();
    expect(done.outcomes).toEqual({ waiting: 2, failed: 2 });
    expect(done.failures.map(({ key }) => key).sort()).toEqual([
      'USER#user DELIVERY#broken',
      'USER#user LETTER#l',
    ]);
  });
});

describe('what a run costs', () => {
  it.each([1_000, 100_000])(
    'goes by what is due: 16 queries, and a write for each of 50, of %i scheduled over ten years',
    async (scheduled) => {
      const due = 50;
      const later = scheduled - due;
      await put(emails(later, (index) => NOW + 1 + Math.floor(((index + 1) / later) * TEN_YEARS_MS)));
      await put(emails(due, (index) => NOW - index));
      faulty.proxy().reset();
      expect(await run()).toMatchObject({ outcomes: { dispatched: due }, isFinished: true });
      expect(faulty.proxy().requests()).toEqual({ Query: 16, BatchGetItem: 1, UpdateItem: due });
    },
    300_000,
  );
});

import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { listAuditRecords } from '../../lambdas/adapters/dynamodb/audit.ts';
import { deliveryItem } from '../../lambdas/letters/adapters/delivery-item.ts';
import { getDelivery } from '../../lambdas/letters/adapters/records.ts';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import { DAY_MS, HOUR_MS, toIso, utcDay } from '../../lambdas/domain/instants.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { deliveryWith, givenDispatch } from '../support/delivery-lives.ts';
import { LOCAL_AWS, plentyOfTime, useTable } from '../support/table.ts';

const table = useTable();
let reconcile: typeof import('../../lambdas/letters/jobs/reconciler.ts').handler;
let answer: (event: SQSEvent) => Promise<SQSBatchResponse>;
let now = Date.UTC(2026, 2, 1, 9);

beforeAll(async () => {
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint(),
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    // Metrics go to the console that the test can see.
    POWERTOOLS_DEV: 'true',
    POWERTOOLS_METRICS_DISABLED: 'false',
    [VARIABLES.table]: table.store().table,
    [VARIABLES.catalogueSince]: '0',
    [VARIABLES.stage]: 'test',
    [VARIABLES.stripeSecretId]: 'none',
  });
  ({ handler: reconcile } = await import('../../lambdas/letters/jobs/reconciler.ts'));
  ({ handler: answer } = await import('../../lambdas/letters/jobs/delivery-answers.ts'));
});

/** Nothing of earlier tests is due, and each test has a day of its own. */
beforeEach(async () => {
  const { client, table: name } = table.store();
  const { Items = [] } = await client.send(new ScanCommand({ TableName: name, ConsistentRead: true }));
  for (const { pk = { S: '' }, sk = { S: '' } } of Items.filter((item) => item['dueAt'] !== undefined)) {
    await client.send(new DeleteItemCommand({ TableName: name, Key: { pk, sk } }));
  }
  now += 2 * DAY_MS;
});

async function put(delivery: Delivery): Promise<void> {
  const { client, table: name } = table.store();
  await client.send(new PutItemCommand({ TableName: name, Item: deliveryItem('user', delivery, 'body') }));
}

/** E-mails whose sender has not answered. */
async function givenStuck(count: number, attempts = 1): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const dispatch = givenDispatch({ attempts, lastDispatchedAt: now - HOUR_MS, nextTryAt: now });
    const about = { channel: 'email', paidWith: 'none', id: randomUUID(), deliverAt: now - HOUR_MS } as const;
    await put(deliveryWith(about, { status: 'dispatched', dispatch }));
  }
}

async function givenDue(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const about = { channel: 'email', paidWith: 'none', id: randomUUID(), deliverAt: now } as const;
    await put(deliveryWith(about));
  }
}

/** The metrics of a run, as its log has them. */
async function run(): Promise<{
  summary: Awaited<ReturnType<typeof reconcile>>;
  metrics: Record<string, unknown>;
}> {
  const log = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  const summary = await reconcile({ now: toIso(now) });
  const metrics = log.mock.calls.map(([line]) => JSON.parse(String(line)) as Record<string, unknown>);
  log.mockRestore();
  return { summary, metrics: Object.assign({}, ...metrics) as Record<string, unknown> };
}

async function auditOfDay(): Promise<unknown[]> {
  const page = { limit: 10, after: null };
  const query = { day: utcDay(now), type: 'DeliveriesStuck' } as const;
  return (await listAuditRecords(table.store(), query, page, plentyOfTime())).items;
}

describe('a run of the reconciler', () => {
  it('without anything due says that it ran', async () => {
    const { summary, metrics } = await run();
    expect(summary).toMatchObject({ totalProcessed: 0, errorRate: 0, isFinished: true });
    expect(metrics).toMatchObject({ ReconcilerRuns: 1, DeliveriesStuck: 0, stage: 'test' });
    expect(metrics).not.toHaveProperty('DeliveriesStuckPercentOfDay');
  });

  it('tells how many were handed over, and how many per cent of the day’s are stuck', async () => {
    await givenDue(7);
    expect((await run()).metrics).toMatchObject({ DeliveriesDispatched: 7, DeliveriesStuckPercentOfDay: 0 });
    now += HOUR_MS + 1;
    await givenDue(13);
    await givenStuck(1, 3);
    // Seven of the first run are stuck by now, of twenty; the other one was counted on another day.
    const { summary, metrics } = await run();
    expect(summary).toMatchObject({ dispatched: 13, stuck: 8, newlyStuck: 7 });
    expect(metrics).toMatchObject({ DeliveriesStuck: 8, DeliveriesStuckPercentOfDay: 35 });
  });

  it.each([
    [10, 0],
    [11, 1],
  ])('that meets %i stuck at once writes %i audit records', async (stuck, records) => {
    await givenStuck(stuck);
    expect((await run()).summary).toMatchObject({ stuck });
    const audited = await auditOfDay();
    expect(audited).toHaveLength(records);
    expect(audited).toMatchObject(
      Array.from({ length: records }, () => ({ actor: 'postage:reconciler', data: { stuck: 11 } })),
    );
  });

  it.each([{}, { now: 'soon' }, { now: toIso(0), timeMs: 10 }, null])('is refused as %j', async (event) => {
    await expect(reconcile(event)).rejects.toThrow();
  });
});

function eventOf(...bodies: unknown[]): SQSEvent {
  const Records = bodies.map((body, index) => ({
    messageId: `m${index}`,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { SentTimestamp: String(now), ApproximateReceiveCount: '1' },
  }));
  return { Records } as unknown as SQSEvent;
}

function answerOf(type: string, detail: object): object {
  return { source: 'postage.sender', 'detail-type': type, detail };
}

describe('answers of senders', () => {
  async function givenDispatched(): Promise<string> {
    const { client, table: name } = table.store();
    const id = randomUUID();
    const letter = { pk: { S: 'USER#user' }, sk: { S: `LETTER#${id}` }, openDeliveries: { SS: [id] } };
    await client.send(new PutItemCommand({ TableName: name, Item: letter }));
    const about = { channel: 'email', paidWith: 'none', id, letterId: id } as const;
    await put(deliveryWith(about, { status: 'dispatched', dispatch: givenDispatch() }));
    return id;
  }

  async function stored(id: string): Promise<Delivery | null> {
    return getDelivery(table.store(), 'user', id, plentyOfTime());
  }

  it('are applied, and repeated ones are no failure', async () => {
    const [sent, failed] = [await givenDispatched(), await givenDispatched()];
    const answers = [
      answerOf('DeliverySent', { userId: 'user', deliveryId: sent, attempt: 1, providerId: 'p1' }),
      answerOf('DeliveryFailed', { userId: 'user', deliveryId: failed, attempt: 1, failure: 'no_stamp' }),
    ];
    expect(await answer(eventOf(...answers, ...answers))).toEqual({ batchItemFailures: [] });
    expect(await stored(sent)).toMatchObject({ status: 'sent', sentAt: now, dispatch: { providerId: 'p1' } });
    expect(await stored(failed)).toMatchObject({ status: 'failed', failure: 'no_stamp' });
  });

  /** An event of SES's, as EventBridge brings it. */
  function sesEvent(id: string, type: string, about: object, messageId = 'p1', user = 'user'): object {
    const tags = {
      'ses:configuration-set': ['postage'],
      'postage-delivery': [id],
      'postage-user': [Buffer.from(user).toString('base64url')],
    };
    return { source: 'aws.ses', 'detail-type': type, detail: { ...about, mail: { messageId, tags } } };
  }

  const bounced = (bounceType: string, action?: string) => ({
    bounce: { bounceType, bouncedRecipients: [{ emailAddress: 'ada@example.com', action }] },
  });

  it.each([
    ['bounced for good', 'Email Bounced', bounced('Permanent', 'failed'), 'failed: bounced'],
    ['bounced until SES gave up', 'Email Bounced', bounced('Transient', 'failed'), 'failed: bounced'],
    ['is answered by a vacation', 'Email Bounced', bounced('Transient'), 'sent'],
    ['is called spam', 'Email Complaint Received', { complaint: {} }, 'failed: complained'],
    ['had a virus', 'Email Rejected', { reject: {} }, 'failed: rejected'],
  ])('an e-mail that %s', async (_what, type, about, end) => {
    const id = await givenDispatched();
    const sent = answerOf('DeliverySent', { userId: 'user', deliveryId: id, attempt: 1, providerId: 'p1' });
    const report = sesEvent(id, type, about);
    expect(await answer(eventOf(sent, report, report))).toEqual({ batchItemFailures: [] });
    const delivery = await stored(id);
    const failure = delivery?.status === 'failed' ? `: ${delivery.failure}` : '';
    expect(`${delivery?.status ?? ''}${failure}`).toBe(end);
  });

  it('reports about another letter, or about nobody, change nothing', async () => {
    const id = await givenDispatched();
    const sent = answerOf('DeliverySent', { userId: 'user', deliveryId: id, attempt: 1, providerId: 'p1' });
    const other = sesEvent(id, 'Email Bounced', bounced('Permanent'), 'p2');
    const nobody = sesEvent('', 'Email Bounced', bounced('Permanent'));
    const untagged = { ...nobody, detail: { ...bounced('Permanent'), mail: { messageId: 'p1' } } };
    // The messages of a batch are applied side by side, and a report about a letter without a number counts.
    expect(await answer(eventOf(sent))).toEqual({ batchItemFailures: [] });
    expect(await answer(eventOf(other, nobody, untagged))).toEqual({ batchItemFailures: [] });
    expect(await stored(id)).toMatchObject({ status: 'sent' });
  });

  it('are no failure either when they come too late or are about nothing', async () => {
    const id = await givenDispatched();
    const sent = answerOf('DeliverySent', { userId: 'user', deliveryId: id, attempt: 1 });
    const late = answerOf('DeliveryFailed', { userId: 'user', deliveryId: id, attempt: 1 });
    const unknown = answerOf('DeliverySent', { userId: 'user', deliveryId: 'none', attempt: 1 });
    expect(await answer(eventOf(sent))).toEqual({ batchItemFailures: [] });
    expect(await answer(eventOf(late, unknown))).toEqual({ batchItemFailures: [] });
    expect(await stored(id)).toMatchObject({ status: 'sent' });
  });

  it.each<[string, unknown]>([
    ['is no JSON', 'sent'],
    ['is no answer', answerOf('DeliveryLost', { userId: 'user', deliveryId: 'd', attempt: 1 })],
    ['lacks its attempt', answerOf('DeliverySent', { userId: 'user', deliveryId: 'd' })],
    ['names no delivery', answerOf('DeliverySent', { userId: 'user', deliveryId: '', attempt: 1 })],
    [
      'tells a story',
      answerOf('DeliveryFailed', { userId: 'user', deliveryId: 'd', attempt: 1, failure: 'It rained.' }),
    ],
  ])('G12: one that %s is kept for its dead-letter queue, and stops no other', async (_what, bad) => {
    const id = await givenDispatched();
    const good = answerOf('DeliverySent', { userId: 'user', deliveryId: id, attempt: 1 });
    expect(await answer(eventOf(bad, good))).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(await stored(id)).toMatchObject({ status: 'sent' });
  });
});

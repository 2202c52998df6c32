import { afterEach, describe, expect, it } from '@jest/globals';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectQueue, enqueueJson } from '../../lambdas/adapters/queue.ts';
import { startAwsStandIn } from '../../local/aws-stand-in.ts';
import { openDataDirectory } from '../../local/data-directory.ts';
import { LocalQueue, type QueueOptions, sqs } from '../../local/queue.ts';

const NOW = Date.UTC(2026, 0, 31);
const queues: LocalQueue[] = [];
const errors: unknown[] = [];

afterEach(async () => {
  for (const queue of queues.splice(0)) {
    await queue.stop();
  }
  errors.length = 0;
});

function open(
  handle: (records: readonly SQSRecord[]) => unknown,
  options: Partial<QueueOptions> = {},
): LocalQueue {
  const queue = new LocalQueue({
    name: 'test',
    consumer: () =>
      Promise.resolve({ handler: (event: SQSEvent) => Promise.resolve().then(() => handle(event.Records)) }),
    batchSize: 3,
    maxReceives: 3,
    restMs: 5,
    clock: { now: () => NOW },
    data: openDataDirectory(undefined),
    onError: (error) => errors.push(error),
    ...options,
  });
  queues.push(queue);
  return queue;
}

function failing(records: readonly SQSRecord[], isBad: (record: SQSRecord) => boolean): object {
  return {
    batchItemFailures: records.filter(isBad).map(({ messageId }) => ({ itemIdentifier: messageId })),
  };
}

describe('the local queue', () => {
  it('hands over batches, with when each message was sent', async () => {
    const batches: string[][] = [];
    const queue = open((records) => {
      batches.push(records.map(({ body }) => body));
      expect(records.map(({ attributes }) => attributes.SentTimestamp)).toEqual(
        records.map(() => String(NOW)),
      );
    });
    for (const body of ['1', '2', '3', '4']) {
      queue.send(body);
    }
    await queue.settled();
    expect(batches).toEqual([['1', '2', '3'], ['4']]);
  });

  it('tries again what was reported, and nothing else', async () => {
    const seen: string[] = [];
    const queue = open((records) => {
      seen.push(...records.map(({ body, attributes }) => `${body}:${attributes.ApproximateReceiveCount}`));
      return failing(
        records,
        ({ body, attributes }) => body === 'bad' && attributes.ApproximateReceiveCount === '1',
      );
    });
    queue.send('good');
    queue.send('bad');
    await queue.settled();
    expect(seen).toEqual(['good:1', 'bad:1', 'bad:2']);
  });

  it('gives up after so many tries, and hands the message to the dead letters', async () => {
    const dead: string[] = [];
    const deadLetters = open((records) => void dead.push(...records.map(({ body }) => body)));
    const queue = open((records) => failing(records, ({ body }) => body === 'bad'), { deadLetters });
    queue.send('bad');
    queue.send('good');
    await queue.settled();
    expect(dead).toEqual(['bad']);
  });

  it('takes a function that throws for one on whose whole batch something failed', async () => {
    let throws = true;
    const queue = open(() => {
      if (throws) {
        throws = false;
        throw new Error('out of memory');
      }
    });
    queue.send('1');
    await queue.settled();
    expect(errors).toEqual([new Error('out of memory')]);
  });

  it('keeps what waits over a restart', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'postage-queue-'));
    const data = openDataDirectory(directory);
    const first = open((records) => failing(records, () => true), { data, restMs: 60_000, maxReceives: 9 });
    first.send('1');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await first.stop();
    const seen: string[] = [];
    const second = open(
      (records) =>
        void seen.push(
          ...records.map(({ body, attributes }) => `${body}:${attributes.ApproximateReceiveCount}`),
        ),
      { data },
    );
    expect(seen).toEqual([]);
    second.begin();
    await second.settled();
    expect(seen).toEqual(['1:2']);
    rmSync(directory, { recursive: true });
  });

  it('is reached by the SDK, and refuses what SQS refuses', async () => {
    const bodies: string[] = [];
    const queue = open((records) => void bodies.push(...records.map(({ body }) => body)));
    const standIn = await startAwsStandIn(sqs({ events: queue }));
    Object.assign(process.env, {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_SQS: standIn.url,
    });
    try {
      const events = connectQueue(`${standIn.url}/000000000000/events`);
      await enqueueJson(events, '{"text":"Ünïcødé \uFFFF"}');
      await queue.settled();
      expect(bodies).toEqual([String.raw`{"text":"Ünïcødé \uFFFF"}`]);
      const refused = { name: 'QueueUnavailableError' };
      await expect(enqueueJson(events, '"\u0001"')).rejects.toMatchObject(refused);
      await expect(enqueueJson(events, 'x'.repeat(256 * 1024 + 1))).rejects.toMatchObject(refused);
      const other = connectQueue(`${standIn.url}/000000000000/other`);
      await expect(enqueueJson(other, '{}')).rejects.toMatchObject(refused);
      [events, other].forEach(({ client }) => client.destroy());
    } finally {
      await standIn.stop();
    }
  });
});

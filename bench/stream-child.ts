/** The stream in a process of its own, since there can be one runtime in each: `node stream-child.ts <alone> <together>`. */
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { DynamoDBRecord } from 'aws-lambda';
import { STREAM_CONSUMERS } from '../lambdas/letters/wiring/stream-filters.ts';
import type { StreamConsumerName } from '../lambdas/wiring/stream-filters.ts';
import { openDataDirectory } from '../local/data-directory.ts';
import { startRuntime } from '../local/runtime.ts';
import { followStream, STREAM_FUNCTIONS, type StreamFunctions } from '../local/stream.ts';
import { median, quantile, round, timed } from './statistics.ts';
import type { LagResult, StreamResult } from './stream.ts';
import type { Writing } from './stream-writers.ts';

const [alone = 0, together = 0] = process.argv.slice(2).map(Number);

const WRITERS = 8;
const SAMPLE_EVERY_MS = 50;
const CONSUMERS = ['outbox', 'statistics'] as const satisfies readonly StreamConsumerName[];

function fail(error: unknown): never {
  throw error;
}

const runtime = await startRuntime({ port: 0, onError: fail });
const tokens = await Promise.all(
  Array.from({ length: WRITERS }, (_, writer) => subscribe(`bench-${writer}`)),
);

/** Makes a user whose plan has no limit on letters. @returns their token */
async function subscribe(userId: string): Promise<string> {
  const body = JSON.stringify({ plan: 'pro', interval: 'month', anchor: new Date().toISOString() });
  await fetch(`${runtime.url}/dev/accounts/${userId}`, { method: 'PUT', body });
  return (await runtime.issuer.issue(userId, '')).access_token;
}

/** How many letters and deliveries the API has answered for, and each function has handled; when the last of each was. */
const written = { count: 0, lastAt: 0 };
const handled = { outbox: 0, statistics: 0, lastAt: 0 };

/** Writes through the API, as fast as it answers so many writers, from a thread of its own. @returns writes per second */
async function writeAll(count: number): Promise<number> {
  const startedAt = performance.now();
  const workerData: Writing = { url: runtime.url, tokens, count };
  const writers = new Worker(new URL('stream-writers.ts', import.meta.url), { workerData });
  await new Promise<void>((resolve, reject) => {
    writers.on('message', () => {
      written.count += 1;
      written.lastAt = performance.now();
    });
    writers.on('error', reject);
    writers.on('exit', resolve);
  });
  return (count * 1_000) / (performance.now() - startedAt);
}

function isWritten({ eventName, dynamodb }: DynamoDBRecord): boolean {
  return eventName === 'INSERT' && /^(LETTER|DELIVERY)#/.test(dynamodb?.Keys?.['sk']?.S ?? '');
}

/** Follows the stream from its start, with these functions doing their work and the others nothing. */
async function follow(names: readonly StreamConsumerName[]): Promise<() => Promise<void>> {
  handled.outbox = 0;
  handled.statistics = 0;
  const counting = (name: StreamConsumerName): StreamFunctions[StreamConsumerName] => {
    return async () => {
      const { handler } = await STREAM_FUNCTIONS[name]();
      return {
        handler: async (event) => {
          const answer = await handler(event);
          handled[name] += event.Records.filter(isWritten).length;
          handled.lastAt = performance.now();
          return answer;
        },
      };
    };
  };
  const idle: StreamFunctions[StreamConsumerName] = () =>
    Promise.resolve({ handler: () => Promise.resolve(undefined) });
  const functionOf = (name: StreamConsumerName): StreamFunctions[StreamConsumerName] =>
    names.includes(name) ? counting(name) : idle;
  const follower = await followStream({
    table: runtime.table,
    consumers: STREAM_CONSUMERS,
    functions: { outbox: functionOf('outbox'), statistics: functionOf('statistics') },
    clock: runtime.clock,
    data: openDataDirectory(undefined),
    onFailure: (_, __, error) => fail(error),
    onError: fail,
  });
  return () => follower.stop();
}

/** Until these functions have handled everything that is written. */
async function untilHandled(names: readonly StreamConsumerName[]): Promise<void> {
  while (names.some((name) => handled[name] < written.count)) {
    await wait(10);
  }
}

/** How much a function handles in a second of what lies in the stream already, as a share of what the API writes in one. */
async function measureAlone(name: StreamConsumerName, writesPerSecond: number): Promise<number> {
  const stop = await follow([name]);
  const tookMs = await timed(() => untilHandled([name]));
  await stop();
  return round((written.count * 1_000) / tookMs / writesPerSecond, 2);
}

interface Sample {
  written: number;
  lag: Record<StreamConsumerName, number>;
}

/** Samples what is written and not yet handled, until it is ended. */
function sampleLag(samples: Sample[], before: number): () => void {
  const timer = setInterval(() => {
    const lagOf = (name: StreamConsumerName): number => Math.max(0, written.count - handled[name]);
    samples.push({
      written: written.count - before,
      lag: { outbox: lagOf('outbox'), statistics: lagOf('statistics') },
    });
  }, SAMPLE_EVERY_MS);
  return () => {
    clearInterval(timer);
  };
}

function lagResult(samples: readonly Sample[], name: StreamConsumerName): LagResult {
  const between = (from: number, to: number): number[] =>
    samples
      .filter((sample) => sample.written >= from * together && sample.written <= to * together)
      .map(({ lag }) => lag[name]);
  return {
    highest: quantile(between(0, 1), 1),
    atHalf: median(between(0.4, 0.6)),
    atEnd: median(between(0.8, 1)),
  };
}

try {
  // What is compiled and loaded at the first call is not what is measured.
  await writeAll(500);
  const writesAlone = await writeAll(alone);
  const ratios = {
    outbox: await measureAlone('outbox', writesAlone),
    statistics: await measureAlone('statistics', writesAlone),
  };
  const stop = await follow(CONSUMERS);
  await untilHandled(CONSUMERS);
  const samples: Sample[] = [];
  const endSampling = sampleLag(samples, written.count);
  const writesPerSecond = await writeAll(together);
  endSampling();
  await untilHandled(CONSUMERS);
  await stop();
  const result: StreamResult = {
    writes: together,
    writers: WRITERS,
    writesPerSecond: round(writesPerSecond, 0),
    lag: { outbox: lagResult(samples, 'outbox'), statistics: lagResult(samples, 'statistics') },
    caughtUpMs: round(Math.max(0, handled.lastAt - written.lastAt), 0),
    alone: { writes: alone, writesPerSecond: round(writesAlone, 0), handledPerWritten: ratios },
  };
  process.stdout.write(JSON.stringify(result));
} finally {
  await runtime.stop();
}

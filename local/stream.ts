import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import type { StreamConsumerName, StreamConsumers } from '../lambdas/wiring/stream-filters.ts';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';
import { passes } from './stream-filter.ts';
import { findStream, type Positions, ShardReader, type ShardRecords } from './stream-shards.ts';

/** Returns nothing or a `DynamoDBBatchResponse`. */
export type StreamHandler = (event: DynamoDBStreamEvent) => Promise<unknown>;

/** Load the functions on the table's stream, when the first record is there for them. */
export type StreamFunctions = Record<StreamConsumerName, () => Promise<{ handler: StreamHandler }>>;

export const STREAM_FUNCTIONS: StreamFunctions = {
  outbox: () => import('../lambdas/letters/jobs/outbox.ts'),
  statistics: () => import('../lambdas/letters/jobs/statistics.ts'),
};

export interface StreamOptions {
  table: string;
  consumers: StreamConsumers;
  functions: StreamFunctions;
  clock: Clock;
  /** Keeps the functions' positions. */
  data: DataDirectory;
  /** Takes the records on which a function has failed for good, as Lambda's failure destination does. */
  onFailure: (consumer: StreamConsumerName, records: DynamoDBRecord[], error: unknown) => void;
  onError: (error: unknown) => void;
}

export interface StreamFollower {
  /** Waits until each function has handled everything that was written before. */
  caughtUp: () => Promise<void>;
  stop: () => Promise<void>;
}

const IDLE_PAUSE_MS = 100;
/** The stream's own limit. */
const RECORDS_AT_ONCE = 1_000;
const SHARDS_KEPT_MS = 10_000;
/** How often a batch is tried before it is halved. A single record is given up then. */
const TRIES = 3;

/** Hands the table's changes to the functions on its stream, as Lambda does: in order, in batches, at least once. */
export async function followStream(options: StreamOptions): Promise<StreamFollower> {
  const client = new DynamoDBStreamsClient();
  // It would copy every record, and nobody reads its log.
  client.middlewareStack.remove('loggerMiddleware');
  const arn = await findStream(client, options.table);
  const ending = new AbortController();
  const followers = (['outbox', 'statistics'] as const).map(
    (name) => new Follower(name, client, arn, options, ending.signal),
  );
  const running = followers.map((follower) => follower.run());
  return {
    caughtUp: async () => {
      await Promise.all(followers.map((follower) => follower.caughtUp()));
    },
    stop: async () => {
      ending.abort();
      followers.forEach((follower) => follower.wake());
      await Promise.all(running);
      client.destroy();
    },
  };
}

/** Follows the stream for one function. */
class Follower {
  readonly #name: StreamConsumerName;
  readonly #options: StreamOptions;
  readonly #ending: AbortSignal;
  readonly #positions: Positions;
  readonly #arn: string;
  readonly #reader: ShardReader;
  #waiting: (() => void)[] = [];

  constructor(
    name: StreamConsumerName,
    client: DynamoDBStreamsClient,
    arn: string,
    options: StreamOptions,
    ending: AbortSignal,
  ) {
    this.#name = name;
    this.#options = options;
    this.#ending = ending;
    this.#arn = arn;
    this.#positions = readPositions(options.data, name, arn);
    this.#reader = new ShardReader(client, arn, this.#positions);
  }

  wake = (): void => undefined;

  async caughtUp(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#waiting.push(() => resolve(undefined));
    this.wake();
    await promise;
  }

  async run(): Promise<void> {
    let reading = this.#read();
    while (!this.#ending.aborted) {
      const { pages, waiting } = await reading;
      if (pages.some(({ records }) => records.length > 0)) {
        this.#waiting.push(...waiting);
        // Reads on while the function works.
        reading = this.#read();
        await this.#handOverAll(pages).catch(this.#options.onError);
      } else {
        waiting.forEach((resolve) => resolve());
        await this.#rest();
        reading = this.#read();
      }
    }
    const { waiting } = await reading;
    [...waiting, ...this.#waiting.splice(0)].forEach((resolve) => resolve());
  }

  /** Pauses, until somebody waits for the follower. */
  async #rest(): Promise<void> {
    if (this.#waiting.length === 0 && !this.#ending.aborted) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.wake = () => resolve(undefined);
      const timer = setTimeout(this.wake, IDLE_PAUSE_MS);
      await promise;
      clearTimeout(timer);
    }
  }

  #shards: { list: Awaited<ReturnType<ShardReader['shards']>>; readAt: number } | null = null;

  /** The next records, and who waits until there are none. Records that can't be read count as none. */
  async #read(): Promise<{ pages: ShardRecords[]; waiting: (() => void)[] }> {
    const waiting = this.#waiting.splice(0);
    try {
      if (this.#shards === null || performance.now() - this.#shards.readAt > SHARDS_KEPT_MS) {
        this.#shards = { list: await this.#reader.shards(), readAt: performance.now() };
      }
      const offsetMs = this.#options.clock.now() - Date.now();
      return { pages: await this.#reader.read(this.#shards.list, RECORDS_AT_ONCE, offsetMs), waiting };
    } catch (error) {
      this.#options.onError(error);
      return { pages: [], waiting };
    }
  }

  async #handOverAll(pages: readonly ShardRecords[]): Promise<void> {
    const { filters } = this.#options.consumers[this.#name];
    for (const { shardId, records } of pages) {
      await this.#handOver(records.filter((record) => passes(record, filters)));
      const last = records.at(-1)?.dynamodb?.SequenceNumber;
      if (last !== undefined) {
        this.#positions[shardId] = last;
        this.#options.data.write(`stream-${this.#name}`, { arn: this.#arn, positions: this.#positions });
      }
    }
  }

  async #handOver(records: readonly DynamoDBRecord[]): Promise<void> {
    const { batchSize } = this.#options.consumers[this.#name];
    for (let index = 0; index < records.length; index += batchSize) {
      await this.#invoke(records.slice(index, index + batchSize));
    }
  }

  /** Tries a batch, then its halves, and gives up single records that still fail. */
  async #invoke(batch: readonly DynamoDBRecord[]): Promise<void> {
    let rest = [...batch];
    let error: unknown = null;
    for (let tries = 0; tries < TRIES && rest.length > 0; tries += 1) {
      try {
        const { handler } = await this.#options.functions[this.#name]();
        rest = afterFailures(rest, await handler({ Records: rest }));
        error = new Error(`${this.#name} reported failures.`);
      } catch (thrown) {
        error = thrown;
      }
    }
    if (rest.length > 1) {
      const middle = Math.ceil(rest.length / 2);
      await this.#invoke(rest.slice(0, middle));
      await this.#invoke(rest.slice(middle));
    } else if (rest.length === 1) {
      this.#options.onFailure(this.#name, rest, error);
    }
  }
}

const batchResponse = z.object({
  batchItemFailures: z._default(z.array(z.object({ itemIdentifier: z.string() })), []),
});

/** The records to try again: everything from the first reported one on. */
function afterFailures(batch: readonly DynamoDBRecord[], answer: unknown): DynamoDBRecord[] {
  const { batchItemFailures } = z.parse(batchResponse, answer ?? {});
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  const first = batch.findIndex((record) => failed.has(record.dynamodb?.SequenceNumber ?? ''));
  return first === -1 ? [] : batch.slice(first);
}

const keptPositions = z.object({ arn: z.string(), positions: z.record(z.string(), z.string()) });

function readPositions(data: DataDirectory, name: StreamConsumerName, arn: string): Positions {
  const kept = keptPositions.safeParse(data.read(`stream-${name}`)).data;
  return kept?.arn === arn ? kept.positions : {};
}

import {
  DescribeStreamCommand,
  type DynamoDBStreamsClient,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  type _Record as SdkRecord,
  type Shard,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';

/** The last sequence number that was handled, by shard. */
export type Positions = Record<string, string>;

export interface ShardRecords {
  shardId: string;
  records: DynamoDBRecord[];
}

/** @throws Error when the table has no stream */
export async function findStream(client: DynamoDBStreamsClient, table: string): Promise<string> {
  const { Streams = [] } = await client.send(new ListStreamsCommand({ TableName: table }));
  const arn = Streams.at(-1)?.StreamArn;
  if (arn === undefined) {
    throw new Error(`The table ${table} has no stream.`);
  }
  return arn;
}

/** Reads a stream from given positions: each shard's records in order, and each shard after its parent. */
export class ShardReader {
  readonly #client: DynamoDBStreamsClient;
  readonly #arn: string;
  readonly #positions: Positions;
  readonly #iterators = new Map<string, string>();
  readonly #ended = new Set<string>();

  constructor(client: DynamoDBStreamsClient, arn: string, positions: Positions) {
    this.#client = client;
    this.#arn = arn;
    this.#positions = positions;
  }

  async shards(): Promise<Shard[]> {
    const shards: Shard[] = [];
    let after: string | undefined;
    do {
      const { StreamDescription } = await this.#client.send(
        new DescribeStreamCommand({ StreamArn: this.#arn, ExclusiveStartShardId: after }),
      );
      shards.push(...(StreamDescription?.Shards ?? []));
      after = StreamDescription?.LastEvaluatedShardId;
    } while (after !== undefined);
    return shards;
  }

  /** The next records of the shards whose parents are finished. */
  async read(shards: readonly Shard[], limit: number, offsetMs: number): Promise<ShardRecords[]> {
    const known = new Set(shards.map(({ ShardId }) => ShardId));
    const open = shards.filter(
      ({ ShardId = '', ParentShardId }) =>
        !this.#ended.has(ShardId) &&
        (ParentShardId === undefined || !known.has(ParentShardId) || this.#ended.has(ParentShardId)),
    );
    const read: ShardRecords[] = [];
    for (const { ShardId = '' } of open) {
      const records = await this.#readShard(ShardId, limit);
      read.push({ shardId: ShardId, records: records.map((record) => asInLambda(record, offsetMs)) });
    }
    return read;
  }

  async #readShard(shardId: string, limit: number): Promise<SdkRecord[]> {
    const iterator = this.#iterators.get(shardId) ?? (await this.#iteratorFrom(shardId));
    try {
      const { Records = [], NextShardIterator } = await this.#client.send(
        new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }),
      );
      if (NextShardIterator === undefined) {
        this.#ended.add(shardId);
      } else {
        this.#iterators.set(shardId, NextShardIterator);
      }
      return Records;
    } catch (error) {
      if (!(error instanceof ExpiredIteratorException) && !(error instanceof TrimmedDataAccessException)) {
        throw error;
      }
      this.#iterators.delete(shardId);
      return [];
    }
  }

  async #iteratorFrom(shardId: string): Promise<string> {
    const position = this.#positions[shardId];
    const from = { StreamArn: this.#arn, ShardId: shardId };
    try {
      return await this.#getIterator({
        ...from,
        ...(position === undefined
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: position }),
      });
    } catch (error) {
      if (!(error instanceof TrimmedDataAccessException)) {
        throw error;
      }
      return this.#getIterator({ ...from, ShardIteratorType: 'TRIM_HORIZON' });
    }
  }

  async #getIterator(input: ConstructorParameters<typeof GetShardIteratorCommand>[0]): Promise<string> {
    const { ShardIterator = '' } = await this.#client.send(new GetShardIteratorCommand(input));
    return ShardIterator;
  }
}

/** As Lambda passes it on: JSON, with bytes as base64 and the time in seconds. */
function asInLambda(record: SdkRecord, offsetMs: number): DynamoDBRecord {
  const writtenAt = record.dynamodb?.ApproximateCreationDateTime?.getTime() ?? 0;
  const json = JSON.parse(JSON.stringify(record, bytesAsText)) as DynamoDBRecord;
  return {
    ...json,
    dynamodb: { ...json.dynamodb, ApproximateCreationDateTime: (writtenAt + offsetMs) / 1000 },
  };
}

function bytesAsText(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

/** The functions on the table's stream, with everything around them on this machine. */
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { DynamoDBStreamsClient } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBBatchResponse, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { createEventBus, eventBridge, type PublishedEvent } from '../../local/event-bus.ts';
import { closeServer, listenLocally } from '../../local/http-server.ts';
import { type ObjectStore, startObjectStore } from '../../local/object-store.ts';
import { findStream, ShardReader } from '../../local/stream-shards.ts';
import { type FaultyDynamoDb, startFaultyDynamoDb } from './faulty-dynamodb.ts';
import { LOCAL_AWS, type TestTable, useTable } from './table.ts';

export interface Entry {
  DetailType: string;
  Detail: string;
}

/** Why an entry of a request fails; null: it does not. */
export type EntryFault = (entry: Entry) => string | null;

/** An EventBridge on which things go wrong on demand. */
export interface FaultyBus {
  url: string;
  /** The entries of each request, in the order in which they came. */
  requests: Entry[][];
  events: () => readonly PublishedEvent[];
  /** Makes single entries fail. */
  failEntries: (fault: EntryFault) => void;
  /** Answers every request with this status; null: as usual. */
  failRequests: (status: number | null) => void;
  reset: () => void;
  stop: () => Promise<void>;
}

async function startFaultyBus(): Promise<FaultyBus> {
  const bus = createEventBus();
  const putEvents = eventBridge(bus)['AWSEvents.PutEvents'];
  const requests: Entry[][] = [];
  let faultOf: EntryFault = () => null;
  let failure: number | null = null;
  const answer = (entries: Entry[]): object => {
    const codes = entries.map(faultOf);
    putEvents?.({ Entries: entries.filter((_, index) => codes[index] === null) });
    return {
      FailedEntryCount: codes.filter((code) => code !== null).length,
      Entries: codes.map((code, index) =>
        code === null ? { EventId: `id-${index}` } : { ErrorCode: code, ErrorMessage: 'as told' },
      ),
    };
  };
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const { Entries } = body as { Entries: Entry[] };
      requests.push(Entries);
      response.writeHead(failure ?? 200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(
        JSON.stringify(
          failure === null ? answer(Entries) : { __type: 'InternalException', message: 'as told' },
        ),
      );
    });
  });
  const { url } = await listenLocally(server, 0);
  return {
    url,
    requests,
    events: bus.events,
    failEntries: (fault) => {
      faultOf = fault;
    },
    failRequests: (status) => {
      failure = status;
    },
    reset: () => {
      requests.length = 0;
      faultOf = () => null;
      failure = null;
    },
    stop: () => closeServer(server),
  };
}

export interface StreamSuite extends TestTable {
  /** By which the functions reach the table. */
  proxy: () => FaultyDynamoDb;
  bus: () => FaultyBus;
  objects: () => ObjectStore;
  outbox: (records: readonly DynamoDBRecord[]) => Promise<DynamoDBBatchResponse>;
  statistics: (records: readonly DynamoDBRecord[]) => Promise<void>;
  /** Every record of the table's stream so far. */
  records: () => Promise<DynamoDBRecord[]>;
}

interface Started {
  proxy: FaultyDynamoDb;
  bus: FaultyBus;
  objects: ObjectStore;
  outbox: (event: DynamoDBStreamEvent) => Promise<DynamoDBBatchResponse>;
  statistics: (event: DynamoDBStreamEvent) => Promise<void>;
}

/** A table of its own for a test file, and the functions on its stream, as they are deployed. */
export function useStream(): StreamSuite {
  const table = useTable();
  let started: Started | null = null;
  beforeAll(async () => {
    const bus = await startFaultyBus();
    const proxy = await startFaultyDynamoDb(table.endpoint());
    const objects = await startObjectStore();
    // The functions read it when they are loaded, once.
    Object.assign(process.env, {
      AWS_REGION: LOCAL_AWS.region,
      AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: bus.url,
      AWS_ENDPOINT_URL_S3: objects.url,
      POWERTOOLS_LOG_LEVEL: 'SILENT',
      [VARIABLES.table]: table.store().table,
      [VARIABLES.catalogueSince]: '0',
      [VARIABLES.eventBus]: 'postage-test',
      [VARIABLES.failedRecordsBucket]: 'failed-records',
    });
    const { handler: outbox } = await import('../../lambdas/letters/jobs/outbox.ts');
    const { handler: statistics } = await import('../../lambdas/letters/jobs/statistics.ts');
    started = { proxy, bus, objects, outbox, statistics };
  });
  beforeEach(() => {
    begun().proxy.reset();
    begun().bus.reset();
    begun().objects.objects.clear();
  });
  afterAll(async () => {
    await started?.bus.stop();
    await started?.objects.stop();
    await started?.proxy.stop();
  });
  const begun = (): Started => {
    if (started === null) {
      throw new Error('The functions are there once the suite has begun.');
    }
    return started;
  };
  return {
    ...table,
    proxy: () => begun().proxy,
    bus: () => begun().bus,
    objects: () => begun().objects,
    outbox: (records) => begun().outbox({ Records: [...records] }),
    statistics: (records) => begun().statistics({ Records: [...records] }),
    records: () => readStream(table),
  };
}

async function readStream({ endpoint, store }: TestTable): Promise<DynamoDBRecord[]> {
  const client = new DynamoDBStreamsClient({ endpoint: endpoint(), ...LOCAL_AWS });
  const reader = new ShardReader(client, await findStream(client, store().table), {});
  const shards = await reader.shards();
  const all: DynamoDBRecord[] = [];
  for (;;) {
    const records = (await reader.read(shards, 1_000, 0)).flatMap((read) => read.records);
    if (records.length === 0) {
      client.destroy();
      return all;
    }
    all.push(...records);
  }
}

let recordsMade = 0;

/** A record of the stream as it would arrive; states without the keys of their items. */
export function streamRecord(
  keys: { pk: string; sk: string },
  { before, after }: { before?: object; after?: object },
): DynamoDBRecord {
  recordsMade += 1;
  const image = (state: object): object => toWire({ ...keys, ...state });
  const record = {
    eventID: `event-${recordsMade}`,
    eventName: before === undefined ? 'INSERT' : 'MODIFY',
    dynamodb: {
      ApproximateCreationDateTime: Date.UTC(2026, 1, 10) / 1000,
      SequenceNumber: String(1_000_000 + recordsMade),
      Keys: toWire(keys),
      ...(before === undefined ? {} : { OldImage: image(before) }),
      ...(after === undefined ? {} : { NewImage: image(after) }),
    },
  };
  return record as DynamoDBRecord;
}

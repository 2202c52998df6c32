import { randomUUID } from 'node:crypto';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createStore, type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';
import { createTable } from '../local/create-table.ts';

const LOCAL_AWS = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

/** A store over a table that exists. */
export function openTable(endpoint: string, table: string): Store {
  return createStore(table, CATALOGUE, { endpoint, ...LOCAL_AWS });
}

/** A client as the SDK makes it, for the bare requests; with as many connections as ours has. */
export function bareClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ endpoint, ...LOCAL_AWS, requestHandler: { httpAgent: { maxSockets: 1_000 } } });
}

/** A store over a new, empty table. */
export async function newTable(endpoint: string): Promise<Store> {
  const store = openTable(endpoint, `postage-bench-${randomUUID()}`);
  await createTable(store.client, store.table);
  return store;
}

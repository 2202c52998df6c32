import { LETTERS } from './catalogues.ts';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { createStore, type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { type FaultyDynamoDb, startFaultyDynamoDb } from './faulty-dynamodb.ts';
import { LOCAL_AWS, type TestTable, useTable } from './table.ts';

export interface FaultyTable extends TestTable {
  /** The same table, through the proxy. */
  faultyStore: () => Store;
  proxy: () => FaultyDynamoDb;
}

/** A table of its own for a test file, and a way to it on which things go wrong; each test begins without faults. */
export function useFaultyTable(options: { measuresCapacity?: boolean } = {}): FaultyTable {
  const table = useTable();
  let started: { proxy: FaultyDynamoDb; store: Store } | null = null;
  beforeAll(async () => {
    const proxy = await startFaultyDynamoDb(table.endpoint(), options);
    const store = createStore(table.store().table, LETTERS, { endpoint: proxy.endpoint, ...LOCAL_AWS });
    started = { proxy, store };
  });
  beforeEach(() => {
    begun().proxy.reset();
  });
  afterAll(async () => {
    started?.store.client.destroy();
    await started?.proxy.stop();
  });
  const begun = (): { proxy: FaultyDynamoDb; store: Store } => {
    if (started === null) {
      throw new Error('The proxy is there once the suite has begun.');
    }
    return started;
  };
  return { ...table, faultyStore: () => begun().store, proxy: () => begun().proxy };
}

import { LETTERS } from './catalogues.ts';
import { afterAll, beforeAll } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { retrying } from '../../lambdas/adapters/dynamodb/retry.ts';
import { createStore, type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { type Deadline } from '../../lambdas/domain/deadline.ts';
import { createTable } from '../../local/create-table.ts';
import { startEngine } from '../../local/engine.ts';

/** How tests reach whatever DynamoDB they run against; the credentials are checked by none of the local ones. */
export const LOCAL_AWS = {
  region: 'eu-west-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};

export interface TestTable {
  /** The store, once the suite has begun. */
  store: () => Store;
  endpoint: () => string;
}

/** A table of its own for a test file, on the embedded DynamoDB or on the one at `DYNAMODB_ENDPOINT`. */
export function useTable(): TestTable {
  let started: { store: Store; endpoint: string; stop: () => Promise<void> } | null = null;
  beforeAll(async () => {
    const engine = await startEngine();
    const table = `postage-test-${randomUUID()}`;
    const store = createStore(table, LETTERS, { endpoint: engine.endpoint, ...LOCAL_AWS });
    // On a machine that is busy with many suites at once, a connection may take its time.
    await retrying(plentyOfTime(), () => createTable(store.client, table));
    started = {
      store,
      endpoint: engine.endpoint,
      stop: async () => {
        store.client.destroy();
        await engine.stop();
      },
    };
  });
  afterAll(async () => {
    await started?.stop();
  });
  const begun = (): { store: Store; endpoint: string } => {
    if (started === null) {
      throw new Error('The table is there once the suite has begun.');
    }
    return started;
  };
  return { store: () => begun().store, endpoint: () => begun().endpoint };
}

/** A deadline that is far enough away. */
export function plentyOfTime(): Deadline {
  return deadlineIn(120_000);
}

/** As much, of a request: it may not try for as long as it likes. */
export function timeOfRequest(ms = 120_000): Deadline {
  const deadline = deadlineIn(ms);
  return { remainingMs: () => deadline.remainingMs() };
}

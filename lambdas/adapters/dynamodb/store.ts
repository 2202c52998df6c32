import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { type Catalogue } from '../../domain/catalogue.ts';

/** Where the records are: a client and the table's name. */
export interface Table {
  client: DynamoDBClient;
  table: string;
}

/** A table, and the catalogue under which its accounts live. */
export interface Store extends Table {
  catalogue: Catalogue;
}

/** The longest that one request to DynamoDB may take before it is tried again. */
export const TRY_TIMEOUT_MS = 3_000;

/**
 * A table whose client tries each request once: `retry.ts` repeats, in one place and within the caller's deadline. The
 * SDK's own retries know neither, and it does not repeat a transaction that was rejected for a conflict.
 *
 * @param configuration replaces what the environment says
 */
export function connectTable(table: string, configuration: DynamoDBClientConfig = {}): Table {
  const client = new DynamoDBClient({
    ...configuration,
    maxAttempts: 1,
    requestHandler: {
      requestTimeout: TRY_TIMEOUT_MS,
      throwOnRequestTimeout: true,
      connectionTimeout: 1_000,
      // A laptop's server shares one client, over HTTP, and waiting for a free socket counts as waiting to connect.
      httpAgent: { maxSockets: 1_000 },
    },
  });
  // It copies each request and answer for a logger that nobody has set: a tenth of what a request costs here.
  client.middlewareStack.remove('loggerMiddleware');
  return { client, table };
}

export function createStore(
  table: string,
  catalogue: Catalogue,
  configuration: DynamoDBClientConfig = {},
): Store {
  return { ...connectTable(table, configuration), catalogue };
}

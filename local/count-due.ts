import { QueryCommand, type QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { rolloverShard } from '../lambdas/adapters/dynamodb/keys.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { DUE_SHARDS, TABLE_SCHEMA } from '../lambdas/adapters/dynamodb/table-schema.ts';
import type { Instant } from '../lambdas/domain/instants.ts';

/** Counts the accounts that a rollover at that time will meet. */
export async function countDue(store: Store, now: Instant): Promise<number> {
  const shards = Array.from({ length: DUE_SHARDS }, (_, shard) => countDueIn(store, shard, now));
  const counts = await Promise.all(shards);
  return counts.reduce((total, count) => total + count, 0);
}

async function countDueIn(store: Store, shard: number, now: Instant): Promise<number> {
  const { name, partitionKey, sortKey } = TABLE_SCHEMA.dueIndex;
  let total = 0;
  let ExclusiveStartKey: QueryCommandOutput['LastEvaluatedKey'];
  do {
    const { Count = 0, LastEvaluatedKey }: QueryCommandOutput = await store.client.send(
      new QueryCommand({
        TableName: store.table,
        IndexName: name,
        Select: 'COUNT',
        KeyConditionExpression: '#shard = :shard AND #dueAt <= :now',
        ExpressionAttributeNames: { '#shard': partitionKey, '#dueAt': sortKey },
        ExpressionAttributeValues: { ':shard': { S: rolloverShard(shard) }, ':now': { N: String(now) } },
        ExclusiveStartKey,
      }),
    );
    total += Count;
    ExclusiveStartKey = LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return total;
}

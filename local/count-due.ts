import { paginateQuery } from '@aws-sdk/client-dynamodb';
import { rolloverShard } from '../lambdas/adapters/dynamodb/keys.ts';
import type { Table } from '../lambdas/adapters/dynamodb/store.ts';
import { DUE_SHARDS, TABLE_SCHEMA } from '../lambdas/adapters/dynamodb/table-schema.ts';
import type { Instant } from '../lambdas/domain/instants.ts';

/** Counts the accounts that a rollover at that time will meet. */
export async function countDue({ client, table }: Table, now: Instant): Promise<number> {
  const { name, partitionKey, sortKey } = TABLE_SCHEMA.dueIndex;
  const shards = Array.from({ length: DUE_SHARDS }, async (_, shard) => {
    let total = 0;
    for await (const { Count = 0 } of paginateQuery(
      { client },
      {
        TableName: table,
        IndexName: name,
        Select: 'COUNT',
        KeyConditionExpression: '#shard = :shard AND #dueAt <= :now',
        ExpressionAttributeNames: { '#shard': partitionKey, '#dueAt': sortKey },
        ExpressionAttributeValues: { ':shard': { S: rolloverShard(shard) }, ':now': { N: String(now) } },
      },
    )) {
      total += Count;
    }
    return total;
  });
  return (await Promise.all(shards)).reduce((total, count) => total + count, 0);
}

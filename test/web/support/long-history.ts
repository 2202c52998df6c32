import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { putLedgerLine } from '../../../lambdas/adapters/dynamodb/ledger-item.ts';
import { putPeriod } from '../../../lambdas/adapters/dynamodb/period-item.ts';
import type { Table } from '../../../lambdas/adapters/dynamodb/store.ts';
import { boundary } from '../../../lambdas/domain/periods.ts';
import { batchesOf } from '../../../lambdas/runtime/batches.ts';
import { mapConcurrently } from '../../../lambdas/runtime/concurrency.ts';

const MONTHS = 24;
/** DynamoDB takes no more in one request. */
const AT_ONCE = 25;
const REQUESTS_AT_ONCE = 8;

/** Gives a user so many ledger entries, and two years of periods. */
export async function putLongHistory(
  { client, table }: Table,
  userId: string,
  entries: number,
): Promise<void> {
  const now = Date.now();
  const anchor = now - 1_000;
  const lines = Array.from({ length: entries }, (_, index) =>
    putLedgerLine(table, userId, {
      id: randomUUID(),
      at: now - 10_000 - index * 1_000,
      kind: index % 2 === 0 ? 'purchase' : 'use',
      amount: index % 2 === 0 ? 1 : -1,
      source: `usage:${index}`,
    }),
  );
  const periods = Array.from({ length: MONTHS }, (_, index) =>
    putPeriod(table, userId, {
      periodStart: boundary(anchor, -index - 1),
      periodEnd: boundary(anchor, -index),
      anchor,
      plan: 'pro',
      meters: { letters: { used: index + 1, limit: 'unlimited', paid: 0 } },
      creditsPerPeriod: 2,
      creditsUsed: 2,
      creditsLeft: 0,
      purchasedOutstanding: 0,
      movements: [],
    }),
  );
  const puts = [...periods, ...lines].flatMap(({ Put }) =>
    Put?.Item === undefined ? [] : [{ PutRequest: { Item: Put.Item } }],
  );
  await mapConcurrently(batchesOf(puts, AT_ONCE), REQUESTS_AT_ONCE, (batch) =>
    client.send(new BatchWriteItemCommand({ RequestItems: { [table]: batch } })),
  );
}

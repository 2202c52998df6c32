import { randomUUID } from 'node:crypto';
import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { accountItem } from '../../../lambdas/adapters/dynamodb/account-item.ts';
import type { WireItem } from '../../../lambdas/adapters/dynamodb/items.ts';
import { accountShard, rolloverShard } from '../../../lambdas/adapters/dynamodb/keys.ts';
import type { Store } from '../../../lambdas/adapters/dynamodb/store.ts';
import { DAY_MS, type Instant, toIso } from '../../../lambdas/domain/instants.ts';
import { active, givenSubscriber } from '../../support/accounts.ts';

/** The most items that one request writes. */
const BATCH = 25;

/** Users whose accounts wait in one shard of the index. */
export function usersInShard(shard: number, count: number): string[] {
  const users: string[] = [];
  while (users.length < count) {
    const userId = `due-${randomUUID()}`;
    if (accountShard(userId) === rolloverShard(shard)) {
      users.push(userId);
    }
  }
  return users;
}

/** An account with the Pro plan whose period ended a while ago. */
export function dueAccount(userId: string, now: Instant): WireItem {
  const anchor = toIso(now - 40 * DAY_MS);
  return accountItem({ ...givenSubscriber(active({ anchor }), anchor), userId, version: 2 });
}

export async function putItems({ client, table }: Store, items: readonly WireItem[]): Promise<void> {
  for (let index = 0; index < items.length; index += BATCH) {
    const puts = items.slice(index, index + BATCH).map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  }
}

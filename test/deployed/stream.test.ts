import { describe, expect, it } from '@jest/globals';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { listAuditRecords } from '../../lambdas/adapters/dynamodb/audit.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { getDailyStatistics } from '../../lambdas/commands/usage-statistics.ts';
import { trackLetterCreation } from '../../lambdas/letters/commands/create-letter.ts';
import { givePlan } from '../../local/local-subscription.ts';
import { eventually } from '../e2e/support/eventually.ts';
import { useStack } from './support/stack.ts';

const stack = useStack();
const DEADLINE_MS = 10_000;

describe('the functions on the stream', () => {
  it('count what has been used, on its day', async () => {
    const { store } = stack();
    const userId = randomUUID();
    // A day that nobody else uses.
    const now = Date.UTC(1990, 0, 1);
    for (const id of [randomUUID(), randomUUID()]) {
      const context = { userId, id, fingerprint: 'f', now, deadline: deadlineIn(DEADLINE_MS) };
      await trackLetterCreation(store, context, { title: 'To myself', body: 'Hello' });
    }
    const days = await eventually('a count of both letters', async () => {
      const range = { first: '1990-01-01', last: '1990-01-01' };
      const found = await getDailyStatistics(store, range, deadlineIn(DEADLINE_MS));
      return (found[0]?.totals['used:letters'] ?? 0) < 2 ? null : found;
    });
    expect(days).toMatchObject([{ totals: { 'used:letters': 2 }, activeUsers: 1 }]);
  });

  it('write the audit trail', async () => {
    const { store } = stack();
    const userId = randomUUID();
    const subscription = { status: 'active' as const, id: 'sub_1', interval: 'month' as const, endsAt: null };
    const facts = { plan: 'pro' as const, anchor: Date.UTC(2026, 0, 31), subscription };
    await givePlan(store, userId, facts, Date.UTC(2026, 1, 10), deadlineIn(DEADLINE_MS));
    const [record] = await eventually('an audit record', async () => {
      const page = { limit: 10, after: null };
      const { items } = await listAuditRecords(store, { userId }, page, deadlineIn(DEADLINE_MS));
      return items.length === 0 ? null : items;
    });
    expect(record).toMatchObject({
      type: 'SubscriptionChanged',
      data: { previousPlan: 'none', plan: 'pro' },
    });
  });

  it('G12: set aside whole, in the bucket, what they do not understand', async () => {
    const { store, outputs } = stack();
    const keys = { pk: `USER#${randomUUID()}`, sk: 'USAGE#1' };
    await store.client.send(new PutItemCommand({ TableName: store.table, Item: toWire(keys) }));
    const s3 = new S3Client({ forcePathStyle: true });
    const Bucket = outputs.FailedRecordsBucketName;
    const readAside = async (reader: string): Promise<string[]> => {
      const list = new ListObjectsV2Command({ Bucket, Prefix: `set-aside/${reader}/` });
      const { Contents = [] } = await s3.send(list);
      return Promise.all(
        Contents.map(async ({ Key }) => {
          const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
          return String(await Body?.transformToString());
        }),
      );
    };
    for (const reader of ['outbox', 'statistics']) {
      // Other tests' damaged accounts lie there too.
      const found = await eventually(
        `the record, set aside by ${reader}`,
        async () => (await readAside(reader)).find((text) => text.includes(keys.pk)) ?? null,
      );
      expect(found).toContain('NewImage');
    }
    s3.destroy();
  });
});

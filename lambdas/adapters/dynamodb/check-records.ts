import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import * as z from 'zod/mini';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { ItemReader, toWire } from './items.ts';
import { STRIPE_CHECK_KEY } from './keys.ts';
import { queryPartition } from './partitions.ts';
import { retrying } from './retry.ts';
import { type Table } from './store.ts';

const differences = z.array(z.object({ says: z.string(), mend: z.string() }));

/** What a check has found, and when it was made. */
export interface CheckRecord {
  at: Instant;
  differences: z.output<typeof differences>;
}

/** An item has room for more than these. */
const MOST_KEPT = 100;

/** Keeps what a check has found, in place of the one before. @throws BusyError */
export async function recordCheck(table: Table, record: CheckRecord, deadline: Deadline): Promise<void> {
  const kept = record.differences.slice(0, MOST_KEPT).map(({ says, mend }) => ({ says, mend }));
  const Item = toWire({ pk: STRIPE_CHECK_KEY, sk: 'LAST', at: record.at, differences: JSON.stringify(kept) });
  const put = new PutItemCommand({ TableName: table.table, Item });
  await retrying(deadline, (abortSignal) => table.client.send(put, { abortSignal }));
}

/** What the last check has found; null: none has been made. @throws BusyError */
export async function lastCheck(table: Table, deadline: Deadline): Promise<CheckRecord | null> {
  const { items } = await queryPartition(table, STRIPE_CHECK_KEY, { limit: 1 }, deadline);
  const [last] = items.map((item) => ItemReader.fromWire(item));
  return last === undefined
    ? null
    : {
        ...last.integers(['at']),
        differences: differences.parse(JSON.parse(last.string('differences'))),
      };
}

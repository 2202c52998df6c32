import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant, toIso, utcDay } from '../../domain/instants.ts';
import { type ReconciliationFigures } from '../domain/reconciliation.ts';
import { ItemReader, toWire } from '../../adapters/dynamodb/items.ts';
import { reconciledKey } from '../wiring/keys.ts';
import { eachOfPartition } from '../../adapters/dynamodb/partitions.ts';
import { retrying } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { expiringAfter } from '../../adapters/dynamodb/expiry.ts';

/** How long the table keeps the figures of a run. */
const KEPT_DAYS = 35;

type DayFigures = Pick<ReconciliationFigures, 'dispatched' | 'newlyStuck'>;

/**
 * Keeps what a run of the reconciler did beside the other runs of its UTC day. A run counts once, however often it is
 * written.
 *
 * @returns the runs of the day
 * @throws BusyError
 */
export async function recordRun(
  store: Store,
  run: { id: string; at: Instant } & DayFigures,
  deadline: Deadline,
): Promise<DayFigures[]> {
  const { id, at, dispatched, newlyStuck } = run;
  const day = reconciledKey(utcDay(at));
  const Item = toWire({
    pk: day,
    sk: `${toIso(at)}#${id}`,
    dispatched,
    newlyStuck,
    ...expiringAfter(KEPT_DAYS, at),
  });
  await retrying(deadline, async (abortSignal) => {
    await store.client.send(new PutItemCommand({ TableName: store.table, Item }), { abortSignal });
    return null;
  });
  const runs: DayFigures[] = [];
  for await (const item of eachOfPartition(store, day, '', deadline)) {
    const reader = ItemReader.fromWire(item);
    runs.push({ dispatched: reader.integer('dispatched'), newlyStuck: reader.integer('newlyStuck') });
  }
  return runs;
}

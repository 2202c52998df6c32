import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type CatalogueFile } from '../../domain/catalogue.ts';
import { isCatalogueFile } from '../../domain/catalogue-mistakes.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type CatalogueSnapshot } from '../../wiring/catalogue-snapshot.ts';
import { CorruptItemError, evaluated, ItemReader, toWire } from './items.ts';
import { catalogueKey, CATALOGUES_KEY } from './keys.ts';
import { queryPartition } from './partitions.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Table } from './store.ts';

interface CatalogueRecord extends CatalogueSnapshot {
  number: number;
  since: Instant;
}

/**
 * Records a catalogue, unless it is in force already.
 *
 * @returns the instant from which it holds
 * @throws BusyError
 */
export async function recordCatalogue(
  table: Table,
  snapshot: CatalogueSnapshot,
  now: Instant,
  deadline: Deadline,
): Promise<Instant> {
  return retrying(deadline, async (abortSignal) => {
    const latest = await latestRecord(table, deadline);
    if (latest?.hash === snapshot.hash) {
      return latest.since;
    }
    const number = (latest?.number ?? 0) + 1;
    const since = latest === null ? now : Math.max(now, latest.since + 1);
    const put = new PutItemCommand({
      TableName: table.table,
      Item: toWire({ pk: CATALOGUES_KEY, sk: catalogueKey(number), number, since, ...snapshot }),
      ...evaluated({ ConditionExpression: 'attribute_not_exists(#pk)' }),
    });
    try {
      await table.client.send(put, { abortSignal });
      return since;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) {
        return TRY_AGAIN;
      }
      throw error;
    }
  });
}

/**
 * The catalogue that a table's deployment has recorded last; null: none has been.
 *
 * @throws BusyError
 * @throws CorruptItemError
 */
export async function recordedCatalogue(
  table: Table,
  deadline: Deadline,
): Promise<{ file: CatalogueFile; since: Instant } | null> {
  const latest = await latestRecord(table, deadline);
  if (latest === null) {
    return null;
  }
  const file: unknown = JSON.parse(latest.file);
  if (!isCatalogueFile(file)) {
    throw new CorruptItemError(`The catalogue ${catalogueKey(latest.number)} of the table can’t be read.`);
  }
  return { file, since: latest.since };
}

async function latestRecord(table: Table, deadline: Deadline): Promise<CatalogueRecord | null> {
  const { items } = await queryPartition(table, CATALOGUES_KEY, { isReversed: true, limit: 1 }, deadline);
  const [latest] = items.map((item) => ItemReader.fromWire(item));
  return latest === undefined
    ? null
    : {
        ...latest.integers(['number', 'since']),
        file: latest.string('file'),
        hash: latest.string('hash'),
      };
}

import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type CatalogueFile } from '../../domain/catalogue.ts';
import { type DiffFigures } from '../../domain/catalogue-diff.ts';
import { isCatalogueFile } from '../../domain/catalogue-mistakes.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { type CatalogueSnapshot } from '../../wiring/catalogue-snapshot.ts';
import { CorruptItemError, evaluated, ItemReader, toWire } from './items.ts';
import { CATALOGUE_DIFF_KEY, catalogueKey, CATALOGUES_KEY } from './keys.ts';
import { queryPartition } from './partitions.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Table } from './store.ts';

interface CatalogueRecord extends CatalogueSnapshot {
  number: number;
  since: Instant;
}

interface RecordedCatalogue {
  file: CatalogueFile;
  since: Instant;
  version: number;
  fingerprint: string;
}

/** What a comparison of catalogues has found, and when it was made. */
interface DiffRecord extends DiffFigures {
  at: Instant;
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
 * @returns `version`: its number among all that were recorded; `fingerprint`: the hash of what it means
 * @throws BusyError
 * @throws CorruptItemError
 */
export async function recordedCatalogue(table: Table, deadline: Deadline): Promise<RecordedCatalogue | null> {
  const latest = await latestRecord(table, deadline);
  if (latest === null) {
    return null;
  }
  const file: unknown = JSON.parse(latest.file);
  if (!isCatalogueFile(file)) {
    throw new CorruptItemError(`The catalogue ${catalogueKey(latest.number)} of the table can’t be read.`);
  }
  return { file, since: latest.since, version: latest.number, fingerprint: latest.hash };
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

/** Keeps what the last comparison has found, in place of the one before. @throws BusyError */
export async function recordDiff(table: Table, record: DiffRecord, deadline: Deadline): Promise<void> {
  const Item = toWire({ pk: CATALOGUE_DIFF_KEY, sk: 'LAST', ...record });
  const put = new PutItemCommand({ TableName: table.table, Item });
  await retrying(deadline, (abortSignal) => table.client.send(put, { abortSignal }));
}

/** What the last comparison has found; null: none has been made. @throws BusyError */
export async function lastDiff(table: Table, deadline: Deadline): Promise<DiffRecord | null> {
  const { items } = await queryPartition(table, CATALOGUE_DIFF_KEY, { limit: 1 }, deadline);
  const [last] = items.map((item) => ItemReader.fromWire(item));
  return last?.integers(['at', 'accounts', 'gaining', 'losing']) ?? null;
}

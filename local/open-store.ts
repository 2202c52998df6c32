import { recordedCatalogue } from '../lambdas/adapters/dynamodb/catalogue-records.ts';
import { connectTable, type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { catalogueOf } from '../lambdas/domain/catalogue.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';
import { assertTable } from './command-line.ts';

const READS_WITHIN_MS = 20_000;

/**
 * A table with the catalogue in force there, whatever the owner's file says by now.
 *
 * @throws UsageError
 */
export async function openStore(name: string): Promise<Store> {
  const table = connectTable(name);
  await assertTable(table);
  const recorded = await recordedCatalogue(table, deadlineIn(READS_WITHIN_MS));
  return { ...table, catalogue: recorded === null ? CATALOGUE : catalogueOf(recorded.file, recorded.since) };
}

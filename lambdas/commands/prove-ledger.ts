import { parseStoredCredits } from '../adapters/dynamodb/credits-item.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { ItemReader, toWire, type WireItem } from '../adapters/dynamodb/items.ts';
import { ACCOUNT_KEY, PERIOD_PREFIX, recordKey } from '../adapters/dynamodb/keys.ts';
import { parseLedgerLine } from '../adapters/dynamodb/ledger-item.ts';
import { eachOfPartition } from '../adapters/dynamodb/partitions.ts';
import { parsePeriod } from '../adapters/dynamodb/period-item.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Movement } from '../domain/credits.ts';
import { type Deadline } from '../domain/deadline.ts';
import {
  addMovement,
  type LedgerProof,
  type LedgerTotals,
  NO_TOTALS,
  proveLedger,
} from '../domain/ledger-proof.ts';

export interface ProvenLedger extends LedgerProof {
  /** How many movements were added up. */
  movements: number;
}

/**
 * Adds up the ledger of one partition and compares it with the account in it (G4). An account that is written
 * meanwhile is read again, so that a proof never fails for a movement that came in between.
 *
 * @param pk a user's partition, or that of an erased user's anonymous ledger
 * @returns null where there is no account, or only the tombstone of one
 * @throws BusyError when the account is written all the time
 */
export async function proveLedgerOf(
  store: Store,
  pk: string,
  deadline: Deadline,
): Promise<ProvenLedger | null> {
  const key = toWire({ pk, sk: ACCOUNT_KEY });
  return retrying(deadline, async () => {
    const before = await getItem(store, key, deadline);
    if (before === null || isTombstone(before)) {
      return null;
    }
    const { totals, movements } = await addUp(store, pk, deadline);
    const after = await getItem(store, key, deadline);
    if (after === null || versionOf(after) !== versionOf(before)) {
      return TRY_AGAIN;
    }
    const { stored, credits } = parseStoredCredits(before);
    return { ...proveLedger(stored, credits, totals), movements };
  });
}

function isTombstone(item: WireItem): boolean {
  return ItemReader.fromWire(item).has('erasedAt');
}

function versionOf(item: WireItem): number {
  return ItemReader.fromWire(item).integer('version');
}

async function addUp(
  store: Store,
  pk: string,
  deadline: Deadline,
): Promise<{ totals: LedgerTotals; movements: number }> {
  let totals = NO_TOTALS;
  let movements = 0;
  const add = (movement: Movement): void => {
    totals = addMovement(totals, movement);
    movements += 1;
  };
  for await (const item of eachOfPartition(store, pk, recordKey('LEDGER', ''), deadline)) {
    add(parseLedgerLine(item));
  }
  for await (const item of eachOfPartition(store, pk, PERIOD_PREFIX, deadline)) {
    parsePeriod(item).movements.forEach(add);
  }
  return { totals, movements };
}

/** Carries a catalogue out on the accounts of a table, one transaction each. */
import { parseAccount } from '../lambdas/adapters/dynamodb/account-item.ts';
import type { WireItem } from '../lambdas/adapters/dynamodb/items.ts';
import { userIdOf } from '../lambdas/adapters/dynamodb/keys.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { changeAccount } from '../lambdas/commands/change-account.ts';
import { applyCatalogue } from '../lambdas/domain/apply-catalogue.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import { mapConcurrently } from '../lambdas/runtime/concurrency.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { accountsOf } from './account-keys.ts';

/** `left`: it was carried out before, or the catalogue lacks the plan. */
export type Applied =
  | { userId: string; outcome: 'changed' | 'left' | 'erased' }
  | { userId: string; outcome: 'failed'; error: Error };

const ACCOUNTS_AT_ONCE = 16;
const ACCOUNT_WITHIN_MS = 20_000;

/**
 * Carries the catalogue of the store out on every account, page by page. Started again after it was broken off, it
 * changes nothing twice: an account keeps since when the catalogue holds that was carried out on it.
 */
export async function* applyToAll(
  store: Store,
  now: Instant,
): AsyncGenerator<{ results: Applied[]; scanned: number }> {
  for await (const { accounts, scanned } of accountsOf(store)) {
    const results = await mapConcurrently(accounts, ACCOUNTS_AT_ONCE, (item) =>
      applyToStored(store, item, now),
    );
    yield { results, scanned };
  }
}

async function applyToStored(store: Store, item: WireItem, now: Instant): Promise<Applied> {
  const userId = userIdOf(item['pk']?.S ?? '') ?? '';
  try {
    const request = {
      userId,
      now,
      deadline: deadlineIn(ACCOUNT_WITHIN_MS),
      ifErased: () => 'erased' as const,
      seen: parseAccount(item),
    };
    const outcome = await changeAccount<'changed' | 'left' | 'erased'>(store, request, (account) => {
      const change = account === null ? null : applyCatalogue(account, store.catalogue, now);
      const cause = { id: `catalogue-${String(store.catalogue.since)}`, at: now };
      return change === null ? { answer: 'left' } : { write: { change, cause, answer: 'changed' } };
    });
    return { userId, outcome };
  } catch (error) {
    return { userId, outcome: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
}

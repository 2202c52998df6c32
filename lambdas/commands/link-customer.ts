import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { type Account, type AccountChange, newAccount } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { ENDED_WITH_CUSTOMER, followChoice } from '../domain/live-subscription.ts';
import { changeItems, rollForwardInPart } from './change-account.ts';
import { ErasedAccountError, readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { ItemReader, toWire, type WireItem } from '../adapters/dynamodb/items.ts';
import { customerKey } from '../adapters/dynamodb/keys.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact, type TransactWriteItem } from '../adapters/dynamodb/transact.ts';

/**
 * A user has at most one customer at Stripe. The account names it, and an item of the customer's leads back to the
 * user; both are written together, so that neither is ever there without the other.
 */

/** A customer at Stripe is named for two users, which nothing of ours can bring about. */
class CustomerTakenError extends Error {
  override name = 'CustomerTakenError';
}

const CUSTOMER_SORT_KEY = 'CUSTOMER';

function customerItemKey(customerId: string): WireItem {
  return toWire({ pk: customerKey(customerId), sk: CUSTOMER_SORT_KEY });
}

/** Whose customer it is; null: as far as we know, nobody's. @throws BusyError */
export async function findUserOfCustomer(
  store: Store,
  customerId: string,
  deadline: Deadline,
): Promise<string | null> {
  return retrying(deadline, async (abortSignal) => {
    const { Item } = await store.client.send(
      new GetItemCommand({ TableName: store.table, Key: customerItemKey(customerId), ConsistentRead: true }),
      { abortSignal },
    );
    return Item === undefined ? null : ItemReader.fromWire(Item).string('userId');
  });
}

/**
 * Makes a customer the user's. A user who has not been seen yet gets a free account. With a customer who was deleted at
 * Stripe his subscriptions have ended; no event would tell of it, since nothing leads from him to the user any more.
 *
 * @param replaces the customer that the account has and that was deleted at Stripe; null: it has none
 * @returns the user's customer, which is another one where somebody was faster
 * @throws ErasedAccountError
 * @throws CustomerTakenError
 * @throws BusyError
 */
export async function linkCustomer(
  store: Store,
  { userId, customerId, replaces }: { userId: string; customerId: string; replaces: string | null },
  now: Instant,
  deadline: Deadline,
): Promise<string> {
  return retrying<string>(deadline, async (abortSignal) => {
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored?.kind === 'erased') {
      throw new ErasedAccountError();
    }
    if (stored !== null && stored.customerId !== null && stored.customerId !== replaces) {
      return stored.customerId;
    }
    const before = stored === null ? null : await rollForwardInPart(store, stored, now, abortSignal);
    const former = before?.customerId ?? null;
    const change =
      before === null || former === null
        ? unchanged(before ?? newAccount(userId, now))
        : endWith(before, now);
    const account = { ...change.account, customerId };
    const cause = { id: `customer-${customerId}`, at: now };
    const transaction = await transact(
      store,
      [
        putNew(store.table, { ...customerItemKey(customerId), ...toWire({ userId }) }),
        ...changeItems(store.table, { ...change, account }, before, cause),
        ...(former === null ? [] : [forgetCustomer(store.table, former)]),
      ],
      abortSignal,
    );
    if (transaction.committed) {
      return customerId;
    }
    // With the lost answer of an earlier try the account would name the customer, and this would not have been tried.
    if (transaction.reasons[0]?.reason === 'condition' && transaction.reasons[1]?.reason === 'none') {
      throw new CustomerTakenError(`The customer ${customerId} is another user's.`);
    }
    return TRY_AGAIN;
  });
}

function unchanged(account: Account): AccountChange {
  return { account, closed: [], movements: [] };
}

/** The billing version rises, so that a worker who has asked for the former customer's subscriptions is overtaken. */
function endWith(account: Account, now: Instant): AccountChange {
  const ended = followChoice(account, ENDED_WITH_CUSTOMER, now);
  return { ...ended, account: { ...ended.account, billingVersion: account.billingVersion + 1 } };
}

/** Removes what leads from a customer to its user. */
export function forgetCustomer(table: string, customerId: string): TransactWriteItem {
  return { Delete: { TableName: table, Key: customerItemKey(customerId) } };
}

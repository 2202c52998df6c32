import { forgetCustomer, parseCustomer, putCustomer } from '../adapters/dynamodb/customer-item.ts';
import { TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type DeletedCustomer } from '../adapters/stripe/customers.ts';
import { type Account, type AccountChange, isLive, newAccount } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { ENDED_WITH_CUSTOMER, followChoice } from '../domain/live-subscription.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { type Alongside, beginAnew } from './alongside.ts';
import { type AccountWrite, changeAccount, refuseErased } from './change-account.ts';

/** A customer at Stripe is named for two users. No code of ours does that. */
class CustomerTakenError extends Error {
  override name = 'CustomerTakenError';
}

/** The user to whom a customer at Stripe is to belong. */
export interface CustomerLink {
  userId: string;
  customerId: string;
}

/**
 * Links a customer to a user who has none. A user whom Postage has not seen yet gets a free account.
 *
 * @returns the user's customer, which is another one where somebody was faster
 * @throws ErasedAccountError
 * @throws CustomerTakenError
 * @throws BusyError
 */
export async function linkFirstCustomer(
  store: Store,
  link: CustomerLink,
  now: Instant,
  deadline: Deadline,
): Promise<string> {
  const { userId } = link;
  return changeAccount<string>(store, { userId, now, deadline, ifErased: refuseErased }, (before) => {
    const account = before ?? newAccount(userId, now, store.catalogue);
    return account.customerId === null
      ? { write: linking(store.table, link, { account, closed: [], movements: [] }, now, []) }
      : { answer: account.customerId };
  });
}

/**
 * Links a customer to a user in place of one who was deleted at Stripe. The subscription ends with the former customer: no
 * event would tell of it, since nothing leads from that customer to the user any more.
 *
 * The billing version rises, so that a worker who has asked for the former customer's subscriptions is overtaken.
 *
 * @returns the user's customer, which is another one where somebody was faster; null where a subscription has begun
 *   meanwhile, and the former customer is only presumed to be deleted
 * @throws ErasedAccountError
 * @throws CustomerTakenError
 * @throws BusyError
 */
export async function replaceDeletedCustomer(
  store: Store,
  former: DeletedCustomer,
  link: CustomerLink,
  now: Instant,
  deadline: Deadline,
): Promise<string | null> {
  const { userId } = link;
  return changeAccount<string | null>(store, { userId, now, deadline, ifErased: refuseErased }, (before) => {
    if (before?.customerId !== former.id) {
      return { answer: before?.customerId ?? null };
    }
    if (isLive(rollForward(before, now, store.catalogue).account.subscription) && !former.isConfirmed) {
      return { answer: null };
    }
    const ended = followChoice(before, ENDED_WITH_CUSTOMER, now, store.catalogue);
    const account: Account = { ...ended.account, billingVersion: before.billingVersion + 1 };
    const forget = { write: forgetCustomer(store.table, former.id), ifRefused: beginAnew };
    return { write: linking(store.table, link, { ...ended, account }, now, [forget]) };
  });
}

/** The account names the customer, and the customer leads back to the account. */
function linking(
  table: string,
  { userId, customerId }: CustomerLink,
  change: AccountChange,
  now: Instant,
  others: readonly Alongside<string>[],
): AccountWrite<string> {
  const wayBack: Alongside<string> = {
    write: putCustomer(table, customerId, userId),
    ifRefused: (item) => {
      if (item !== null && parseCustomer(item) === userId) {
        // An earlier try has linked them, and its answer was lost.
        return TRY_AGAIN;
      }
      throw new CustomerTakenError(`The customer ${customerId} is another user's.`);
    },
  };
  return {
    change: { ...change, account: { ...change.account, customerId } },
    cause: { id: `customer-${customerId}`, at: now },
    alongside: [wayBack, ...others],
    answer: customerId,
  };
}

import { type Store } from '../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../adapters/stripe/connection.ts';
import { createCustomer, DeletedCustomer } from '../adapters/stripe/customers.ts';
import { StripeMissingError } from '../adapters/stripe/errors.ts';
import { type Account, isLive } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { linkFirstCustomer, replaceDeletedCustomer } from './link-customer.ts';

export interface CustomerServices {
  store: Store;
  stripe: StripeConnection;
}

/** Whose customer it is. The e-mail address is the token's; null: it has none. */
type CustomerOf = Pick<Account, 'userId' | 'customerId' | 'subscription'> & { email?: string | null };

/**
 * Does something at Stripe for a user's customer, and makes the customer when there is none. When somebody has deleted
 * the customer at Stripe, it makes a new one and does the same once more. A live subscription ends with its customer,
 * so Stripe has to confirm the deletion first.
 *
 * @throws ErasedAccountError, BusyError, StripeUnavailableError, NotConfiguredError, and what `use` throws
 */
export async function withCustomer<Answer>(
  services: CustomerServices,
  { userId, customerId, subscription, email = null }: CustomerOf,
  now: Instant,
  deadline: Deadline,
  use: (customerId: string) => Promise<Answer>,
): Promise<Answer> {
  const { store, stripe } = services;
  const make = (replaces: string | null): Promise<string> =>
    createCustomer(stripe, { userId, email, replaces }, deadline);
  const first =
    customerId ?? (await linkFirstCustomer(store, { userId, customerId: await make(null) }, now, deadline));
  try {
    return await use(first);
  } catch (error) {
    if (!(error instanceof StripeMissingError && error.param === 'customer')) {
      throw error;
    }
  }
  const confirm = (): Promise<DeletedCustomer> => DeletedCustomer.confirm(stripe, first, deadline);
  const former = isLive(subscription) ? await confirm() : DeletedCustomer.presume(first);
  const link = { userId, customerId: await make(first) };
  const replace = (deleted: DeletedCustomer): Promise<string | null> =>
    replaceDeletedCustomer(store, deleted, link, now, deadline);
  return use((await replace(former)) ?? (await replace(await confirm())) ?? first);
}

import { type Account, isLive } from '../domain/account.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { linkCustomer } from './link-customer.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type StripeConnection } from '../adapters/stripe/connection.ts';
import { createCustomer, requireDeleted } from '../adapters/stripe/customers.ts';
import { StripeMissingError } from '../adapters/stripe/errors.ts';

export interface CustomerServices {
  store: Store;
  stripe: StripeConnection;
}

/**
 * Does something at Stripe for a user's customer, who is made when there is none; and once more for a new one, when
 * somebody has deleted the customer at Stripe. With him his subscription ends: where there is one, it is made sure of.
 *
 * @throws ErasedAccountError, BusyError, StripeUnavailableError, NotConfiguredError, and what `use` throws
 */
export async function withCustomer<Answer>(
  services: CustomerServices,
  { userId, customerId, subscription }: Pick<Account, 'userId' | 'customerId' | 'subscription'>,
  now: Instant,
  deadline: Deadline,
  use: (customerId: string) => Promise<Answer>,
): Promise<Answer> {
  const make = async (replaces: string | null): Promise<string> => {
    const made = await createCustomer(services.stripe, userId, replaces, deadline);
    return linkCustomer(services.store, { userId, customerId: made, replaces }, now, deadline);
  };
  const first = customerId ?? (await make(null));
  try {
    return await use(first);
  } catch (error) {
    if (error instanceof StripeMissingError && error.param === 'customer') {
      if (isLive(subscription)) {
        await requireDeleted(services.stripe, first, deadline);
      }
      return use(await make(first));
    }
    throw error;
  }
}

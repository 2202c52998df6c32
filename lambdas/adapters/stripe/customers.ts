import { type Deadline } from '../../domain/deadline.ts';
import { callStripe, readStripe, type StripeConnection } from './connection.ts';
import { NotConfiguredError, orNull, StripeMissingError } from './errors.ts';

/**
 * Makes the customer of a user. The idempotency key is the user's, so that two requests at once, or one that is
 * repeated within a day, make one; a second one, of whom nobody knows, would do no harm.
 *
 * @param replaces the user's former customer, who was deleted at Stripe
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function createCustomer(
  connection: StripeConnection,
  userId: string,
  replaces: string | null,
  deadline: Deadline,
): Promise<string> {
  const idempotencyKey = `customer:${userId}${replaces === null ? '' : `:after:${replaces}`}`;
  const { id } = await callStripe(connection, deadline, (stripe, options) =>
    stripe.customers.create({ metadata: { userId } }, { ...options, idempotencyKey }),
  );
  return id;
}

/**
 * Whose customer it is by what stands in the customer's metadata; null: nobody's.
 *
 * @returns `gone` for a customer who was deleted, or never was
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function readOwner(
  connection: StripeConnection,
  customerId: string,
  deadline: Deadline,
): Promise<{ userId: string | null } | 'gone'> {
  try {
    const customer = await readStripe(connection, deadline, (stripe, options) =>
      stripe.customers.retrieve(customerId, {}, options),
    );
    return customer.deleted === true ? 'gone' : { userId: customer.metadata['userId'] ?? null };
  } catch (error) {
    if (error instanceof StripeMissingError) {
      return 'gone';
    }
    throw error;
  }
}

/**
 * Makes sure that a user's customer, whom Stripe does not know any more, was deleted. Stripe remembers those; one that it
 * never had was made by another account's keys, or by those of the other mode, and these say nothing of what he pays for.
 *
 * @throws NotConfiguredError when he was not
 * @throws StripeUnavailableError
 */
export async function requireDeleted(
  connection: StripeConnection,
  customerId: string,
  deadline: Deadline,
): Promise<void> {
  const customer = await orNull(
    readStripe(connection, deadline, (stripe, options) => stripe.customers.retrieve(customerId, {}, options)),
  );
  if (customer?.deleted !== true) {
    throw new NotConfiguredError(
      `The customer ${customerId} was not deleted: are Stripe's keys another account's?`,
    );
  }
}

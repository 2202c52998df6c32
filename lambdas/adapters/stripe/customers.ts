import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { callStripe, readStripe, type StripeConnection } from './connection.ts';
import { NotConfiguredError, requireKnown } from './errors.ts';

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
 * @returns `gone` for a customer who was deleted
 * @throws NotConfiguredError also for one whom Stripe never had
 * @throws StripeUnavailableError
 */
export async function readOwner(
  connection: StripeConnection,
  customerId: string,
  deadline: Deadline,
): Promise<{ userId: string | null } | 'gone'> {
  const customer = await readCustomer(connection, customerId, deadline);
  return customer.deleted === true ? 'gone' : { userId: customer.metadata['userId'] ?? null };
}

/**
 * Makes sure that a user's customer, whom Stripe does not know any more, was deleted. One that it never had was made by
 * other keys, and these say nothing of what he pays for.
 *
 * @throws NotConfiguredError when he was not
 * @throws StripeUnavailableError
 */
export async function requireDeleted(
  connection: StripeConnection,
  customerId: string,
  deadline: Deadline,
): Promise<void> {
  const customer = await readCustomer(connection, customerId, deadline);
  if (customer.deleted !== true) {
    throw new NotConfiguredError(
      `The customer ${customerId} was not deleted: are Stripe's keys another account's?`,
    );
  }
}

async function readCustomer(
  connection: StripeConnection,
  customerId: string,
  deadline: Deadline,
): Promise<Stripe.Customer | Stripe.DeletedCustomer> {
  return requireKnown(
    readStripe(connection, deadline, (stripe, options) => stripe.customers.retrieve(customerId, {}, options)),
  );
}

import { createHash } from 'node:crypto';
import { type Stripe } from 'stripe';
import { type Deadline } from '../../domain/deadline.ts';
import { createUnderKey, readStripe, type StripeConnection } from './connection.ts';
import { NotConfiguredError, requireKnown, StripeRejectedError } from './errors.ts';

export interface NewCustomer {
  userId: string;
  /** For Stripe's receipts and reminders. Checkout asks for it where there is none. */
  email: string | null;
  /** The user's former customer, who was deleted at Stripe. */
  replaces: string | null;
}

/**
 * Makes the customer of a user. The idempotency key is the user's and their e-mail address's, so that two requests at once,
 * or a repetition within a day, make one customer. A second one that nothing refers to does no harm.
 *
 * @throws StripeUnavailableError, NotConfiguredError
 */
export async function createCustomer(
  connection: StripeConnection,
  { userId, email, replaces }: NewCustomer,
  deadline: Deadline,
): Promise<string> {
  // A key goes with one set of parameters, and the address may have changed since.
  const of = email === null ? '' : `:${createHash('sha256').update(email).digest('hex').slice(0, 16)}`;
  const idempotencyKey = `customer:${userId}${of}${replaces === null ? '' : `:after:${replaces}`}`;
  const who = { metadata: { userId }, ...(email === null ? {} : { email }) };
  try {
    const { id } = await createUnderKey(connection, deadline, idempotencyKey, (stripe, options) =>
      stripe.customers.create(who, options),
    );
    return id;
  } catch (error) {
    // Stripe judges addresses more strictly than we can. Checkout asks for another one.
    if (error instanceof StripeRejectedError && error.param === 'email' && email !== null) {
      return createCustomer(connection, { userId, email: null, replaces }, deadline);
    }
    throw error;
  }
}

/**
 * The user whom the customer's metadata name; null: they name nobody.
 *
 * @returns `gone` for a customer who was deleted
 * @throws NotConfiguredError also for a customer whom Stripe never had
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
 * A user's customer who was deleted at Stripe. Code can make one only in the two ways below, so no plan ends with a
 * customer unless somebody has made sure.
 */
export class DeletedCustomer {
  readonly id: string;
  /** Whether Stripe has said so. */
  readonly isConfirmed: boolean;

  private constructor(id: string, isConfirmed: boolean) {
    this.id = id;
    this.isConfirmed = isConfirmed;
  }

  /**
   * Asks Stripe whether it has deleted a customer. If it never had the customer, other keys made them, and these keys do
   * not tell what that customer pays for.
   *
   * @throws NotConfiguredError when it has not
   * @throws StripeUnavailableError
   */
  static async confirm(
    connection: StripeConnection,
    customerId: string,
    deadline: Deadline,
  ): Promise<DeletedCustomer> {
    const customer = await readCustomer(connection, customerId, deadline);
    if (customer.deleted !== true) {
      throw new NotConfiguredError(
        `The customer ${customerId} was not deleted: are Stripe's keys another account's?`,
      );
    }
    return new DeletedCustomer(customerId, true);
  }

  /**
   * Takes a customer for deleted without asking, since Stripe does not know them. Only for users without a live
   * subscription: no plan depends on their customer, so a sandbox whose data was deleted can go on.
   */
  static presume(customerId: string): DeletedCustomer {
    return new DeletedCustomer(customerId, false);
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

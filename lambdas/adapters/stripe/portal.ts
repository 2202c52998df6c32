import { type Deadline } from '../../domain/deadline.ts';
import { callStripe, readStripe, type StripeConnection } from './connection.ts';
import { NotConfiguredError } from './errors.ts';
import { STAGE_METADATA } from './portal-configuration.ts';

/** Opens the Portal for a customer. */
export interface Portal {
  /**
   * @returns the address of the customer's page
   * @throws StripeUnavailableError
   * @throws NotConfiguredError also when the account has no configuration of the stage
   * @throws StripeMissingError when the customer was deleted
   */
  open: (customerId: string, appUrl: string, deadline: Deadline) => Promise<string>;
}

/**
 * The Portal with the configuration that `npm run stripe -- setup` has made for the stage.
 *
 * @param stage whose configuration it is: several stages may share one account at Stripe
 */
export function createPortal(connection: StripeConnection, stage: string): Portal {
  return {
    open: async (customerId, appUrl, deadline) => {
      const configuration = await findConfiguration(connection, stage, deadline);
      const session = await callStripe(connection, deadline, (stripe, options) =>
        stripe.billingPortal.sessions.create(
          { customer: customerId, configuration, return_url: appUrl },
          options,
        ),
      );
      return session.url;
    },
  };
}

const PAGE_SIZE = 100;

/** Each time: one that was kept might have been deactivated since. */
async function findConfiguration(
  connection: StripeConnection,
  stage: string,
  deadline: Deadline,
): Promise<string> {
  const { data } = await readStripe(connection, deadline, (stripe, options) =>
    stripe.billingPortal.configurations.list({ active: true, limit: PAGE_SIZE }, options),
  );
  const found = data.find((each) => each.metadata?.[STAGE_METADATA] === stage);
  if (found === undefined) {
    throw new NotConfiguredError(
      `Stripe has no active configuration of the Portal for the stage ${stage}: npm run stripe -- setup makes it.`,
    );
  }
  return found.id;
}

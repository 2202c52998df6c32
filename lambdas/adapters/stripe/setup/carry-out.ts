import { type Stripe } from 'stripe';
import { type Deadline } from '../../../domain/deadline.ts';
import { callStripe, type StripeAnswer, type StripeConnection } from '../connection.ts';
import { NotConfiguredError } from '../errors.ts';
import { FINGERPRINT_METADATA } from './differences.ts';
import { type Step } from './step.ts';
import { fingerprintOf } from './wanted.ts';

/** Where a stack keeps what `setup` learns. */
export interface Keeper {
  keepWebhookSecret: (secret: string) => Promise<void>;
  keepAccount: (account: string) => Promise<void>;
}

/**
 * Carries one step of `setup` out. Broken off in between, the next run finds the rest as differences.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeRejectedError
 */
export async function carryOut(
  connection: StripeConnection,
  keeper: Keeper,
  step: Step,
  deadline: Deadline,
): Promise<void> {
  const send = <Answer extends StripeAnswer>(
    request: (stripe: Stripe, options: { timeout: number }) => Promise<Answer>,
  ): Promise<Answer> => callStripe(connection, deadline, request);
  switch (step.does) {
    case 'create product':
      await send((stripe, options) => stripe.products.create(step.params, options));
      break;
    case 'update product':
      await send((stripe, options) => stripe.products.update(step.id, step.params, options));
      break;
    case 'create price': {
      const { archives } = step;
      await send((stripe, options) => stripe.prices.create(step.params, options));
      if (archives !== null) {
        await send((stripe, options) => stripe.prices.update(archives, { active: false }, options));
      }
      break;
    }
    case 'update price':
      await send((stripe, options) => stripe.prices.update(step.id, step.params, options));
      break;
    case 'create endpoint': {
      const { replaces } = step;
      const { id, secret } = await send((stripe, options) =>
        stripe.webhookEndpoints.create(step.params, options),
      );
      if (secret === undefined) {
        throw new NotConfiguredError(`Stripe has not told the signing secret of ${id}.`);
      }
      await keeper.keepWebhookSecret(secret);
      const metadata = { [FINGERPRINT_METADATA]: fingerprintOf(secret) };
      await send((stripe, options) => stripe.webhookEndpoints.update(id, { metadata }, options));
      if (replaces !== null) {
        await send((stripe, options) => stripe.webhookEndpoints.del(replaces, {}, options));
      }
      break;
    }
    case 'update endpoint':
      await send((stripe, options) => stripe.webhookEndpoints.update(step.id, step.params, options));
      break;
    case 'create portal':
      await send((stripe, options) => stripe.billingPortal.configurations.create(step.params, options));
      break;
    case 'update portal':
      await send((stripe, options) =>
        stripe.billingPortal.configurations.update(step.id, step.params, options),
      );
      break;
    case 'keep account':
      await keeper.keepAccount(step.account);
      break;
  }
}

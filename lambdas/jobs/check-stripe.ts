import * as z from 'zod/mini';
import { recordCheck } from '../adapters/dynamodb/check-records.ts';
import { connectTable } from '../adapters/dynamodb/store.ts';
import { connectStripe, type StripeKeys } from '../adapters/stripe/connection.ts';
import { NotConfiguredError } from '../adapters/stripe/errors.ts';
import { differencesAtStripe } from '../adapters/stripe/setup/differences.ts';
import { findAtStripe } from '../adapters/stripe/setup/found.ts';
import { byOwner, type Difference } from '../adapters/stripe/setup/step.ts';
import { wantedAtStripe } from '../adapters/stripe/setup/wanted.ts';
import { CORE_HANDLERS } from '../commands/core-stripe-handlers.ts';
import { type EventHandlers } from '../commands/stripe-handler.ts';
import { type Deadline } from '../domain/deadline.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { publishFigures } from '../runtime/figures.ts';
import { createLogger } from '../runtime/logger.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import { PAYMENT_METRICS } from '../wiring/metrics.ts';

/** Less than the function's two minutes. */
const LONGEST_MS = 100_000;

const table = connectTable(requiredVariable('table'));
const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const stage = requiredVariable('stage');
const webhookUrl = `${requiredVariable('publicUrl')}/webhooks/stripe`;
const catalogue = catalogueInForce();
const logger = createLogger('check-stripe');

const checkEvent = z.object({
  now: z.pipe(
    z.iso.datetime(),
    z.transform((text) => Date.parse(text)),
  ),
});

/** Compares the account at Stripe with what the stack needs. It does nothing while nobody has set Stripe's keys. */
export function stripeCheck(handlers: EventHandlers) {
  return async (event: unknown): Promise<void> => {
    const { now } = checkEvent.parse(event);
    const deadline = deadlineIn(LONGEST_MS);
    const keys = await keysIfSet();
    if (keys === null) {
      return;
    }
    const differences = await compare(keys, Object.keys(handlers), deadline);
    await recordCheck(table, { at: now, differences }, deadline);
    publishFigures(stage, [[PAYMENT_METRICS.differences, differences.length]]);
    for (const { says, mend } of differences) {
      logger.warn('Something at Stripe is not as it has to be.', { says, mend });
    }
  };
}

async function keysIfSet(): Promise<StripeKeys | null> {
  try {
    return await stripe.keys();
  } catch (error) {
    if (error instanceof NotConfiguredError) {
      return null;
    }
    throw error;
  }
}

async function compare(
  keys: StripeKeys,
  events: readonly string[],
  deadline: Deadline,
): Promise<Difference[]> {
  const wanted = wantedAtStripe(catalogue, { stage, webhookUrl, events });
  try {
    const found = await findAtStripe(stripe, wanted, deadline);
    return differencesAtStripe(wanted, found, { ...keys, account: keys.account ?? null });
  } catch (error) {
    if (error instanceof NotConfiguredError) {
      return [
        byOwner(
          `Stripe refuses the keys: ${error.message}`,
          'Put keys that hold and that have the rights in docs/stripe.md into the secret.',
        ),
      ];
    }
    throw error;
  }
}

export const handler = stripeCheck(CORE_HANDLERS);

/** `setup` and `check` at Stripe, for the command, for `npm start` and for tests. */
import { carryOut, type Keeper } from '../lambdas/adapters/stripe/setup/carry-out.ts';
import type { StripeConnection } from '../lambdas/adapters/stripe/connection.ts';
import { differencesAtStripe } from '../lambdas/adapters/stripe/setup/differences.ts';
import { findAtStripe } from '../lambdas/adapters/stripe/setup/found.ts';
import type { Difference } from '../lambdas/adapters/stripe/setup/step.ts';
import type { KeptOfStripe, WantedAtStripe } from '../lambdas/adapters/stripe/setup/wanted.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';

/** Reads what a stack keeps, and changes it. */
export interface KeepsStripe extends Keeper {
  kept: () => Promise<KeptOfStripe>;
}

const WITHIN_MS = 60_000;

/** @throws StripeUnavailableError, NotConfiguredError */
export async function checkStripe(
  connection: StripeConnection,
  wanted: WantedAtStripe,
  keeper: KeepsStripe,
): Promise<Difference[]> {
  const found = await findAtStripe(connection, wanted, deadlineIn(WITHIN_MS));
  return differencesAtStripe(wanted, found, await keeper.kept());
}

/** What one step has mended may show another difference. */
const MOST_ROUNDS = 3;

/**
 * Mends what can be mended.
 *
 * @param before told of each step
 * @returns what is left
 */
export async function setUpStripe(
  connection: StripeConnection,
  wanted: WantedAtStripe,
  keeper: KeepsStripe,
  before: (difference: Difference) => void = () => undefined,
): Promise<Difference[]> {
  let left = await checkStripe(connection, wanted, keeper);
  for (let rounds = 0; rounds < MOST_ROUNDS && left.some(({ step }) => step !== null); rounds += 1) {
    for (const difference of left) {
      if (difference.step !== null) {
        before(difference);
        await carryOut(connection, keeper, difference.step, deadlineIn(WITHIN_MS));
      }
    }
    left = await checkStripe(connection, wanted, keeper);
  }
  return left;
}

/** Keeps it as long as the process lives. */
export function keepInMemory(kept: KeptOfStripe): KeepsStripe {
  let now = kept;
  return {
    kept: () => Promise.resolve(now),
    keepWebhookSecret: (webhookSecret) => {
      now = { ...now, webhookSecret };
      return Promise.resolve();
    },
    keepAccount: (account) => {
      now = { ...now, account };
      return Promise.resolve();
    },
  };
}

import { randomUUID } from 'node:crypto';
import type { Store } from '../../lambdas/adapters/dynamodb/store.ts';
import type { BillingInterval, PlanId } from '../../lambdas/domain/plans.ts';
import type { Clock } from '../../local/clock.ts';
import type { FunctionLoaders } from '../../local/functions.ts';
import type { RolloverMachine } from '../../local/state-machine.ts';
import type { StripeAddress } from '../../local/payments.ts';
import { startRuntime } from '../../local/runtime.ts';

/** The API with everything behind it, in this process and on free ports. */
export interface Postage {
  url: string;
  /** An access token of the local issuer. */
  token: (userId: string, scope?: string) => Promise<string>;
  /** Begins, changes or ends a subscription; the anchor is the local now when none is given. */
  setPlan: (
    userId: string,
    plan: PlanId,
    about?: { interval?: BillingInterval; anchor?: string },
  ) => Promise<void>;
  clock: Clock;
  cronSecret: string;
  store: Store;
  rollover: RolloverMachine;
  stripe: StripeAddress;
  /** Until every event of Stripe's that has come is processed, or set aside. */
  paymentsSettled: () => Promise<void>;
  /** Where the letters lie that were sent. */
  sentFolder: string;
  /** Deals with what is due now. */
  reconcile: () => Promise<void>;
  /** Until what was handed over is sent or has failed; once the stream is followed. */
  deliveriesSettled: () => Promise<void>;
  /** Begins to publish events and to count statistics. */
  followStream: () => Promise<void>;
  /** What went wrong inside; a suite expects it to stay empty. */
  errors: unknown[];
  stop: () => Promise<void>;
}

export interface PostageOptions {
  /** The DynamoDB to use, such as a faulty one; the embedded one, or that at `DYNAMODB_ENDPOINT`, otherwise. */
  dynamodb?: string;
  functions?: FunctionLoaders;
  dataDir?: string;
}

/** Starts Postage with a table of its own. Once per test file: the functions keep the environment that they began in. */
export async function startPostage(options: PostageOptions = {}): Promise<Postage> {
  const errors: unknown[] = [];
  const runtime = await startRuntime({
    ...options,
    port: 0,
    table: `postage-test-${randomUUID()}`,
    onError: (error) => errors.push(error),
  });
  const { url, clock, cronSecret, store, rollover, issuer, followStream, stop } = runtime;
  const { stripe, paymentsSettled, sentFolder, reconcile, deliveriesSettled } = runtime;
  return {
    url,
    clock,
    cronSecret,
    store,
    rollover,
    stripe,
    paymentsSettled,
    ...{ sentFolder, reconcile, deliveriesSettled },
    followStream,
    errors,
    stop,
    token: async (userId, scope = '') => (await issuer.issue(userId, scope)).access_token,
    setPlan: async (userId, plan, { interval = 'month', anchor } = {}) => {
      const body =
        plan === 'none'
          ? { plan }
          : { plan, interval, anchor: anchor ?? new Date(clock.now()).toISOString() };
      const answer = await fetch(`${url}/dev/accounts/${encodeURIComponent(userId)}`, {
        method: 'PUT',
        body: JSON.stringify(body),
      });
      if (!answer.ok) {
        throw new Error(`The plan could not be set: ${await answer.text()}`);
      }
    },
  };
}

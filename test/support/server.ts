import { afterAll, beforeAll, expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { BillingInterval } from '../../lambdas/domain/catalogue.ts';
import type { FunctionLoaders } from '../../local/functions.ts';
import { type Runtime, startRuntime } from '../../local/runtime.ts';

/** The API with everything behind it, in this process and on free ports. */
export interface Postage extends Runtime {
  /** An access token of the local issuer. */
  token: (userId: string, scope?: string) => Promise<string>;
  /** Begins, changes or ends a subscription; the anchor is the local now when none is given. */
  setPlan: (
    userId: string,
    plan: string,
    about?: { interval?: BillingInterval; anchor?: string },
  ) => Promise<void>;
  /** What went wrong inside; a suite expects it to stay empty. */
  errors: unknown[];
}

export interface PostageOptions {
  /** The DynamoDB to use, such as a faulty one; the embedded one, or that at `DYNAMODB_ENDPOINT`, otherwise. */
  dynamodb?: string;
  functions?: FunctionLoaders;
  dataDir?: string;
  hasLetters?: boolean;
  origins?: readonly string[];
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
  const { url, clock, issuer } = runtime;
  return {
    ...runtime,
    errors,
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

/** A Postage for a test file, in which nothing may go wrong inside. */
export function usePostage(): () => Postage {
  let postage: Postage;

  beforeAll(async () => {
    postage = await startPostage();
  });

  afterAll(async () => {
    await postage.stop();
    expect(postage.errors).toEqual([]);
  });

  return () => postage;
}

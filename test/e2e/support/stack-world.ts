import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Stripe } from 'stripe';
import { sdkFor } from 'stripe-stand-in';
import * as z from 'zod/mini';
import { readStoredAccount } from '../../../lambdas/adapters/dynamodb/accounts.ts';
import { createStore } from '../../../lambdas/adapters/dynamodb/store.ts';
import { catalogueOf } from '../../../lambdas/domain/catalogue.ts';
import { toIso } from '../../../lambdas/domain/instants.ts';
import { plentyOfTime } from '../../support/table.ts';
import { dev } from './dev.ts';
import { type Example, EXAMPLES } from './examples.ts';
import { openForge } from './forge.ts';
import { findSchedules, readOutputs, readSecret, stackOutputs, startTarget } from './stack.ts';
import { tokensFromEnvironment, tokensFromIssuer } from './tokens.ts';
import type { World } from './world.ts';

const ACCOUNT_SCRIPT = fileURLToPath(new URL('../../../local/account.ts', import.meta.url));

/**
 * The deployed stack that the environment names, in AWS or in an emulator at `AWS_ENDPOINT_URL`: `POSTAGE_URL`, where
 * it answers, and `POSTAGE_STACK`, its name; for an example, `POSTAGE_PICTURES_URL` and `POSTAGE_PICTURES_STACK`. Tokens come from `POSTAGE_ISSUER_URL`, where the suite runs the issuer
 * itself and has its key in `POSTAGE_ISSUER_DIR`, or else from the environment too.
 */
export async function connectStack(example: Example): Promise<World> {
  const isLetters = example === 'letters';
  const prefix = isLetters ? 'POSTAGE' : `POSTAGE_${example.toUpperCase()}`;
  const url = String(process.env[`${prefix}_URL`]).replace(/\/+$/, '');
  const { TableName, CronSecretArn, StripeSecretArn, RolloverStateMachineArn } = await readOutputs(
    process.env[`${prefix}_STACK`] ?? 'Postage-dev',
    stackOutputs,
  );
  const issuerUrl = process.env['POSTAGE_ISSUER_URL'];
  const issuerDir = process.env['POSTAGE_ISSUER_DIR'];
  const tokens = issuerUrl === undefined ? tokensFromEnvironment() : tokensFromIssuer(issuerUrl);
  const store = createStore(TableName, catalogueOf(EXAMPLES[example], 0));
  return {
    url,
    cronSecret: await readSecret(CronSecretArn),
    now: () => Promise.resolve(Date.now()),
    meet: tokens.meet,
    serviceToken: tokens.service,
    readerToken: tokens.reader,
    adminToken: tokens.admin,
    forge: issuerUrl === undefined || issuerDir === undefined ? null : await openForge(issuerUrl, issuerDir),
    beginSubscription: async (userId, { plan, interval = 'month', anchor }) => {
      const account = ['--user', userId, '--plan', plan, '--interval', interval, '--anchor', toIso(anchor)];
      await promisify(execFile)(process.execPath, [ACCOUNT_SCRIPT, ...account, '--table', TableName]);
    },
    // Only the letters app's stack has been told where the stand-in for Stripe answers.
    atStripe: isLetters ? atStripe(process.env['POSTAGE_STRIPE_CONTROL_URL']) : null,
    stripe: isLetters ? await stripeSdk(process.env['POSTAGE_STRIPE_URL'], StripeSecretArn) : null,
    storedAccount: (userId) => readStoredAccount(store, userId, plentyOfTime()),
    startNight: async (after) => {
      const [schedule] = await findSchedules(RolloverStateMachineArn);
      if (schedule === undefined) {
        throw new Error(`No schedule starts ${RolloverStateMachineArn}.`);
      }
      // Rounded up: scheduled times are whole seconds.
      await startTarget(schedule, Math.ceil(after / 1_000) * 1_000);
    },
    close: () => {
      store.client.destroy();
      return Promise.resolve();
    },
  };
}

function atStripe(url: string | undefined): World['atStripe'] {
  return url === undefined ? null : (method, path, body) => dev(url, method, path, body);
}

const stripeSecret = z.object({ secretKey: z.string() });

/** With the key that the stack has. */
async function stripeSdk(url: string | undefined, secretArn: string): Promise<Stripe | null> {
  if (url === undefined) {
    return null;
  }
  const { secretKey } = z.parse(stripeSecret, JSON.parse(await readSecret(secretArn)));
  return sdkFor({ url, secretKey });
}

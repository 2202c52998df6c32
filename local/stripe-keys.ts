/** Where `npm run stripe` finds the keys of Stripe, and keeps what it learns. */
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as z from 'zod/mini';
import type { KeptOfStripe } from '../lambdas/adapters/stripe/setup/wanted.ts';
import { outputsOf } from './stack-outputs.ts';
import { UsageError } from './usage-error.ts';
import { keepInMemory, type KeepsStripe } from './stripe-setup.ts';

export interface StripeTarget {
  stage: string;
  /** Where the stage's events go; null: `stripe listen` or nobody brings them. */
  webhookUrl: string | null;
  keeper: KeepsStripe;
}

export interface TargetOptions {
  stage: string | undefined;
  secret: string | undefined;
  url: string | undefined;
  rolled: boolean;
}

const KEY = /^[sr]k_(test|live)_\S+$/;

/**
 * The keys of a secret, that of a stage's stack or another, or those of the environment alone.
 *
 * @throws UsageError
 */
export async function findTarget({ stage, secret, url, rolled }: TargetOptions): Promise<StripeTarget> {
  if (url !== undefined && !URL.canParse(url)) {
    throw new UsageError(`--url must be an address, such as https://api.example.com/webhooks/stripe.`);
  }
  const secretKey = process.env['STRIPE_SECRET_KEY'] ?? '';
  if (secret === undefined && stage === undefined && secretKey !== '') {
    return { stage: 'dev', webhookUrl: url ?? null, keeper: ofEnvironment(secretKey) };
  }
  if (secret === undefined && stage === undefined) {
    throw new UsageError('Name a stage with --stage, a secret with --secret, or set STRIPE_SECRET_KEY.');
  }
  const outputs =
    stage === undefined || (secret !== undefined && url !== undefined) ? null : await outputsOf(stage);
  const secretId = secret ?? outputs?.['StripeSecretArn'];
  if (secretId === undefined) {
    throw new UsageError(`The stack Postage-${String(stage)} has no output StripeSecretArn.`);
  }
  const webhookUrl = url ?? outputs?.['StripeWebhookUrl'] ?? null;
  return { stage: stage ?? 'dev', webhookUrl, keeper: await ofSecret(secretId, secretKey, rolled) };
}

/** Nothing keeps what is learnt: the signing secret is shown once. */
function ofEnvironment(secretKey: string): KeepsStripe {
  assertKey(secretKey, 'STRIPE_SECRET_KEY');
  const webhookSecret = process.env['STRIPE_WEBHOOK_SECRET'];
  const known = webhookSecret === '' ? undefined : webhookSecret;
  const memory = keepInMemory({ secretKey, webhookSecret: known, account: null });
  return {
    // It would be kept nowhere.
    kept: async () => ({ ...(await memory.kept()), account: undefined }),
    keepAccount: () => Promise.resolve(),
    keepWebhookSecret: async (secret) => {
      process.stdout.write(`The endpoint's signing secret, which Stripe shows once: ${secret}\n`);
      await memory.keepWebhookSecret(secret);
    },
  };
}

const secretValue = z.looseObject({
  secretKey: z.string(),
  webhookSecret: z.optional(z.string()),
  account: z.optional(z.string()),
});

/** @param ownKey is used in place of that in the secret, unless it is empty. @throws UsageError */
async function ofSecret(SecretId: string, ownKey: string, isRolled: boolean): Promise<KeepsStripe> {
  const client = new SecretsManagerClient();
  const read = async (): Promise<z.output<typeof secretValue>> => {
    const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId }));
    return secretValue.parse(JSON.parse(SecretString));
  };
  /** Only what has changed: somebody may have put another key in meanwhile. */
  const keep = async (fields: Partial<KeptOfStripe>): Promise<void> => {
    const SecretString = JSON.stringify({ ...(await read()), ...fields });
    await client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  };
  const kept = async (): Promise<KeptOfStripe> => {
    const { secretKey, webhookSecret = '', account = '' } = await read();
    return {
      secretKey: ownKey === '' ? secretKey : ownKey,
      webhookSecret: webhookSecret === '' ? null : webhookSecret,
      account: account === '' ? null : account,
      isRolled,
    };
  };
  try {
    assertKey((await kept()).secretKey, `"secretKey" in the secret ${SecretId}`);
  } catch (error) {
    // Not as the cause: its message could quote the secret.
    throw error instanceof UsageError || !(error instanceof Error)
      ? error
      : new UsageError(`The secret ${SecretId} can't be read as {secretKey, webhookSecret}. (${error.name})`);
  }
  return {
    kept,
    keepWebhookSecret: (webhookSecret) => keep({ webhookSecret }),
    keepAccount: (account) => keep({ account }),
  };
}

/** @throws UsageError */
function assertKey(key: string, where: string): void {
  if (!KEY.test(key)) {
    throw new UsageError(`${where} must be a secret or restricted key of Stripe's, sk_… or rk_….`);
  }
}

import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { startStripe } from 'stripe-stand-in';
import { standInProducts } from '../../../local/stripe-products.ts';
import { readOutputs, stackOutputs } from '../../e2e/support/stack.ts';
import { connectionBy } from '../../../lambdas/adapters/stripe/connection.ts';
import { wantedAtStripe } from '../../../lambdas/adapters/stripe/setup/wanted.ts';
import { keepInMemory, setUpStripe } from '../../../local/stripe-setup.ts';
import { CATALOGUE } from '../../../lambdas/wiring/catalogue.ts';

/** Stripe's server on this machine, for a stack that is deployed here. */
export interface StripeServer {
  /** Where its API answers. */
  url: string;
  /** Where its control routes answer: what customers and banks do. */
  controlUrl: string;
  /** Gives a stack its keys, and from now on sends its events to the stack. */
  connectTo: (stackName: string, apiUrl: string) => Promise<void>;
  stop: () => Promise<void>;
}

export async function serveStripe(): Promise<StripeServer> {
  let webhookUrl: string | null = null;
  const standIn = await startStripe({
    clock: Date,
    products: standInProducts(CATALOGUE),
    webhookUrl: () => webhookUrl,
  });
  return {
    url: standIn.url,
    controlUrl: `${standIn.url}/control`,
    connectTo: async (stackName, apiUrl) => {
      const { StripeSecretArn } = await readOutputs(stackName, stackOutputs);
      const { secretKey, webhookSecret } = standIn;
      await new SecretsManagerClient().send(
        new PutSecretValueCommand({
          SecretId: StripeSecretArn,
          SecretString: JSON.stringify({ secretKey, webhookSecret }),
        }),
      );
      const stage = stackName.replace(/^Postage-/, '');
      await setUpStripe(
        connectionBy(() => Promise.resolve({ secretKey, webhookSecret }), standIn.url),
        wantedAtStripe(CATALOGUE, { stage, webhookUrl: null, events: [] }),
        keepInMemory({ secretKey, webhookSecret, account: undefined }),
      );
      webhookUrl = `${apiUrl}/webhooks/stripe`;
    },
    stop: () => standIn.stop(),
  };
}

import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { seededPrices } from '../../../local/payments.ts';
import { answerLocally } from '../../../local/local-routes.ts';
import { closeServer, listenLocally } from '../../../local/http-server.ts';
import { matchRoute, parseTarget } from '../../../local/routing.ts';
import { stripeDevRoutes } from '../../../local/stripe/dev-routes.ts';
import { startStripe, type StripeStandIn } from '../../../local/stripe/server.ts';
import { readOutputs, stackOutputs } from '../../e2e/support/stack.ts';

/** Stripe's server on this machine, for a stack that is deployed here. */
export interface StripeServer {
  /** Where its API answers. */
  url: string;
  /** Where its `/dev/stripe` routes answer: what customers and banks do. */
  devUrl: string;
  /** What the stack is told of it: which price is which plan. */
  prices: object;
  /** Gives a stack its keys, and from now on sends its events to the stack. */
  connectTo: (stackName: string, apiUrl: string) => Promise<void>;
  stop: () => Promise<void>;
}

export async function serveStripe(): Promise<StripeServer> {
  let webhookUrl: string | null = null;
  const standIn = await startStripe({ clock: Date, webhookUrl: () => webhookUrl });
  const dev = await serveDevRoutes(standIn);
  return {
    url: standIn.url,
    devUrl: dev.url,
    prices: seededPrices(),
    connectTo: async (stackName, apiUrl) => {
      const { StripeSecretArn } = await readOutputs(stackName, stackOutputs);
      const { secretKey, webhookSecret } = standIn;
      await new SecretsManagerClient().send(
        new PutSecretValueCommand({
          SecretId: StripeSecretArn,
          SecretString: JSON.stringify({ secretKey, webhookSecret }),
        }),
      );
      webhookUrl = `${apiUrl}/webhooks/stripe`;
    },
    stop: async () => {
      await dev.stop();
      await standIn.stop();
    },
  };
}

async function serveDevRoutes({
  control,
}: StripeStandIn): Promise<{ url: string; stop: () => Promise<void> }> {
  const routes = stripeDevRoutes(control);
  const server = createServer((request, response) => {
    const target = parseTarget(request.url ?? '/');
    const match = matchRoute(routes, request.method ?? '', target.path);
    const answering =
      match === null
        ? Promise.resolve({ status: 404, headers: {}, body: '{}' })
        : buffer(request).then((body) => answerLocally(match, target, body));
    answering.then(
      ({ status, headers, body }) => response.writeHead(status, headers).end(body),
      (error: unknown) => response.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  });
  const { url } = await listenLocally(server, 0);
  return { url, stop: () => closeServer(server) };
}

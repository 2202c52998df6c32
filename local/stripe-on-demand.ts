import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { StripeStandIn } from 'stripe-stand-in';
import * as z from 'zod/mini';
import type { Clock } from './clock.ts';
import { type DataDirectory, keep } from './data-directory.ts';
import { closeServer, listenLocally } from './http-server.ts';
import { standInProducts } from './stripe-products.ts';
import { keepInMemory, setUpStripe } from './stripe-setup.ts';
import { connectionBy } from '../lambdas/adapters/stripe/connection.ts';
import { wantedAtStripe } from '../lambdas/adapters/stripe/setup/wanted.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';
import { requiredVariable } from '../lambdas/wiring/environment.ts';

export interface StripeOnDemand {
  url: string;
  secretKey: string;
  webhookSecret: string;
  /** Loads it, if nobody has needed it yet. */
  load: () => Promise<StripeStandIn>;
  stop: () => Promise<void>;
}

const keptKeys = z.object({ secretKey: z.string(), webhookSecret: z.string() });

/**
 * The stand-in for Stripe's server. Its address and keys hold from the start; the stand-in and the SDK that it uses are
 * loaded with the first request, since they take longer to load than all the rest.
 */
export async function openStripe(options: {
  clock: Clock;
  data: DataDirectory;
  webhookUrl: string;
  onError: (error: unknown) => void;
}): Promise<StripeOnDemand> {
  const { clock, data, webhookUrl, onError } = options;
  const keys = await keep(data, 'stripe-keys', keptKeys, () => ({
    secretKey: `sk_test_${randomBytes(18).toString('hex')}`,
    webhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
  }));
  const server = createServer();
  server.keepAliveTimeout = 65_000;
  const { url } = await listenLocally(server, 0);

  let loading: Promise<StripeStandIn> | null = null;
  const start = async (): Promise<StripeStandIn> => {
    const { startStripe } = await import('stripe-stand-in');
    server.off('request', serveFirst);
    const listening = { server, url };
    const products = standInProducts(CATALOGUE);
    const standIn = await startStripe({
      clock,
      products,
      data,
      keys,
      listening,
      webhookUrl: () => webhookUrl,
      hostsPages: true,
      onError,
    });
    await setUp({ url, ...keys });
    return standIn;
  };
  const load = (): Promise<StripeStandIn> => (loading ??= start());
  /** Passes on the requests that come before the stand-in listens. */
  const serveFirst = (request: IncomingMessage, response: ServerResponse): void => {
    load().then(() => server.emit('request', request, response), onError);
  };
  server.on('request', serveFirst);
  return {
    url,
    ...keys,
    load,
    stop: async () => (loading === null ? closeServer(server) : (await loading).stop()),
  };
}

/** The stand-in sends all events by itself. What it has kept may be of another catalogue. */
async function setUp({
  url,
  ...keys
}: {
  url: string;
  secretKey: string;
  webhookSecret: string;
}): Promise<void> {
  const connection = connectionBy(() => Promise.resolve(keys), url);
  const stage = requiredVariable('stage');
  const wanted = wantedAtStripe(CATALOGUE, { stage, webhookUrl: null, events: [] });
  await setUpStripe(connection, wanted, keepInMemory({ ...keys, account: undefined }));
}

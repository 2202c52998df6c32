import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { StripeStandIn } from 'stripe-stand-in';
import * as z from 'zod/mini';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';
import { closeServer, listenLocally } from './http-server.ts';
import { standInProducts } from './stripe-products.ts';

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
 * The stand-in for Stripe's server, at an address and with keys that hold from the start. The stand-in itself, and the
 * SDK whose types and versions it brings, are loaded for the first request: they take longer than all of the rest.
 */
export async function openStripe(options: {
  clock: Clock;
  data: DataDirectory;
  webhookUrl: string;
  onError: (error: unknown) => void;
}): Promise<StripeOnDemand> {
  const { clock, data, webhookUrl, onError } = options;
  const keys = keepKeys(data);
  const server = createServer();
  server.keepAliveTimeout = 65_000;
  const { url } = await listenLocally(server, 0);

  let loading: Promise<StripeStandIn> | null = null;
  const start = async (): Promise<StripeStandIn> => {
    const { startStripe } = await import('stripe-stand-in');
    server.off('request', serveFirst);
    const listening = { server, url };
    const products = standInProducts();
    return startStripe({ clock, products, data, keys, listening, webhookUrl: () => webhookUrl, onError });
  };
  const load = (): Promise<StripeStandIn> => (loading ??= start());
  /** Requests that come before the stand-in listens to them are told to it then. */
  const serveFirst = (request: IncomingMessage, response: ServerResponse): void => {
    load().then(() => server.emit('request', request, response), onError);
  };
  server.on('request', serveFirst);
  return {
    url,
    ...keys,
    load,
    stop: async () => {
      await (loading === null ? closeServer(server) : (await loading).stop());
    },
  };
}

function keepKeys(data: DataDirectory): z.infer<typeof keptKeys> {
  const kept = keptKeys.safeParse(data.read('stripe-keys'));
  if (kept.success) {
    return kept.data;
  }
  const keys = {
    secretKey: `sk_test_${randomBytes(18).toString('hex')}`,
    webhookSecret: `whsec_${randomBytes(24).toString('hex')}`,
  };
  data.write('stripe-keys', keys);
  return keys;
}

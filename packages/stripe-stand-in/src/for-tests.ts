import { Stripe } from 'stripe';
import { startStripe, type StripeOptions, type StripeStandIn } from './server.ts';

/** A stand-in with a clock that moves only when it is told to, and the SDK on it. */
export interface TestStripe {
  stripe: Stripe;
  standIn: StripeStandIn;
  clock: { now: () => number; moveTo: (iso: string) => void };
  /** Moves the clock, and does what has become due by then. */
  moveTo: (iso: string) => void;
  stop: () => Promise<void>;
}

export async function openStripe(
  startIso: string,
  options: Omit<StripeOptions, 'clock'> = {},
): Promise<TestStripe> {
  let now = Date.parse(startIso);
  const clock: TestStripe['clock'] = {
    now: () => now,
    moveTo: (iso) => {
      now = Date.parse(iso);
    },
  };
  const standIn = await startStripe({ seed: 1, ...options, clock });
  return {
    standIn,
    clock,
    stripe: sdkFor(standIn),
    moveTo: (iso) => {
      clock.moveTo(iso);
      standIn.control.tick();
    },
    stop: () => standIn.stop(),
  };
}

/** Stripe's SDK on a stand-in: it tries each request once, and waits two seconds for the answer. */
export function sdkFor({ url, secretKey }: { url: string; secretKey: string }, key = secretKey): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 2_000,
    telemetry: false,
  });
}

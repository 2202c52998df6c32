/** How events come to a worker when nothing goes as it should: late, repeated, in any order, and cut off anywhere. */
import type { Stripe } from 'stripe';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { parsePriceList } from '../../lambdas/adapters/stripe/prices.ts';
import { processStripeEvents } from '../../lambdas/jobs/process-stripe-events.ts';
import { type StripeServices } from '../../lambdas/jobs/stripe-event.ts';
import { exception } from './faulty-dynamodb.ts';
import { type FaultyTable } from './faulty-table.ts';
import { gatedConnection, messageOf, PRICES_JSON, type StripeGate } from './payments.ts';
import { type Random } from './random.ts';
import { type TestStripe } from './stripe.ts';

export function servicesAt(stripe: TestStripe, store: Store, gate: StripeGate = () => null): StripeServices {
  return {
    store,
    stripe: gatedConnection(stripe.standIn, gate),
    prices: parsePriceList(PRICES_JSON),
    stage: 'test',
  };
}

/** A worker that dies: its process may make so many requests, to Stripe and to DynamoDB together, and then is gone. */
export interface Mortal {
  services: StripeServices;
  /** Begins anew; Infinity: and lives. */
  live: (requests: number) => void;
}

/** The death of a process looks like a refusal that nobody tries again; its last answer may have been lost. */
export function mortalWorker(table: FaultyTable, stripe: TestStripe): Mortal {
  let left = Infinity;
  const isDead = (): boolean => {
    left -= 1;
    return left < 0;
  };
  table.proxy().inject(() => {
    if (isDead()) {
      return exception('AccessDeniedException');
    }
    return left === 0 ? { fault: 'lose the answer' } : null;
  });
  const gone = (): Response => Response.json({ error: { message: 'gone' } }, { status: 401 });
  return {
    services: servicesAt(stripe, table.faultyStore(), () => (isDead() ? gone() : null)),
    live: (requests) => {
      left = requests;
    },
  };
}

/** Processes events, and again those that failed, until none does. */
export async function deliver(
  { stripe, random }: { stripe: TestStripe; random: Random },
  events: readonly Stripe.Event[],
  { services, live }: Mortal,
): Promise<void> {
  let messages = events.map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  for (let tries = 0; messages.length > 0; tries += 1) {
    live(tries < 5 && random.happens(0.4) ? random.integer(1, 12 * messages.length) : Infinity);
    const { batchItemFailures } = await processStripeEvents(services, messages);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    messages = messages.filter(({ messageId }) => failed.has(messageId));
    if (tries > 20) {
      throw new Error('Events fail for ever.');
    }
  }
  live(Infinity);
}

export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const rest = [...items];
  const result: T[] = [];
  while (rest.length > 0) {
    result.push(...rest.splice(random.integer(0, rest.length - 1), 1));
  }
  return result;
}

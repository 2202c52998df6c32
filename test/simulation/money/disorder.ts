/** How events come to a worker on a bad day: late, repeated, in any order, and cut off anywhere. */
import type { Stripe } from 'stripe';
import { type Store } from '../../../lambdas/adapters/dynamodb/store.ts';
import { processStripeEvents } from '../../support/as-deployed.ts';
import { type StripeServices } from '../../../lambdas/commands/stripe-handler.ts';
import { gatedConnection, messageOf, type StripeGate } from '../../support/payments.ts';
import { type Random } from '../../support/random.ts';
import { type TestStripe } from '../../support/stripe.ts';

export function servicesAt(stripe: TestStripe, store: Store, gate: StripeGate = () => null): StripeServices {
  return {
    store,
    stripe: gatedConnection(stripe.standIn, gate, withoutSocket(stripe)),
    stage: 'test',
    holdBack: () => Promise.resolve(),
  };
}

/** Sockets would take half of the time of a request, and the sequences make many. */
function withoutSocket({ standIn }: TestStripe): typeof fetch {
  return async (input, init) => {
    const { method, url, headers, body } = {
      url: new URL(input instanceof Request ? input.url : input),
      ...init,
    };
    const outcome = await standIn.answer({
      method: method ?? 'GET',
      target: `${url.pathname}${url.search}`,
      headers: Object.fromEntries(new Headers(headers)),
      body: typeof body === 'string' ? body : '',
    });
    if (typeof outcome === 'string') {
      throw new TypeError('The connection was cut.');
    }
    return new Response(outcome.body, { status: outcome.status, headers: outcome.headers });
  };
}

class ProcessDiedError extends Error {
  override name = 'ProcessDiedError';
}

/** What others do while a process waits for an answer. */
type Meanwhile = () => Promise<void>;

/**
 * A process that may make so many requests, to Stripe and to DynamoDB together. The last one still takes effect, but its
 * answer is lost, and nothing follows. Others may be at work before an answer comes.
 */
export class MortalProcess {
  #left = Infinity;
  #interruption: { requests: number; meanwhile: Meanwhile } | null = null;

  /** Begins again, with so many requests to live. */
  live(requests: number): void {
    this.#left = requests;
  }

  /** Others do something after so many requests, before the last answer comes. */
  interruptAfter(requests: number, meanwhile: Meanwhile): void {
    this.#interruption = { requests, meanwhile };
  }

  /** Nobody interrupts it any more, and it lives. */
  reset(): void {
    this.#interruption = null;
    this.#left = Infinity;
  }

  get isDead(): boolean {
    return this.#left <= 0;
  }

  /** Makes a store's client part of the process. */
  reachBy(client: Store['client']): void {
    client.middlewareStack.add((next) => async (args) => this.#request(() => next(args)), {
      step: 'initialize',
    });
  }

  /** Its way to Stripe. A dead process gets an answer on which the SDK does not try again. */
  readonly gate: StripeGate = async (send) => {
    try {
      return await this.#request(send);
    } catch (error) {
      if (error instanceof ProcessDiedError) {
        return Response.json({ error: { message: 'gone' } }, { status: 401 });
      }
      throw error;
    }
  };

  async #request<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    this.#left -= 1;
    const isLast = this.#left === 0;
    if (this.#left < 0) {
      throw new ProcessDiedError();
    }
    const answer = await send();
    await this.#beInterrupted();
    if (isLast) {
      throw new ProcessDiedError();
    }
    return answer;
  }

  async #beInterrupted(): Promise<void> {
    const interruption = this.#interruption;
    if (interruption === null) {
      return;
    }
    interruption.requests -= 1;
    if (interruption.requests === 0) {
      this.#interruption = null;
      await interruption.meanwhile();
    }
  }
}

/** Processes events, and those that fail again, until none fails. Something may happen in the middle of it. */
export async function deliver(
  { stripe, random }: { stripe: TestStripe; random: Random },
  events: readonly Stripe.Event[],
  { services, process }: { services: StripeServices; process: MortalProcess },
  meanwhile: Meanwhile,
): Promise<void> {
  let messages = events.map((event) => messageOf(JSON.stringify(event), stripe.clock.now()));
  if (random.happens(0.3)) {
    process.interruptAfter(random.integer(1, 6 * messages.length + 1), meanwhile);
  }
  for (let tries = 0; messages.length > 0; tries += 1) {
    process.live(tries < 5 && random.happens(0.4) ? random.integer(1, 12 * messages.length) : Infinity);
    const { batchItemFailures } = await processStripeEvents(services, messages);
    const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    messages = messages.filter(({ messageId }) => failed.has(messageId));
    if (tries > 20) {
      throw new Error('Events fail for ever.');
    }
  }
  process.reset();
}

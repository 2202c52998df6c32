import * as z from 'zod/mini';
import { DAY_MS, type Instant, toIso } from '../lambdas/domain/instants.ts';
import type { Runtime } from './runtime.ts';

const body = z.record(z.string(), z.unknown());
const usage = z.object({ periodEndsAt: z.string() });
const letter = z.object({ id: z.string() });
const history = z.object({
  periods: z.array(
    z.object({ lettersCreated: z.number(), mailsSent: z.number(), mailCreditsUsed: z.number() }),
  ),
});
const rolloverRun = z.object({
  totalProcessed: z.number(),
  successCount: z.number(),
  errorCount: z.number(),
});

const refusal = z.object({ price: z.object({ amountCents: z.number(), currency: z.string() }) });

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** The price of one more that a refusal names. */
export function priceOf(answer: Answer): string {
  const { price } = refusal.parse(answer.body);
  return `${(price.amountCents / 100).toFixed(2)} ${price.currency}`;
}

/** Calls the API as the demo's users do: over HTTP, with tokens. */
export class DemoCaller {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  now(): Instant {
    return this.#runtime.clock.now();
  }

  moveTo(instant: Instant): void {
    this.#runtime.clock.moveTo(instant);
  }

  async get(user: string, path: string): Promise<Answer> {
    return this.#call(user, 'GET', path);
  }

  async writeLetter(user: string): Promise<Answer> {
    return this.#call(user, 'POST', '/letters', { title: 'To my future self', body: 'Are you well?' });
  }

  /** The id of a new letter. */
  async letterOf(user: string): Promise<string> {
    return letter.parse((await this.writeLetter(user)).body).id;
  }

  async scheduleMail(user: string, letterId: string): Promise<Answer> {
    return this.#call(user, 'POST', '/deliveries', {
      letterId,
      channel: 'mail',
      deliverAt: toIso(this.now() + 365 * DAY_MS),
      recipient: {
        name: user,
        line1: '1 Main Street',
        city: 'Springfield',
        state: 'IL',
        postalCode: '62701',
        country: 'US',
      },
    });
  }

  async subscribe(user: string): Promise<void> {
    await this.#send('PUT', `/dev/accounts/${user}`, {
      plan: 'pro',
      interval: 'month',
      anchor: toIso(this.now()),
    });
  }

  async periodEnd(user: string): Promise<string> {
    return usage.parse((await this.get(user, '/usage')).body).periodEndsAt;
  }

  /** Closed periods, newest first. */
  async history(user: string): Promise<z.infer<typeof history>['periods']> {
    return history.parse((await this.get(user, '/usage/history')).body).periods;
  }

  async rollOver(): Promise<z.infer<typeof rolloverRun>> {
    const { cronSecret } = this.#runtime;
    const answer = await this.#send('POST', '/cron/rollover-usage', undefined, cronSecret);
    return rolloverRun.parse(answer.body);
  }

  async #call(user: string, method: string, path: string, json?: object): Promise<Answer> {
    const { access_token: token } = await this.#runtime.issuer.issue(user, '');
    return this.#send(method, path, json, token);
  }

  async #send(method: string, path: string, json?: object, bearer?: string): Promise<Answer> {
    const answer = await fetch(this.#runtime.url + path, {
      method,
      headers: {
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: json === undefined ? null : JSON.stringify(json),
    });
    return { status: answer.status, body: body.parse(await answer.json()) };
  }
}

import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Stripe } from 'stripe';
import { type Faults } from './faults.ts';
import { type Random } from './random.ts';

/** Where events go. */
export interface Target {
  /** Null for the address that the stand-in was started with. */
  id: string | null;
  /** Null while there is no address. */
  url: string | null;
  secret: string;
  asksFor: (type: string) => boolean;
  bodyOf: (event: Stripe.Event) => string;
}

/** One delivery to come: an event that is sent twice, or to two endpoints, has two. */
interface Delivery {
  event: Stripe.Event;
  target: string | null;
  attempts: number;
  /** When it may go out, by the process's own clock. */
  readyAt: number;
}

/** An event by its id, and the endpoint that still waits for it. */
export interface Undelivered {
  event: string;
  target: string | null;
}

export interface WebhookOptions {
  /** Those that are enabled now. */
  targets: () => readonly Target[];
  /** The sandbox's clock, in milliseconds: by it the receiver judges a signature's age. */
  now: () => number;
  random: Random;
}

const ATTEMPTS = 6;
const FIRST_BACKOFF_MS = 200;
const TIMEOUT_MS = 10_000;
/** How long events are gathered before a shuffle. Without it they would go out one by one. */
const GATHERING_MS = 25;
const MAX_ROUNDS = 50;

/**
 * Delivers events to the endpoints that asked for them, one after the other. What is not answered with 2xx is tried again a few
 * times, with a growing delay; what still fails, or is dropped, or has nowhere to go, is held back until a flush.
 */
export class Webhooks {
  faults: Faults['webhooks'];
  readonly #options: WebhookOptions;
  readonly #ending = new AbortController();
  #queue: Delivery[] = [];
  #held: Delivery[] = [];
  #pump: Promise<void> | null = null;

  constructor(options: WebhookOptions, faults: Faults['webhooks']) {
    this.#options = options;
    this.faults = faults;
  }

  enqueue(event: Stripe.Event): void {
    const targets = this.#options.targets().filter(({ asksFor }) => asksFor(event.type));
    event.pending_webhooks = targets.length;
    for (const target of targets) {
      this.#enqueueFor(target, event);
    }
    this.#start();
  }

  #enqueueFor({ id, url }: Target, event: Stripe.Event): void {
    const { random } = this.#options;
    const { duplicate, drop, delayMs, shuffle } = this.faults;
    const copies = random.happens(duplicate) ? 2 : 1;
    const waitMs = Math.max(delayMs, shuffle ? GATHERING_MS : 0);
    for (let copy = 0; copy < copies; copy += 1) {
      const delivery = { event, target: id, attempts: 0, readyAt: performance.now() + waitMs };
      if (url === null || random.happens(drop)) {
        this.#held.push(delivery);
      } else {
        this.#queue.push(delivery);
      }
    }
  }

  /** Holds back an event of an earlier process. */
  hold(event: Stripe.Event, target: string | null): void {
    this.#held.push({ event, target, attempts: 0, readyAt: 0 });
  }

  /** What has not been answered with 2xx. */
  undelivered(): Undelivered[] {
    return [...this.#held, ...this.#queue].map(({ event, target }) => ({ event: event.id, target }));
  }

  /**
   * Delivers everything that is held back or waits, and the events that follow from it, whatever the faults are.
   *
   * @returns how many were answered with 2xx, and how many failed and are held back again
   */
  async flush(): Promise<{ delivered: number; failed: number }> {
    let delivered = 0;
    const failed: Delivery[] = [];
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const batch = [...this.#held, ...this.#queue];
      this.#held = [];
      this.#queue = [];
      // A delivery that is on its way may lead to more events.
      await this.#pump;
      if (batch.length === 0 && this.#held.length === 0 && this.#queue.length === 0) {
        break;
      }
      while (batch.length > 0) {
        const [next] = batch.splice(this.#nextIndex(batch), 1);
        if (next !== undefined && (await this.#attempt(next))) {
          delivered += 1;
        } else if (next !== undefined) {
          failed.push(next);
        }
      }
    }
    this.#held.push(...failed);
    return { delivered, failed: failed.length };
  }

  /** Until nothing is on its way or waits to be tried again. */
  async settled(): Promise<void> {
    while (this.#pump !== null) {
      await this.#pump;
    }
  }

  clear(): void {
    this.#queue = [];
    this.#held = [];
  }

  async stop(): Promise<void> {
    this.#ending.abort();
    this.clear();
    await this.#pump;
  }

  #start(): void {
    if (this.#pump === null && this.#queue.length > 0 && !this.#ending.signal.aborted) {
      this.#pump = this.#deliverAll().finally(() => {
        this.#pump = null;
        this.#start();
      });
    }
  }

  async #deliverAll(): Promise<void> {
    // The answer to the current request goes out first, as at Stripe.
    await sleep(0);
    while (this.#queue.length > 0 && !this.#ending.signal.aborted) {
      const now = performance.now();
      const ready = this.#queue.filter(({ readyAt }) => readyAt <= now);
      const next = ready[this.#nextIndex(ready)];
      if (next === undefined) {
        const soonest = Math.min(...this.#queue.map(({ readyAt }) => readyAt));
        await sleep(Math.max(1, soonest - now), undefined, { ref: false, signal: this.#ending.signal }).catch(
          () => undefined,
        );
      } else {
        this.#queue = this.#queue.filter((delivery) => delivery !== next);
        if (!(await this.#attempt(next))) {
          this.#tryAgain(next);
        }
      }
    }
  }

  #nextIndex(deliveries: readonly Delivery[]): number {
    return this.faults.shuffle ? this.#options.random.index(deliveries.length) : 0;
  }

  #tryAgain(delivery: Delivery): void {
    if (delivery.attempts >= ATTEMPTS) {
      this.#held.push({ ...delivery, attempts: 0 });
      return;
    }
    const waitMs = FIRST_BACKOFF_MS * 2 ** (delivery.attempts - 1);
    this.#queue.push({ ...delivery, readyAt: performance.now() + waitMs });
  }

  async #attempt(delivery: Delivery): Promise<boolean> {
    delivery.attempts += 1;
    const target = this.#options.targets().find(({ id }) => id === delivery.target);
    if (target === undefined) {
      // Nobody waits for it any more.
      return true;
    }
    const { url, secret } = target;
    if (url === null) {
      return false;
    }
    const body = target.bodyOf(delivery.event);
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
          'stripe-signature': signatureOf(body, secret, this.#options.now()),
        },
        body,
        redirect: 'manual',
        signal: AbortSignal.any([this.#ending.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      if (response.ok) {
        delivery.event.pending_webhooks = Math.max(0, delivery.event.pending_webhooks - 1);
      }
      return response.ok;
    } catch {
      return false;
    }
  }
}

// Source: https://docs.stripe.com/webhooks
/** Stripe's scheme: the second of the attempt, and its HMAC together with the body. */
function signatureOf(body: string, secret: string, nowMs: number): string {
  const second = Math.floor(nowMs / 1_000);
  const signature = createHmac('sha256', secret).update(`${second}.${body}`).digest('hex');
  return `t=${second},v1=${signature}`;
}

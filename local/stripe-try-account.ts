/** What `npm run stripe -- try` makes in a sandbox, and takes away again. */
import { setTimeout as wait } from 'node:timers/promises';
import { Stripe } from 'stripe';
import { type FoundSubscription, readChangeable } from '../lambdas/adapters/stripe/changeable.ts';
import { idOf, type StripeConnection } from '../lambdas/adapters/stripe/connection.ts';
import { StripeUnavailableError, toOurError } from '../lambdas/adapters/stripe/errors.ts';
import type { Catalogue } from '../lambdas/domain/catalogue.ts';
import type { Deadline } from '../lambdas/domain/deadline.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';

/** What a point can't do without. */
export class SkippedError extends Error {
  override name = 'SkippedError';
}

/** The prices, named by what they are: `twin` is a second monthly price of the product of `small`. */
const PRICES = { small: 900, twin: 950, large: 2_000 } as const;
type PriceName = keyof typeof PRICES;
export type Prices = Record<PriceName, Stripe.Price>;

const POLLS = 60;
const POLL_MS = 2_000;
const EVENT_POLLS = 5;
const REQUEST_MS = 30_000;

interface Made {
  what: string;
  undo: () => Promise<unknown>;
}

export interface Options {
  catalogue: Catalogue;
  /** With the key of STRIPE_RESTRICTED_KEY; null: none is given. */
  restricted: Stripe | null;
  /** Marks what this run has made. */
  run: string;
}

export class TryAccount {
  readonly connection: StripeConnection;
  readonly stripe: Stripe;
  readonly options: Options;
  private readonly made: Made[] = [];
  private pricesMade: Prices | null = null;

  constructor(connection: StripeConnection, stripe: Stripe, options: Options) {
    this.connection = connection;
    this.stripe = stripe;
    this.options = options;
  }

  get metadata(): Record<string, string> {
    return { postage_try: this.options.run };
  }

  get deadline(): Deadline {
    return deadlineIn(REQUEST_MS);
  }

  /** What is made last is taken away first. */
  onEnd(what: string, undo: () => Promise<unknown>): void {
    this.made.push({ what, undo });
  }

  /** @returns what could not be taken away, and why */
  async cleanUp(): Promise<string[]> {
    const left: string[] = [];
    for (let last = this.made.pop(); last !== undefined; last = this.made.pop()) {
      try {
        await oncePerhapsTwice(last.undo);
      } catch (error) {
        if (!isOver(error)) {
          left.push(`${last.what}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
    return left;
  }

  async prices(): Promise<Prices> {
    this.pricesMade ??= await this.makePrices();
    return this.pricesMade;
  }

  private async makePrices(): Promise<Prices> {
    const [one, other] = [await this.makeProduct('small'), await this.makeProduct('large')];
    return {
      small: await this.makePrice('small', one),
      twin: await this.makePrice('twin', one),
      large: await this.makePrice('large', other),
    };
  }

  private async makeProduct(name: string): Promise<string> {
    const { id } = await this.stripe.products.create({
      name: `Postage tries: ${name}`,
      metadata: this.metadata,
    });
    this.onEnd(id, () => this.stripe.products.update(id, { active: false }));
    return id;
  }

  private async makePrice(name: PriceName, product: string): Promise<Stripe.Price> {
    const price = await this.stripe.prices.create({
      product,
      currency: 'usd',
      unit_amount: PRICES[name],
      recurring: { interval: 'month' },
      metadata: this.metadata,
    });
    this.onEnd(price.id, () => this.stripe.prices.update(price.id, { active: false }));
    return price;
  }

  /** The name of a price of `prices()`. */
  nameOf(price: string | { id: string } | undefined): string {
    const id = idOf(price);
    const found = Object.entries(this.pricesMade ?? {}).find(([, each]) => each.id === id);
    return found?.[0] ?? 'none';
  }

  /** A customer whose card pays. */
  async customer(clock?: Stripe.TestHelpers.TestClock): Promise<string> {
    const { id } = await this.stripe.customers.create({
      name: 'Postage tries',
      metadata: this.metadata,
      ...(clock === undefined ? {} : { test_clock: clock.id }),
    });
    this.onEnd(id, () => this.stripe.customers.del(id));
    await this.giveCard(id, 'pm_card_visa');
    return id;
  }

  /** The customer's default from now on. */
  async giveCard(customer: string, card: string): Promise<string> {
    const { id } = await this.stripe.paymentMethods.attach(card, { customer });
    await this.stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } });
    return id;
  }

  async subscribe(
    price: PriceName,
    {
      clock,
      ...params
    }: Partial<Stripe.SubscriptionCreateParams> & { clock?: Stripe.TestHelpers.TestClock } = {},
  ): Promise<{ id: string; customer: string }> {
    const customer = await this.customer(clock);
    const prices = await this.prices();
    const { id } = await this.stripe.subscriptions.create({
      customer,
      items: [{ price: prices[price].id }],
      metadata: this.metadata,
      ...params,
    });
    this.onEnd(id, () => this.stripe.subscriptions.cancel(id));
    return { id, customer };
  }

  /** A subscription as Postage reads it before it changes it. */
  async find(subscription: string): Promise<FoundSubscription> {
    const { catalogue } = this.options;
    const found = await readChangeable(this.connection, subscription, catalogue, this.deadline);
    if (found === null) {
      throw new Error(`The subscription ${subscription} is gone.`);
    }
    return found;
  }

  /** What goes along with a change of Postage's, each with a key of its own. */
  request(name: string): { key: string; deadline: Deadline } {
    return { key: `${this.options.run}:${name}`, deadline: this.deadline };
  }

  async clock(): Promise<Stripe.TestHelpers.TestClock> {
    const clock = await this.stripe.testHelpers.testClocks.create({
      frozen_time: Math.floor(Date.now() / 1_000),
      name: 'Postage tries',
    });
    this.onEnd(clock.id, () => this.stripe.testHelpers.testClocks.del(clock.id));
    return clock;
  }

  /** Stripe then does what has become due, which takes some seconds. */
  async advance({ id }: Stripe.TestHelpers.TestClock, to: number): Promise<void> {
    await this.stripe.testHelpers.testClocks.advance(id, { frozen_time: to });
    for (let polls = 0; polls < POLLS; polls += 1) {
      const { status } = await this.stripe.testHelpers.testClocks.retrieve(id);
      if (status !== 'advancing') {
        if (status === 'ready') {
          return;
        }
        throw new Error(`The test clock ${id} could not be moved: ${status}.`);
      }
      await wait(POLL_MS);
    }
    throw new Error(
      `The test clock ${id} has not arrived after ${String((POLLS * POLL_MS) / 1_000)} seconds.`,
    );
  }

  /** Waits for one of the events of an object, or only looks with 0. @returns which of them there are; `none` */
  async eventsOf(objectId: string, types: readonly string[], polls = EVENT_POLLS): Promise<string> {
    const { data } = await this.stripe.events.list({ types: [...types], limit: 100 });
    const found = data.filter(({ data: { object } }) => 'id' in object && object.id === objectId);
    const names = types.filter((type) => found.some((event) => event.type === type));
    if (names.length > 0 || polls === 0) {
      return names.join(' and ') || 'none';
    }
    await wait(POLL_MS);
    return this.eventsOf(objectId, types, polls - 1);
  }
}

/** What is asked can be asked again, as when Stripe was busy. */
export async function oncePerhapsTwice<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    if (!(toOurError(error) instanceof StripeUnavailableError)) {
      throw error;
    }
    await wait(POLL_MS);
    return ask();
  }
}

/** It was taken away together with another object. */
function isOver(error: unknown): boolean {
  return (
    error instanceof Stripe.errors.StripeError &&
    (error.code === 'resource_missing' ||
      error.code === 'payment_intent_unexpected_state' ||
      error.statusCode === 404)
  );
}

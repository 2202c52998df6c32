import { Stripe } from 'stripe';
import { resourceMissing } from './api-error.ts';
import { type Seconds } from './calendar.ts';
import { type Plays, PLAYS } from './plays.ts';
import { idOf } from './random.ts';
import { emptyState, type Kinds, type State } from './state.ts';

export const AFTER_RETRIES = ['canceled', 'unpaid', 'past_due'] as const;

export type AfterRetries = (typeof AFTER_RETRIES)[number];

/** Stripe's billing settings, as the Dashboard has them. */
export interface BillingSettings {
  // Source: https://docs.stripe.com/invoicing/integration/automatic-advancement-collection
  /** How long a renewal's invoice stays a draft. Stripe: about an hour. */
  draftSeconds: Seconds;
  // Source: https://docs.stripe.com/billing/revenue-recovery/smart-retries
  /** When a payment that failed is tried again, in days after the invoice was finalized. */
  retryDays: readonly number[];
  /** What a subscription becomes when the last try has failed. */
  afterRetries: AfterRetries;
  /** What an invoice becomes after the last try. */
  unpaidInvoices: 'open' | 'uncollectible';
  /** How many days after an invoice that was sent is due its subscription is given up, as after the last try. */
  deadlineDays: number;
  /** How many days after it is due `invoice.overdue` comes, if an automation sends one. */
  overdueDays: number | null;
  // Source: https://docs.stripe.com/billing/subscriptions/pending-updates-reference
  /** Whether a pending update takes metadata: Stripe's page says no, and its types have a place for them. */
  pendingUpdateMetadata: 'refused' | 'held';
  /** What `billing_cycle_anchor: now` does in a trial. No source tells. */
  anchorInTrial: 'ends_trial' | 'refused';
  // Source: https://docs.stripe.com/billing/subscriptions/pending-updates
  /** What the Portal does with a change that can't be paid. The API applies it by default; of the Portal no source tells. */
  portalUnpaidChange: 'applied' | 'refused';
  // Source: https://github.com/invertase/stripe-firebase-extensions/issues/158
  /** Whether the Portal lets its customer change or cancel while a later phase of a schedule is to come. */
  portalWhileScheduled: 'releases' | 'blocks';
  // Source: https://docs.stripe.com/billing/subscriptions/subscription-schedules
  /** What a schedule charges once its subscription is given another method: Stripe "might copy" that to the schedule's defaults. */
  methodWhileScheduled: 'copied' | 'kept';
  // Source: https://docs.stripe.com/api/customer_portal/configurations/object
  /** What `decreasing_item_amount` compares: the amounts of a year, as the reference has it, or bare amounts. */
  portalDecrease: 'per_year' | 'bare_amount';
  /** How long a bank debit takes. */
  settlementSeconds: Seconds;
}

export type EventType = Stripe.Event['type'];
export type EventObject<T extends EventType> = Extract<Stripe.Event, { type: T }>['data']['object'];

/** The request that is being answered, null when the server acts by itself. */
export interface RequestReference {
  id: string;
  idempotency_key: string | null;
}

/**
 * One Stripe account in test mode, a sandbox in Stripe's words: what it holds, what time it is there, and who hears of
 * its events. The rules are in the files that are named after the objects.
 */
export class Sandbox {
  readonly state: State = emptyState();
  readonly settings: BillingSettings;
  readonly plays: Plays;
  readonly seed: number;
  readonly livemode: boolean;
  /** The same account in the other mode, where somebody may look for what is here. */
  otherMode: Sandbox | null = null;
  request: RequestReference | null = null;
  /** Where the pages of Checkout and the Portal are; null: their addresses are Stripe's, and lead nowhere. */
  pagesUrl: string | null = null;
  /** How many ids have been given out. */
  idCount = 0;
  readonly #clock: { now(): number };
  readonly #listeners = new Map<string, ((object: never) => void)[]>();
  readonly #onEvent: (event: Stripe.Event) => void;
  #instant: Seconds | null = null;

  constructor(options: {
    settings: BillingSettings;
    seed: number;
    clock: { now(): number };
    onEvent: (event: Stripe.Event) => void;
    livemode?: boolean;
    plays?: Partial<Plays> | undefined;
  }) {
    this.plays = { ...PLAYS, ...options.plays };
    this.livemode = options.livemode ?? false;
    this.settings = options.settings;
    this.seed = options.seed;
    this.#clock = options.clock;
    this.#onEvent = options.onEvent;
  }

  /** The clock's second, or the one in which something overdue is happening. */
  now(): Seconds {
    return this.#instant ?? this.clockSeconds();
  }

  clockSeconds(): Seconds {
    return Math.floor(this.#clock.now() / 1_000);
  }

  /** Does what was due at an instant that the clock has passed. */
  actAt(instant: Seconds, act: () => void): void {
    this.#instant = instant;
    try {
      act();
    } finally {
      this.#instant = null;
    }
  }

  newId(prefix: string): string {
    this.idCount += 1;
    return `${prefix}_${idOf(this.seed, this.idCount)}`;
  }

  /** Rules that follow from what happens elsewhere: a paid invoice makes its subscription active. */
  on<T extends EventType>(type: T, listener: (object: EventObject<T>) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  // Source: https://docs.stripe.com/api/events/object
  /** Tells the webhooks and the rules what has happened. The event shows the object as it is now. */
  emit<T extends EventType>(type: T, object: EventObject<T>, previous?: object): void {
    const snapshot: object = JSON.parse(JSON.stringify(object)) as object;
    const event = {
      id: this.newId('evt'),
      object: 'event',
      api_version: Stripe.API_VERSION,
      created: this.now(),
      data:
        previous === undefined ? { object: snapshot } : { object: snapshot, previous_attributes: previous },
      livemode: false,
      pending_webhooks: 1,
      request: this.request ?? { id: null, idempotency_key: null },
      type,
      // The type says which of the hundreds of kinds of event it is, and `EventObject` that the object is of it.
    } as Stripe.Event;
    this.state.event.set(event.id, event);
    this.#onEvent(event);
    for (const listener of this.#listeners.get(type) ?? []) {
      (listener as (object: EventObject<T>) => void)(object);
    }
  }

  /** @throws ApiError when there is none */
  get<K extends keyof Kinds>(kind: K, id: string, param = 'id'): Kinds[K] {
    const found = this.state[kind].get(id);
    if (found === undefined) {
      throw resourceMissing(NAMES[kind] ?? kind, id, param, this.#hintOf(kind, id));
    }
    return found;
  }

  // Source: https://docs.stripe.com/error-codes
  #hintOf(kind: keyof Kinds, id: string): string {
    const [there, here] = this.livemode ? ['test', 'live'] : ['live', 'test'];
    return this.otherMode?.state[kind].has(id) === true
      ? `; a similar object exists in ${there} mode, but a ${here} mode key was used to make this request.`
      : '';
  }

  /** @throws ApiError when there is none, or none any more */
  customer(id: string, param = 'customer'): Stripe.Customer {
    const customer = this.get('customer', id, param);
    if (customer.deleted === true) {
      throw resourceMissing('customer', id, param);
    }
    return customer;
  }

  /** Everything as JSON, kind by kind. */
  snapshot(): Record<string, object[]> {
    return Object.fromEntries(
      Object.entries(this.state).map(([kind, objects]) => [kind, [...objects.values()]]),
    );
  }

  restore(kinds: Record<string, { id: string }[]>, idCount: number): void {
    this.idCount = idCount;
    for (const [kind, objects] of Object.entries(this.state)) {
      for (const object of kinds[kind] ?? []) {
        // What `snapshot` has written; nobody else writes the file.
        (objects as Map<string, { id: string }>).set(object.id, object);
      }
    }
  }

  clear(): void {
    for (const objects of Object.values(this.state)) {
      objects.clear();
    }
  }

  /** The newest first, as lists are. */
  all<K extends keyof Kinds>(kind: K): Kinds[K][] {
    return [...this.state[kind].values()].reverse();
  }

  /**
   * Changes an object in place.
   *
   * @returns its old values where they differed, as an event's `previous_attributes` have them; null without a change
   */
  assign<T extends object>(object: T, changes: Partial<T>): Partial<T> | null {
    const before: Partial<T> = {};
    let isChanged = false;
    for (const key of keysOf(changes)) {
      if (JSON.stringify(object[key]) !== JSON.stringify(changes[key])) {
        before[key] = object[key];
        isChanged = true;
      }
    }
    Object.assign(object, changes);
    return isChanged ? before : null;
  }
}

function keysOf<T extends object>(object: T): (keyof T)[] {
  return Object.keys(object) as (keyof T)[];
}

/** What an error calls a kind whose name is not the object's. */
const NAMES: Partial<Record<keyof Kinds, string>> = {
  checkout_session: 'checkout.session',
  portal_configuration: 'configuration',
  subscription_schedule: 'subscription schedule',
  payment_method: 'PaymentMethod',
};

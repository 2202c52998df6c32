import type { Stripe } from 'stripe';
import type { AccountState } from '../../../lambdas/domain/account.ts';
import type { Instant } from '../../../lambdas/domain/instants.ts';
import type { BillingInterval } from '../../../lambdas/domain/catalogue.ts';
import type { Person } from './people.ts';

/** Somebody whom Postage has not seen before, with a token that it accepts. */
export interface User {
  userId: string;
  token: string;
}

export interface Subscription {
  plan: Exclude<string, 'none'>;
  interval?: BillingInterval;
  /** The instant that its periods are counted from; not after now. */
  anchor: Instant;
}

/**
 * The Postage that the suite runs against: over HTTP it is the same everywhere. What differs is how the scene is set,
 * and that lies behind this interface.
 */
export interface World {
  /** Where the API answers, without a slash at its end. */
  url: string;
  cronSecret: string;
  now: () => Promise<Instant>;
  meet: (person: Person) => Promise<User>;
  /** A token that may count usage for others. */
  serviceToken: () => Promise<string>;
  /** A token that may see every account, and count nothing. */
  readerToken: () => Promise<string>;
  /** A token that may see and correct every account. */
  adminToken: () => Promise<string>;
  /** Signs tokens as the issuer does; null where the suite does not have its key. */
  forge: Forge | null;
  beginSubscription: (userId: string, subscription: Subscription) => Promise<void>;
  /** What happens at Stripe without Postage, where it is a stand-in: `atStripe('POST', '/checkout/cs_…/pay')`; else null. */
  atStripe: ((method: 'POST' | 'PUT', path: string, body?: object) => Promise<unknown>) | null;
  /** The SDK on it, for what is done at Stripe by hand; null as well where it is the real one. */
  stripe: Stripe | null;
  /** What the table holds: reading over HTTP would roll it forward. */
  storedAccount: (userId: string) => Promise<AccountState | null>;
  /** Starts what the schedule starts at night, as of some time after the instant, which lies within the next day. */
  startNight: (after: Instant) => Promise<void>;
  close: () => Promise<void>;
}

export interface Forge {
  /** Signs the claims of an ordinary token with these in place of its own; `undefined` leaves one out. */
  sign: (claims: Record<string, unknown>, header?: Record<string, unknown>) => Promise<string>;
}

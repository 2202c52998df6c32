import { Stripe } from 'stripe';
import * as z from 'zod/mini';
import { type Instant } from '../../domain/instants.ts';
import { idOf, isLiveMode, type StripeKeys, toInstant } from './connection.ts';

/** What every event of Stripe's has. */
export interface StripeEvent {
  id: string;
  /** `customer.subscription.updated` and so on. */
  type: string;
  createdAt: Instant;
  /** The customer whom its object names; null: it names none. */
  customerId: string | null;
  /** The object as it was then. It may have changed since: Postage asks for it again before it decides. */
  object: Readonly<Record<string, unknown>>;
}

export type Verification =
  | { outcome: 'verified'; event: StripeEvent }
  /** The signature is missing, wrong, too old, or another body's. */
  | { outcome: 'unsigned' }
  /** Signed, but of a connected account, or of another mode than that of the keys. */
  | { outcome: 'foreign' }
  /** Signed, but it only names its object: the endpoint's payloads are thin, and not snapshots. */
  | { outcome: 'thin' };

/** How old a signature may be. */
const TOLERANCE_SECONDS = 300;

/**
 * Checks that a webhook's body comes from Stripe and from nobody else.
 *
 * @param body exactly as it came, byte for byte
 * @param receivedAt by the gateway's clock
 * @throws Error when Stripe has signed something that is no event
 */
export function verifyEvent(
  body: string,
  signature: string | undefined,
  keys: StripeKeys,
  receivedAt: Instant,
): Verification {
  let event: Stripe.Event;
  try {
    event = Stripe.webhooks.constructEvent(
      body,
      signature ?? '',
      keys.webhookSecret,
      TOLERANCE_SECONDS,
      undefined,
      receivedAt,
    );
  } catch (error) {
    if (error instanceof Stripe.errors.StripeSignatureVerificationError) {
      return { outcome: 'unsigned' };
    }
    if (isThin(body)) {
      return { outcome: 'thin' };
    }
    throw error;
  }
  const isForeign = event.account !== undefined || event.livemode !== isLiveMode(keys);
  return isForeign ? { outcome: 'foreign' } : { outcome: 'verified', event: toEvent(event) };
}

/** The SDK throws at a thin event once it has checked its signature. https://docs.stripe.com/event-destinations#thin-events */
function isThin(body: string): boolean {
  const { success } = thinEvent.safeParse(JSON.parse(body));
  return success;
}

const thinEvent = z.object({ object: z.literal('v2.core.event') });

/** Reads an event that was verified before it was queued. @throws Error when it is none */
export function readEvent(body: string): StripeEvent {
  return toEvent(JSON.parse(body));
}

const reference = z.union([z.string(), z.object({ id: z.string() })]);

const eventSchema = z.object({
  id: z.string().check(z.regex(/^evt_\w{1,100}$/)),
  type: z.string().check(z.minLength(1), z.maxLength(200)),
  created: z.int(),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
});

const objectSchema = z.object({
  object: z.string(),
  id: z.optional(z.string()),
  customer: z.optional(z.nullable(reference)),
});

function toEvent(value: unknown): StripeEvent {
  const { id, type, created, data } = eventSchema.parse(value);
  const { object } = data;
  return { id, type, createdAt: toInstant(created), customerId: customerOf(object), object };
}

function customerOf(object: Record<string, unknown>): string | null {
  const { object: kind, id, customer } = objectSchema.parse(object);
  if (kind === 'customer') {
    return id ?? null;
  }
  return idOf(customer);
}

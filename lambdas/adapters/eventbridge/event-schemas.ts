import * as z from 'zod/mini';
import { MOVEMENT_COUNTER, type MovementKind } from '../../domain/credits.ts';
import { EVENTS, type EventName, type PostageEvent } from '../../domain/events.ts';
import { PLAN_ORDER } from '../../domain/plans.ts';

const instant = z.iso.datetime({ precision: 3 });
const count = z.int().check(z.nonnegative());
const plan = z.enum(PLAN_ORDER);
const status = z.enum(['none', 'trialing', 'active', 'past_due', 'canceled']);
const id = z.string();
const delivery = { deliveryId: id, letterId: id, channel: z.enum(['email', 'mail']) };
const payment = {
  deliveryId: id,
  amountCents: count,
  currency: z.literal('usd'),
  paymentIntentId: z.nullable(id),
};
const MOVEMENT_KINDS = Object.keys(MOVEMENT_COUNTER) as MovementKind[];

type DataOf<Name extends EventName> = Extract<PostageEvent, { name: Name }>['data'];

/** What each event's data look like. */
const DATA: { readonly [Name in EventName]: z.ZodMiniType<DataOf<Name>> } = {
  UsageThresholdReached: z.strictObject({
    meter: z.enum(['letters', 'emails', 'mails']),
    thresholdPercent: z.literal([80, 100]),
    used: count,
    limit: count,
    period: instant,
    periodEndsAt: instant,
  }),
  SuspiciousActivity: z.strictObject({ period: instant, mails: count }),
  CreditsChanged: z.strictObject({
    accountVersion: count,
    change: z.int(),
    available: count,
    owed: count,
    granted: count,
    used: count,
    expired: count,
    takenBack: z.int(),
  }),
  SubscriptionChanged: z.strictObject({
    accountVersion: count,
    plan,
    previousPlan: plan,
    status,
    previousStatus: status,
    subscriptionId: z.nullable(id),
    interval: z.nullable(z.enum(['month', 'year'])),
    trialEndsAt: z.nullable(instant),
    graceEndsAt: z.nullable(instant),
    endsAt: z.nullable(instant),
  }),
  PeriodClosed: z.strictObject({
    period: instant,
    endedAt: instant,
    plan,
    lettersCreated: count,
    emailsSent: count,
    mailsSent: count,
    mailCreditsUsed: count,
    movements: z.array(z.strictObject({ kind: z.enum(MOVEMENT_KINDS), amount: z.int() })),
  }),
  AccountErased: z.strictObject({ erasedAt: instant }),
  LetterCreated: z.strictObject({ letterId: id, createdAt: instant }),
  LetterDeleted: z.strictObject({ letterId: id, deletedAt: instant }),
  DeliveryScheduled: z.strictObject({
    deliveryId: id,
    letterId: id,
    channel: z.enum(['email', 'mail']),
    paidWith: z.enum(['none', 'credit', 'card']),
    deliverAt: instant,
    createdAt: instant,
  }),
  DeliveryDue: z.strictObject({
    ...delivery,
    attempt: z.int().check(z.gte(1)),
    deliverAt: instant,
  }),
  DeliverySent: z.strictObject({ ...delivery, sentAt: instant, providerId: z.nullable(id) }),
  DeliveryFailed: z.strictObject({ ...delivery, failedAt: instant, failure: z.string() }),
  DeliveryCancelled: z.strictObject({ ...delivery, cancelledAt: instant }),
  PaymentSucceeded: z.strictObject(payment),
  PaymentFailed: z.strictObject({ ...payment, failure: z.string() }),
  PaymentRefunded: z.strictObject(payment),
  UsageRecorded: z.strictObject({
    usageId: id,
    consumed: z.strictObject({ letters: count, emails: count, mails: count }),
    recordedAt: instant,
  }),
  CreditsPurchased: z.strictObject({
    purchaseId: id,
    credits: count,
    amountCents: count,
    currency: z.literal('usd'),
  }),
  PurchaseRefunded: z.strictObject({
    purchaseId: id,
    purchaseVersion: count,
    amountCents: count,
    returnedCents: count,
    currency: z.literal('usd'),
    creditsTaken: count,
  }),
  GiftSent: z.strictObject({ giftId: id, count, expiresAt: instant }),
  GiftClaimed: z.strictObject({ giftId: id, count }),
  GiftReturned: z.strictObject({ giftId: id, count, because: z.enum(['expired', 'claw_back']) }),
  PurchaseFailed: z.strictObject({ purchaseId: id, failure: z.enum(['payment_failed', 'expired']) }),
};

/** The detail of an event as it comes from the bus, where its name is the detail type. */
export function detailSchema(name: EventName): z.ZodMiniType<Omit<PostageEvent, 'name'>> {
  return z.strictObject({
    version: z.literal(EVENTS[name].version),
    id: z.string().check(z.startsWith(`${name}:`)),
    at: instant,
    userId: z.string(),
    data: DATA[name],
  });
}

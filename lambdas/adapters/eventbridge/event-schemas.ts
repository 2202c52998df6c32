import * as z from 'zod/mini';
import { MOVEMENT_COUNTER, type MovementKind } from '../../domain/credits.ts';
import { type AnyEvent, type DataOf } from '../../domain/event.ts';
import { type CoreEvent } from '../../domain/events.ts';
import { PLAN_ORDER } from '../../domain/plans.ts';

/** What data of events are made of. */
export const instant = z.iso.datetime({ precision: 3 });
export const count = z.int().check(z.nonnegative());
const plan = z.enum(PLAN_ORDER);
const status = z.enum(['none', 'trialing', 'active', 'past_due', 'canceled']);
export const id = z.string();
const MOVEMENT_KINDS = Object.keys(MOVEMENT_COUNTER) as MovementKind[];

/** What the data of each event of a catalogue look like. */
export type DataSchemas<Event extends AnyEvent> = {
  readonly [Name in Event['name']]: z.ZodMiniType<DataOf<Event, Name>>;
};

export const CORE_DATA: DataSchemas<CoreEvent> = {
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

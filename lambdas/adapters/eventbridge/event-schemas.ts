import * as z from 'zod/mini';
import { SUBSCRIPTION_STATUSES } from '../../domain/account.ts';
import { MOVEMENT_KINDS } from '../../domain/credits.ts';
import { type AnyEvent, type DataOf } from '../../domain/event.ts';
import { type CoreEvent, THRESHOLD_PERCENTS } from '../../domain/events.ts';
import { RETURN_REASONS } from '../../domain/gifts.ts';
import { BILLING_INTERVALS } from '../../domain/catalogue.ts';

/** What data of events are made of. */
export const instant = z.iso.datetime({ precision: 3 });
export const count = z.int().check(z.nonnegative());
/** Ids of the catalogue: an event may tell of one that it has no more. */
const plan = z.string();
const meter = z.string();
const counts = z.record(meter, count);
const status = z.enum(SUBSCRIPTION_STATUSES);
export const id = z.string();
/** What the data of each event of a catalogue look like. */
export type DataSchemas<Event extends AnyEvent> = {
  readonly [Name in Event['name']]: z.ZodMiniType<DataOf<Event, Name>>;
};

export const CORE_DATA: DataSchemas<CoreEvent> = {
  UsageThresholdReached: z.strictObject({
    meter,
    thresholdPercent: z.literal(THRESHOLD_PERCENTS),
    used: count,
    limit: count,
    period: instant,
    periodEndsAt: instant,
  }),
  SuspiciousActivity: z.strictObject({ period: instant, meter, used: count, above: count }),
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
    interval: z.nullable(z.enum(BILLING_INTERVALS)),
    trialEndsAt: z.nullable(instant),
    graceEndsAt: z.nullable(instant),
    endsAt: z.nullable(instant),
  }),
  PeriodClosed: z.strictObject({
    period: instant,
    endedAt: instant,
    plan,
    used: counts,
    creditsUsed: count,
    movements: z.array(z.strictObject({ kind: z.enum(MOVEMENT_KINDS), amount: z.int() })),
  }),
  AccountErased: z.strictObject({ erasedAt: instant }),
  UsageRecorded: z.strictObject({
    usageId: id,
    consumed: counts,
    released: counts,
    credits: count,
    recordedAt: instant,
  }),
  UsageGivenBack: z.strictObject({ usageId: id, consumed: counts, credits: count, givenBackAt: instant }),
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
  GiftReturned: z.strictObject({ giftId: id, count, because: z.enum(RETURN_REASONS) }),
  PurchaseFailed: z.strictObject({ purchaseId: id, failure: z.enum(['payment_failed', 'expired']) }),
};

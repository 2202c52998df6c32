import * as z from 'zod/mini';
import { GIFT_STATUSES } from '../../../domain/gifts.ts';
import { PURCHASE_STATUSES } from '../../../domain/purchases.ts';
import { type DayRangeDecision, judgeDayRange } from '../../../domain/statistics.ts';
import { NO_INPUT } from '../../../http/contract.ts';
import { USER_PATH } from '../../../http/contracts/admin.ts';
import { CreditsSummary } from '../../../http/contracts/credits.ts';
import { Count, Day, Instant, Month, named } from '../../../http/schemas.ts';
import { contract } from '../contract.ts';
import { Entitlements, UsageSummary } from './usage.ts';

const AggregateUsageStats = named(
  'AggregateUsageStats',
  z.object({
    totalLetters: Count,
    totalEmails: Count,
    totalMails: Count,
    totalMailCreditsUsed: z.int(),
    uniqueUsers: Count,
  }),
  {
    description:
      'Totals over all users. `uniqueUsers` is exact for one day, and within 2% for more. `totalMailCreditsUsed` is less by returned credits, on the day of their return.',
    example: {
      totalLetters: 5_230,
      totalEmails: 3_112,
      totalMails: 420,
      totalMailCreditsUsed: 398,
      uniqueUsers: 1_207,
    },
  },
);

const WRONG_RANGE: Readonly<Record<Extract<DayRangeDecision, { outcome: 'refused' }>['reason'], string>> = {
  reversed: 'Expected a day that is not before start.',
  longer_than_ten_years: 'Expected at most ten years from start.',
};

const DayRangeQuery = z.strictObject({ start: Day, end: Day }).check(({ value, issues }) => {
  const decision = judgeDayRange({ first: value.start, last: value.end });
  if (decision.outcome === 'refused') {
    issues.push({ code: 'custom', path: ['end'], message: WRONG_RANGE[decision.reason], input: value });
  }
});

const rate = named(
  'ReportedRate',
  z.object({ value: z.nullable(z.number()), threshold: z.nullable(z.number()), isCrossed: z.boolean() }),
);

const MailReport = named(
  'MailReport',
  z.object({
    month: Month,
    mails: z.object({ delivered: Count, free: Count, paid: Count }),
    revenueCents: z.int(),
    refundedCents: z.int(),
    mailsPerProUser: z.nullable(z.number()),
    rates: z.object({
      creditUtilization: rate,
      exhaustion: rate,
      payAsYouGoConversion: rate,
      failedPayments: rate,
      refunds: rate,
    }),
  }),
  {
    description:
      '`mails`: those that were sent, `free` with a credit, `paid` by card. `revenueCents`: what cards and bundles brought in, less `refundedCents`, what went back. Rates are shares of 1 (null: of nothing); `isCrossed`: above their `threshold`, or, of `payAsYouGoConversion`, below it; `refunds` also where money went back and none came in.',
    example: {
      month: '2026-11',
      mails: { delivered: 120, free: 100, paid: 20 },
      revenueCents: 9_660,
      refundedCents: 340,
      mailsPerProUser: 1.5,
      rates: {
        creditUtilization: { value: 0.6, threshold: null, isCrossed: false },
        exhaustion: { value: 0.25, threshold: 0.5, isCrossed: false },
        payAsYouGoConversion: { value: 0.04, threshold: 0.05, isCrossed: true },
        failedPayments: { value: 0, threshold: 0.02, isCrossed: false },
        refunds: { value: 0.034, threshold: 0.05, isCrossed: false },
      },
    },
  },
);

const exampleId = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';

/** What a user has bought and given away. */
const purchase = named(
  'UserPurchase',
  z.object({
    id: z.string(),
    status: z.enum(PURCHASE_STATUSES),
    credits: Count,
    amountCents: Count,
    returnedCents: Count,
    creditsTaken: Count,
    createdAt: Instant,
  }),
  {
    example: {
      id: exampleId,
      status: 'paid',
      credits: 10,
      amountCents: 2_700,
      returnedCents: 0,
      creditsTaken: 0,
      createdAt: '2026-11-24T09:00:00.000Z',
    },
  },
);
const gift = named(
  'UserGift',
  z.object({
    id: z.string(),
    status: z.enum(GIFT_STATUSES),
    count: Count,
    createdAt: Instant,
    expiresAt: Instant,
  }),
  {
    example: {
      id: exampleId,
      status: 'open',
      count: 3,
      createdAt: '2026-11-24T09:00:00.000Z',
      expiresAt: '2027-02-22T09:00:00.000Z',
    },
  },
);

const exampleErased = { userId: 'auth0|ada', erasedAt: '2026-11-24T09:00:00.000Z' };

const KnownUser = named(
  'KnownUser',
  z.object({
    userId: z.string(),
    usage: UsageSummary,
    entitlements: Entitlements,
    credits: CreditsSummary,
    purchases: z.array(purchase),
    gifts: z.array(gift),
  }),
);
const ErasedUser = named('ErasedUser', z.object({ userId: z.string(), erasedAt: Instant }), {
  example: exampleErased,
});

const User = named('User', z.union([KnownUser, ErasedUser]), {
  description:
    'What users see of themselves, with their 20 latest purchases and gifts (the export has all of them). For an erased user, only when they were erased.',
  example: exampleErased,
});

export const getUsageStats = contract('GET /admin/usage-stats', {
  ...NO_INPUT,
  operationId: 'getUsageStats',
  summary: 'What all users have used',
  description: 'From one UTC day to another, both included, at most ten years.',
  query: DayRangeQuery,
  answers: { 200: { description: 'The totals', schema: AggregateUsageStats } },
  problems: [],
});

export const getMailReport = contract('GET /admin/reports/mail-credits', {
  ...NO_INPUT,
  operationId: 'getMailReport',
  summary: 'How mails and credits did in a month',
  description:
    'Of a UTC month that has begun. Periods count in the month in which they ended, so that a month is complete after the first rollover of the next. `docs/mail-report.md` says what each figure counts.',
  query: z.strictObject({ month: Month }),
  answers: { 200: { description: 'The report', schema: MailReport } },
  problems: [],
});

export const getUser = contract('GET /admin/users/{userId}', {
  ...NO_INPUT,
  ...USER_PATH,
  operationId: 'getUser',
  summary: 'A user',
  description:
    'Usage, entitlements, credits, purchases and gifts in one answer. The audit trail records that it was read.',
  answers: { 200: { description: 'The user', schema: User } },
  problems: ['not_found'],
});

export const LETTERS_ADMIN_CONTRACTS = [getUsageStats, getMailReport, getUser];

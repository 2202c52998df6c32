import * as z from 'zod/mini';
import { contract as coreContract, NO_INPUT } from '../../../http/contract.ts';
import { USER_PATH } from '../../../http/contracts/admin.ts';
import { DayRangeQuery, ErasedUser, erasedExample, traded } from '../../../http/contracts/users.ts';
import { Count, Month, named } from '../../../http/schemas.ts';
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
    disputes: z.object({ opened: Count, won: Count, lost: z.int() }),
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
      '`mails`: those that were sent, `free` with a credit, `paid` by card. `revenueCents`: what cards and bundles brought in, less `refundedCents`, what went back. `disputes`: those about mails that were paid by card. Rates are shares of 1 (null: of nothing); `isCrossed`: above their `threshold`, or, of `payAsYouGoConversion`, below it; `refunds` also where money went back and none came in.',
    example: {
      month: '2026-11',
      mails: { delivered: 120, free: 100, paid: 20 },
      revenueCents: 9_660,
      refundedCents: 340,
      disputes: { opened: 1, won: 1, lost: 0 },
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

const KnownUser = named(
  'KnownUser',
  z.object({
    userId: z.string(),
    usage: UsageSummary,
    entitlements: Entitlements,
    ...traded,
  }),
);
const User = named('User', z.union([KnownUser, ErasedUser]), {
  description:
    'What users see of themselves, with their 20 latest purchases and gifts (the export has all of them). For an erased user, only when they were erased.',
  example: erasedExample,
});

export const getUsageStats = coreContract('GET /admin/usage-stats', {
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

export const getUser = coreContract('GET /admin/users/{userId}', {
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

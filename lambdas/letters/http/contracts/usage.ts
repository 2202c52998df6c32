import * as z from 'zod/mini';
import { NO_INPUT } from '../../../http/contract.ts';
import { contract } from '../contract.ts';
import { SUBSCRIPTION_STATUSES } from '../../../domain/account.ts';
import { METERS } from '../../domain/meters.ts';
import {
  Count,
  Instant,
  Limit,
  named,
  Plan,
  shareParameter,
  wholeNumberParameter,
} from '../../../http/schemas.ts';

const Percent = z.int().check(z.gte(0), z.lte(100));
const Meter = z.enum(METERS);

export const Entitlements = named(
  'Entitlements',
  z.strictObject({
    userId: z.string(),
    plan: Plan,
    status: z.enum(SUBSCRIPTION_STATUSES),
    features: z.strictObject({
      canCreateLetters: z.boolean(),
      canScheduleDeliveries: z.boolean(),
      canSchedulePhysicalMail: z.boolean(),
      maxLettersPerMonth: Limit,
      emailDeliveriesIncluded: Limit,
      mailCreditsPerMonth: Count,
    }),
    usage: z.strictObject({ lettersThisMonth: Count, emailsThisMonth: Count, mailCreditsRemaining: Count }),
    limits: z.strictObject({
      lettersReached: z.boolean(),
      emailsReached: z.boolean(),
      mailCreditsExhausted: z.boolean(),
    }),
    trialInfo: z.optional(
      z.strictObject({ isInTrial: z.boolean(), trialEndsAt: Instant, daysRemaining: Count }),
    ),
    endsAt: z.optional(Instant),
    graceEndsAt: z.optional(Instant),
  }),
  {
    description:
      '`features` is what the plan offers, used up or not. `endsAt`: the scheduled end of the subscription; `graceEndsAt`: until when a failed payment can be made good.',
  },
);

export const UsageSummary = named(
  'UsageSummary',
  z.strictObject({
    userId: z.string(),
    period: Instant,
    periodEndsAt: Instant,
    plan: Plan,
    usage: z.strictObject({
      lettersCreated: Count,
      emailsSent: Count,
      mailsSent: Count,
      mailCreditsRemaining: Count,
    }),
    limits: z.strictObject({ maxLetters: Limit, maxEmails: Limit, mailCreditsPerMonth: Count }),
    utilization: z.strictObject({
      lettersPercent: z.nullable(Percent),
      emailsPercent: z.nullable(Percent),
      mailCreditsPercent: Percent,
    }),
  }),
  { description: 'Percents are rounded down, so that 100 means reached; null: unlimited.' },
);

const RemainingQuota = named(
  'RemainingQuota',
  z.strictObject({
    userId: z.string(),
    letters: Limit,
    emails: Limit,
    mailCredits: Count,
    periodEndsAt: Instant,
  }),
);

const HistoricalUsage = named(
  'HistoricalUsage',
  z.strictObject({
    period: Instant,
    lettersCreated: Count,
    emailsSent: Count,
    mailsSent: Count,
    mailCreditsUsed: Count,
  }),
);

const NearingQuota = named(
  'NearingQuota',
  z.strictObject({
    nearing: z.boolean(),
    meters: z.array(z.strictObject({ meter: Meter, percent: Percent })),
  }),
);

const UsageForecast = named(
  'UsageForecast',
  z.strictObject({
    meters: z.array(
      z.strictObject({ meter: Meter, perDay: z.number().check(z.gte(0)), runsOutAt: z.nullable(Instant) }),
    ),
  }),
);

const MAX_PERIODS = 24;

export const getEntitlements = contract('GET /entitlements', {
  ...NO_INPUT,
  summary: 'What the user may do now',
  description: 'The one answer that an app needs to draw its buttons.',
  answers: { 200: { description: 'Plan, features, usage and limits', schema: Entitlements } },
  problems: [],
});

export const getUsage = contract('GET /usage', {
  ...NO_INPUT,
  summary: 'The usage of the open period',
  description: 'Counters count creation: deleting or cancelling does not lower them.',
  answers: { 200: { description: 'Usage, limits and how much of them is used', schema: UsageSummary } },
  problems: [],
});

export const getRemaining = contract('GET /usage/remaining', {
  ...NO_INPUT,
  summary: 'What is left of the open period',
  description: 'Per meter, until the period ends.',
  answers: { 200: { description: 'What is left', schema: RemainingQuota } },
  problems: [],
});

export const getHistory = contract('GET /usage/history', {
  ...NO_INPUT,
  summary: 'The usage of closed periods',
  description: 'The last periods that have ended, newest first, those without use among them.',
  query: z.strictObject({ periods: wholeNumberParameter(1, MAX_PERIODS, 6) }),
  answers: {
    200: {
      description: 'The periods',
      schema: named('UsageHistory', z.strictObject({ periods: z.array(HistoricalUsage) })),
    },
  },
  problems: [],
});

export const getNearingQuota = contract('GET /usage/nearing-quota', {
  ...NO_INPUT,
  summary: 'Whether a limit is near',
  description: 'The meters of which at least a share is used. Unlimited ones never are.',
  query: z.strictObject({ threshold: shareParameter(0.8) }),
  answers: { 200: { description: 'The meters that are near', schema: NearingQuota } },
  problems: [],
});

export const getForecast = contract('GET /usage/forecast', {
  ...NO_INPUT,
  summary: 'When limits will be reached',
  description: 'At the pace of the open period; `runsOutAt` is null where that is not before its end.',
  answers: { 200: { description: 'The pace of each meter', schema: UsageForecast } },
  problems: [],
});

export const USAGE_CONTRACTS = [
  getEntitlements,
  getUsage,
  getRemaining,
  getHistory,
  getNearingQuota,
  getForecast,
];

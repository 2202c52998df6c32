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
  z.object({
    userId: z.string(),
    plan: Plan,
    status: z.enum(SUBSCRIPTION_STATUSES),
    features: z.object({
      canCreateLetters: z.boolean(),
      canScheduleDeliveries: z.boolean(),
      canSchedulePhysicalMail: z.boolean(),
      maxLettersPerMonth: Limit,
      emailDeliveriesIncluded: Limit,
      mailCreditsPerMonth: Count,
    }),
    usage: z.object({ lettersThisMonth: Count, emailsThisMonth: Count, mailCreditsRemaining: Count }),
    limits: z.object({
      lettersReached: z.boolean(),
      emailsReached: z.boolean(),
      mailCreditsExhausted: z.boolean(),
    }),
    trialInfo: z.optional(z.object({ isInTrial: z.boolean(), trialEndsAt: Instant, daysRemaining: Count })),
    endsAt: z.optional(Instant),
    graceEndsAt: z.optional(Instant),
  }),
  {
    description:
      '`features` is what the plan offers, used up or not. `endsAt`: the scheduled end of the subscription; `graceEndsAt`: until when a failed payment can be made good.',
    example: {
      userId: 'auth0|ada',
      plan: 'pro',
      status: 'active',
      features: {
        canCreateLetters: true,
        canScheduleDeliveries: true,
        canSchedulePhysicalMail: true,
        maxLettersPerMonth: 'unlimited',
        emailDeliveriesIncluded: 'unlimited',
        mailCreditsPerMonth: 2,
      },
      usage: { lettersThisMonth: 12, emailsThisMonth: 4, mailCreditsRemaining: 1 },
      limits: { lettersReached: false, emailsReached: false, mailCreditsExhausted: false },
    },
  },
);

export const UsageSummary = named(
  'UsageSummary',
  z.object({
    userId: z.string(),
    period: Instant,
    periodEndsAt: Instant,
    plan: Plan,
    usage: z.object({
      lettersCreated: Count,
      emailsSent: Count,
      mailsSent: Count,
      mailCreditsRemaining: Count,
    }),
    limits: z.object({ maxLetters: Limit, maxEmails: Limit, mailCreditsPerMonth: Count }),
    utilization: z.object({
      lettersPercent: z.nullable(Percent),
      emailsPercent: z.nullable(Percent),
      mailCreditsPercent: Percent,
    }),
  }),
  {
    description: 'Percents are rounded down, so that 100 means reached; null: unlimited.',
    example: {
      userId: 'auth0|ada',
      period: '2026-11-01T00:00:00.000Z',
      periodEndsAt: '2026-12-01T00:00:00.000Z',
      plan: 'none',
      usage: { lettersCreated: 4, emailsSent: 0, mailsSent: 0, mailCreditsRemaining: 0 },
      limits: { maxLetters: 5, maxEmails: 0, mailCreditsPerMonth: 0 },
      utilization: { lettersPercent: 80, emailsPercent: 0, mailCreditsPercent: 0 },
    },
  },
);

const RemainingQuota = named(
  'RemainingQuota',
  z.object({
    userId: z.string(),
    letters: Limit,
    emails: Limit,
    mailCredits: Count,
    periodEndsAt: Instant,
  }),
  {
    example: {
      userId: 'auth0|ada',
      letters: 1,
      emails: 0,
      mailCredits: 0,
      periodEndsAt: '2026-12-01T00:00:00.000Z',
    },
  },
);

const examplePeriod = {
  period: '2026-10-01T00:00:00.000Z',
  lettersCreated: 12,
  emailsSent: 4,
  mailsSent: 2,
  mailCreditsUsed: 2,
};

const HistoricalUsage = named(
  'HistoricalUsage',
  z.object({
    period: Instant,
    lettersCreated: Count,
    emailsSent: Count,
    mailsSent: Count,
    mailCreditsUsed: Count,
  }),
  { example: examplePeriod },
);

const NearingQuota = named(
  'NearingQuota',
  z.object({
    nearing: z.boolean(),
    meters: z.array(z.object({ meter: Meter, percent: Percent })),
  }),
  { example: { nearing: true, meters: [{ meter: 'letters', percent: 80 }] } },
);

const UsageForecast = named(
  'UsageForecast',
  z.object({
    meters: z.array(
      z.object({ meter: Meter, perDay: z.number().check(z.gte(0)), runsOutAt: z.nullable(Instant) }),
    ),
  }),
  { example: { meters: [{ meter: 'letters', perDay: 0.2, runsOutAt: '2026-11-29T00:00:00.000Z' }] } },
);

const MAX_PERIODS = 24;

export const getEntitlements = contract('GET /entitlements', {
  ...NO_INPUT,
  operationId: 'getEntitlements',
  summary: 'What the user may do now',
  description: 'The one answer that an app needs to draw its buttons.',
  answers: { 200: { description: 'Plan, features, usage and limits', schema: Entitlements } },
  problems: [],
});

export const getUsage = contract('GET /usage', {
  ...NO_INPUT,
  operationId: 'getUsage',
  summary: 'The usage of the open period',
  description: 'Counters count creation: deleting or cancelling does not lower them.',
  answers: { 200: { description: 'Usage, limits and how much of them is used', schema: UsageSummary } },
  problems: [],
});

export const getRemaining = contract('GET /usage/remaining', {
  ...NO_INPUT,
  operationId: 'getRemainingQuota',
  summary: 'What is left of the open period',
  description: 'Per meter, until the period ends.',
  answers: { 200: { description: 'What is left', schema: RemainingQuota } },
  problems: [],
});

export const getHistory = contract('GET /usage/history', {
  ...NO_INPUT,
  operationId: 'getUsageHistory',
  summary: 'The usage of closed periods',
  description: 'The last periods that have ended, newest first, those without use among them.',
  query: z.strictObject({ periods: wholeNumberParameter(1, MAX_PERIODS, 6) }),
  answers: {
    200: {
      description: 'The periods',
      schema: named('UsageHistory', z.object({ periods: z.array(HistoricalUsage) }), {
        example: { periods: [examplePeriod] },
      }),
    },
  },
  problems: [],
});

export const getNearingQuota = contract('GET /usage/nearing-quota', {
  ...NO_INPUT,
  operationId: 'getNearingQuota',
  summary: 'Whether a limit is near',
  description: 'The meters of which at least a share is used. Unlimited ones never are.',
  query: z.strictObject({ threshold: shareParameter(0.8) }),
  answers: { 200: { description: 'The meters that are near', schema: NearingQuota } },
  problems: [],
});

export const getForecast = contract('GET /usage/forecast', {
  ...NO_INPUT,
  operationId: 'forecastUsage',
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

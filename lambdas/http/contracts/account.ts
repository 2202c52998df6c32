import * as z from 'zod/mini';
import { SUBSCRIPTION_STATUSES } from '../../domain/account.ts';
import { BILLING_INTERVALS } from '../../domain/catalogue.ts';
import { contract, NO_INPUT } from '../contract.ts';
import {
  Count,
  Instant,
  Limit,
  named,
  Percent,
  Plan,
  Price,
  UserId,
  wholeNumberParameter,
} from '../schemas.ts';

const Id = z.string();

const limits = { limit: z.nullable(Limit), left: Limit };

export const Account = named(
  'Account',
  z.object({
    userId: z.string(),
    plan: Plan,
    status: z.enum(SUBSCRIPTION_STATUSES),
    period: z.object({ startsAt: Instant, endsAt: Instant }),
    meters: z.record(
      Id,
      z.object({
        used: Count,
        ...limits,
        percent: z.nullable(Percent),
        credits: z.optional(Count),
        today: z.optional(z.object({ used: Count, limit: Count })),
      }),
    ),
    levels: z.record(Id, z.object({ held: Count, ...limits })),
    features: z.array(Id),
    credits: z.object({
      available: Count,
      included: Count,
      withheld: Count,
      carried: Count,
      purchased: Count,
      perPeriod: Count,
      extra: z.nullable(Price),
    }),
    trialEndsAt: z.optional(Instant),
    endsAt: z.optional(Instant),
    graceEndsAt: z.optional(Instant),
  }),
  {
    description:
      'Everything that a usage page shows. A `limit` of null: not in the plan. `percent` is rounded down, so that 100 means reached. `credits` of a meter: what one costs. `today`: what is used of the limit of a UTC day. `endsAt`: the scheduled end of the subscription; `graceEndsAt`: until when a failed payment can be made good. `withheld`: what is unspent of the allowance of a period that nobody has paid for; it comes back when the payment is made good.',
    example: {
      userId: 'ada',
      plan: 'pro',
      status: 'active',
      period: { startsAt: '2026-11-15T09:30:00.000Z', endsAt: '2026-12-15T09:30:00.000Z' },
      meters: {
        images: { used: 3, limit: 'unlimited', left: 'unlimited', percent: null, credits: 1 },
        exports: { used: 4, limit: 50, left: 46, percent: 8, today: { used: 1, limit: 5 } },
      },
      levels: { seats: { held: 2, limit: 5, left: 3 } },
      features: ['priority_queue'],
      credits: {
        available: 97,
        included: 97,
        withheld: 0,
        carried: 0,
        purchased: 0,
        perPeriod: 100,
        extra: null,
      },
    },
  },
);

const AccountHistory = named(
  'AccountHistory',
  z.object({
    periods: z.array(
      z.object({ startsAt: Instant, endsAt: Instant, used: z.record(Id, Count), creditsUsed: Count }),
    ),
  }),
  {
    description: 'Newest first. `used` is by meter; a meter that is not there was not used.',
    example: {
      periods: [
        {
          startsAt: '2026-10-15T09:30:00.000Z',
          endsAt: '2026-11-15T09:30:00.000Z',
          used: { images: 41, exports: 2 },
          creditsUsed: 41,
        },
      ],
    },
  },
);

const AccountForecast = named(
  'AccountForecast',
  z.object({
    meters: z.array(
      z.object({ meter: Id, perDay: z.number().check(z.gte(0)), runsOutAt: z.nullable(Instant) }),
    ),
  }),
  {
    description: 'The pace of each meter, and of `credits`.',
    example: {
      meters: [
        { meter: 'exports', perDay: 0.44, runsOutAt: null },
        { meter: 'credits', perDay: 9.11, runsOutAt: '2026-12-04T23:12:04.000Z' },
      ],
    },
  },
);

const Title = z.object({ one: z.string(), many: z.string() });

const Catalogue = named(
  'Catalogue',
  z.object({
    meters: z.array(z.object({ id: Id, title: Title, credits: Count, perDay: z.nullable(Count) })),
    levels: z.array(z.object({ id: Id, title: Title })),
    features: z.array(z.object({ id: Id, title: z.string() })),
    plans: z.array(
      z.object({
        id: Id,
        title: z.string(),
        limits: z.record(Id, Limit),
        credits: Count,
        extraCredit: z.nullable(Price),
        carryOver: z.nullable(z.object({ cap: Count, periods: Count })),
        prices: z.partialRecord(z.enum(BILLING_INTERVALS), Price),
        features: z.array(Id),
      }),
    ),
    credit: z.nullable(
      z.object({
        title: Title,
        bundles: z.array(z.object({ credits: Count, price: Price })),
        isGiftable: z.boolean(),
      }),
    ),
    graceDays: Count,
    trialDays: Count,
  }),
  {
    description:
      'What the app counts and sells: plans from the smallest to the largest, the first of them free. Plans that are no longer sold are not among them. A meter or level that a plan does not limit is not in the plan.',
    example: {
      meters: [{ id: 'images', title: { one: 'image', many: 'images' }, credits: 1, perDay: null }],
      levels: [{ id: 'seats', title: { one: 'seat', many: 'seats' } }],
      features: [{ id: 'priority_queue', title: 'Priority queue' }],
      plans: [
        {
          id: 'studio',
          title: 'Studio',
          limits: { images: 'unlimited', seats: 5 },
          credits: 100,
          extraCredit: null,
          carryOver: { cap: 200, periods: 2 },
          prices: { month: { amountCents: 1_900, currency: 'usd' } },
          features: ['priority_queue'],
        },
      ],
      credit: { title: { one: 'credit', many: 'credits' }, bundles: [], isGiftable: false },
      graceDays: 7,
      trialDays: 0,
    },
  },
);

const MAX_PERIODS = 24;

export const getAccount = contract('GET /account', {
  ...NO_INPUT,
  operationId: 'getAccount',
  summary: 'The account of the user',
  description: 'Everything that a usage page shows, as of now.',
  answers: { 200: { description: 'The account', schema: Account } },
  problems: [],
});

export const getAccountHistory = contract('GET /account/history', {
  ...NO_INPUT,
  operationId: 'getAccountHistory',
  summary: 'The usage of closed periods',
  description: 'The last periods that have ended, newest first, those without use among them.',
  query: z.strictObject({ periods: wholeNumberParameter(1, MAX_PERIODS, 6) }),
  answers: { 200: { description: 'The periods', schema: AccountHistory } },
  problems: [],
});

export const getAccountForecast = contract('GET /account/forecast', {
  ...NO_INPUT,
  operationId: 'getAccountForecast',
  summary: 'When limits will be reached',
  description: 'At the pace of the open period; `runsOutAt` is null where that is not before its end.',
  answers: { 200: { description: 'The pace of each meter', schema: AccountForecast } },
  problems: [],
});

export const getUserAccount = contract('GET /users/{userId}/account', {
  ...NO_INPUT,
  operationId: 'getUserAccount',
  summary: 'The account of a user',
  description:
    'For your backend: the same account as its user is shown. A user who is new shows a free account.',
  params: z.strictObject({ userId: UserId }),
  answers: { 200: { description: 'The account', schema: Account } },
  problems: ['not_found'],
});

export const getCatalogue = contract('GET /catalogue', {
  ...NO_INPUT,
  operationId: 'getCatalogue',
  summary: 'What is counted and sold',
  description: 'What a pricing page shows.',
  answers: { 200: { description: 'The catalogue', schema: Catalogue } },
  problems: [],
});

export const ACCOUNT_CONTRACTS = [
  getAccount,
  getAccountHistory,
  getAccountForecast,
  getUserAccount,
  getCatalogue,
];

/** Users one by one and all together, for the owner. An app on top of the core may answer both in shapes of its own. */
import * as z from 'zod/mini';
import { GIFT_STATUSES } from '../../domain/gifts.ts';
import { PURCHASE_STATUSES } from '../../domain/purchases.ts';
import { type DayRangeDecision, judgeDayRange } from '../../domain/statistics.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Day, Instant, named } from '../schemas.ts';
import { Account } from './account.ts';
import { USER_PATH } from './admin.ts';
import { CreditsSummary } from './credits.ts';

const UsageStats = named(
  'UsageStats',
  z.object({ used: z.record(z.string(), z.int()), creditsUsed: z.int(), uniqueUsers: Count }),
  {
    description:
      'Totals over all users. `used` is by meter; one that is not there was not used. It is less by what was given back, and `creditsUsed` by returned credits, on the day of their return. `uniqueUsers` is exact for one day, and within 2% for more.',
    example: { used: { images: 5_230, exports: 312 }, creditsUsed: 5_230, uniqueUsers: 1_207 },
  },
);

const WRONG_RANGE: Readonly<Record<Extract<DayRangeDecision, { outcome: 'refused' }>['reason'], string>> = {
  reversed: 'Expected a day that is not before start.',
  longer_than_ten_years: 'Expected at most ten years from start.',
};

export const DayRangeQuery = z.strictObject({ start: Day, end: Day }).check(({ value, issues }) => {
  const decision = judgeDayRange({ first: value.start, last: value.end });
  if (decision.outcome === 'refused') {
    issues.push({ code: 'custom', path: ['end'], message: WRONG_RANGE[decision.reason], input: value });
  }
});

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

export const erasedExample = { userId: 'auth0|ada', erasedAt: '2026-11-24T09:00:00.000Z' };

export const ErasedUser = named('ErasedUser', z.object({ userId: z.string(), erasedAt: Instant }), {
  example: erasedExample,
});

/** What every user has, whatever an app on top of the core adds. */
export const traded = { credits: CreditsSummary, purchases: z.array(purchase), gifts: z.array(gift) };

const UserDetails = named(
  'UserDetails',
  z.union([
    named('KnownUserDetails', z.object({ userId: z.string(), account: Account, ...traded })),
    ErasedUser,
  ]),
  {
    description:
      'What users see of themselves, with their 20 latest purchases and gifts (the export has all of them). For an erased user, only when they were erased.',
    example: erasedExample,
  },
);

export const getUsageStats = contract('GET /admin/usage-stats', {
  ...NO_INPUT,
  operationId: 'getUsageStats',
  summary: 'What all users have used',
  description: 'From one UTC day to another, both included, at most ten years.',
  query: DayRangeQuery,
  answers: { 200: { description: 'The totals', schema: UsageStats } },
  problems: [],
});

export const getUser = contract('GET /admin/users/{userId}', {
  ...NO_INPUT,
  ...USER_PATH,
  operationId: 'getUser',
  summary: 'A user',
  description:
    'The account, credits, purchases and gifts in one answer. The audit trail records that it was read.',
  answers: { 200: { description: 'The user', schema: UserDetails } },
  problems: ['not_found'],
});

export const USER_CONTRACTS = [getUsageStats, getUser];

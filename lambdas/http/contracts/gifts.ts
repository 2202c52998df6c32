import * as z from 'zod/mini';
import { GIFT_STATUSES, RETURN_REASONS } from '../../domain/gifts.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Instant, named, page, PageQuery } from '../schemas.ts';

const MOST_CREDITS = 10_000;

const NewGift = named('NewGift', z.strictObject({ count: z.int().check(z.gte(1), z.lte(MOST_CREDITS)) }), {
  description: 'How many credits to give.',
  example: { count: 3 },
});

const Gift = named(
  'Gift',
  z.object({
    id: z.string(),
    status: z.enum(GIFT_STATUSES),
    code: z.string(),
    count: z.int(),
    expiresAt: Instant,
  }),
  {
    description:
      'Anyone with the code can claim the gift. Postage keeps no copy of the code, and shows it to the giver only. An unclaimed gift goes back at `expiresAt`. The answer to a repeated request has the present `status` of the gift.',
    example: {
      id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
      status: 'open',
      code: '7Q3M0ZK-A91XV2C-0K4TT8W-HJ6P5RD',
      count: 3,
      expiresAt: '2027-02-22T09:00:00.000Z',
    },
  },
);

const exampleListed = {
  id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  status: 'claimed',
  count: 3,
  createdAt: '2026-11-24T09:00:00.000Z',
  expiresAt: '2027-02-22T09:00:00.000Z',
  endedAt: '2026-12-24T18:00:00.000Z',
};

const ListedGift = named(
  'ListedGift',
  z.object({
    id: z.string(),
    status: z.enum(GIFT_STATUSES),
    count: Count,
    createdAt: Instant,
    expiresAt: Instant,
    endedAt: z.optional(Instant),
    because: z.optional(z.enum(RETURN_REASONS)),
  }),
  {
    description:
      'A gift without its code. `endedAt`: when somebody claimed it, or when it went back. `because`: why it went back. A repeated `createGift` with the same `Idempotency-Key` shows the code again.',
    example: exampleListed,
  },
);

const GiftPage = named('GiftPage', page(ListedGift), {
  example: { items: [exampleListed], nextCursor: null },
});

const GiftClaim = named('GiftClaim', z.object({ count: z.int() }), { example: { count: 3 } });

/** Four groups of seven characters. The hyphens are optional. */
const Code = z
  .string()
  .check(
    z.regex(/^[0-9A-Za-z](-?[0-9A-Za-z]){27}$/, 'Expected a code, such as 7Q3M0ZK-A91XV2C-0K4TT8W-HJ6P5RD.'),
  );

export const createGift = contract('POST /credits/gifts', {
  ...NO_INPUT,
  operationId: 'createGift',
  summary: 'Give credits away',
  description:
    'Takes unspent purchased credits out of the account, and answers with a code for them. When there are too few: 402 `insufficient_credits` with `available`. The same `Idempotency-Key` gets the same code.',
  body: NewGift,
  idempotencyKey: 'optional',
  answers: { 201: { description: 'The gift, with its code', schema: Gift } },
  problems: ['insufficient_credits', 'illegal_transition'],
});

export const claimGift = contract('POST /credits/gifts/{code}/redemption', {
  ...NO_INPUT,
  operationId: 'claimGift',
  summary: 'Claim a gift',
  description:
    'Adds the credits of a gift to the account, as purchased ones. Users on the free plan can claim too, and use the credits once they subscribe. A code works once (`already_claimed`), and not for its giver. A gift that has expired or was called back is `illegal_transition`. A user can try ten wrong codes a day (UTC).',
  params: z.strictObject({ code: Code }),
  idempotencyKey: 'optional',
  answers: { 200: { description: 'The credits that were added', schema: GiftClaim } },
  problems: ['not_found', 'already_claimed', 'illegal_transition', 'rate_limited'],
});

export const listGifts = contract('GET /credits/gifts', {
  ...NO_INPUT,
  operationId: 'listGifts',
  summary: 'List gifts that the user has given',
  description: 'Newest first, with what became of each.',
  query: PageQuery,
  answers: { 200: { description: 'A page of gifts', schema: GiftPage } },
  problems: [],
});

export const GIFT_CONTRACTS = [listGifts, createGift, claimGift];

import * as z from 'zod/mini';
import { GIFT_STATUSES } from '../../domain/gifts.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Instant, named } from '../schemas.ts';

const MOST_CREDITS = 10_000;

const NewGift = named('NewGift', z.strictObject({ count: z.int().check(z.gte(1), z.lte(MOST_CREDITS)) }), {
  description: 'How many credits to give.',
  example: { count: 3 },
});

const Gift = named(
  'Gift',
  z.strictObject({
    id: z.string(),
    status: z.enum(GIFT_STATUSES),
    code: z.string(),
    count: z.int(),
    expiresAt: Instant,
  }),
  {
    description:
      'Whoever has the code has the gift: Postage keeps no copy of it, and tells it to nobody but its giver. What nobody has claimed by `expiresAt` goes back. A repeated request is answered with the `status` that the gift has come to.',
    example: {
      id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
      status: 'open',
      code: '7Q3M0ZK-A91XV2C-0K4TT8W-HJ6P5RD',
      count: 3,
      expiresAt: '2027-02-22T09:00:00.000Z',
    },
  },
);

const GiftClaim = named('GiftClaim', z.strictObject({ count: z.int() }), { example: { count: 3 } });

/** Four groups of seven characters, of which the hyphens don't matter. */
const Code = z
  .string()
  .check(
    z.regex(/^[0-9A-Za-z](-?[0-9A-Za-z]){27}$/, 'Expected a code, such as 7Q3M0ZK-A91XV2C-0K4TT8W-HJ6P5RD.'),
  );

export const createGift = contract('POST /credits/gifts', {
  ...NO_INPUT,
  summary: 'Give mail credits away',
  description:
    'Takes purchased credits that have not been spent out of the account, and answers with a code for them. When there are fewer: 402 `insufficient_credits` with `available`. The same `Idempotency-Key` answers the same code.',
  body: NewGift,
  idempotencyKey: 'optional',
  answers: { 201: { description: 'The gift, with its code', schema: Gift } },
  problems: ['insufficient_credits', 'illegal_transition'],
});

export const claimGift = contract('POST /credits/gifts/{code}/redemption', {
  ...NO_INPUT,
  summary: 'Claim a gift',
  description:
    'Adds the credits of a gift to the account, as purchased ones; on any plan, the free one too, on which they wait. A code can be claimed once (`already_claimed`), and not by its giver. One that has expired or was called back is `illegal_transition`; of codes that stand for nothing, ten can be tried in a day (UTC).',
  params: z.strictObject({ code: Code }),
  idempotencyKey: 'optional',
  answers: { 200: { description: 'What has been added', schema: GiftClaim } },
  problems: ['not_found', 'already_claimed', 'illegal_transition', 'rate_limited'],
});

export const GIFT_CONTRACTS = [createGift, claimGift];

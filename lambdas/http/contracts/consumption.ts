import * as z from 'zod/mini';
import { MAX_USE_PER_COMMAND } from '../../domain/usage.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, named, UserId } from '../schemas.ts';

const quantity = z.optional(z.int().check(z.gte(1), z.lte(MAX_USE_PER_COMMAND)));

const Consume = z
  .strictObject({ letters: quantity, emails: quantity, mails: quantity })
  .check(
    z.refine((use) => Object.keys(use).length > 0, 'Expected at least one of letters, emails and mails.'),
  );

const NewConsumption = named('NewConsumption', z.strictObject({ consume: Consume }), {
  description: 'At least one meter. Postage counts all of them, or none.',
  example: { consume: { letters: 1, mails: 2 } },
});

const Consumption = named(
  'Consumption',
  z.object({
    id: z.string(),
    consumed: z.object({ letters: Count, emails: Count, mails: Count }),
  }),
  {
    example: {
      id: '5c1d2e3f4a5b46c7d8e9f0a1b2c3d4e5',
      consumed: { letters: 1, emails: 0, mails: 2 },
    },
  },
);

export const consumeUsage = contract('POST /users/{userId}/usage', {
  ...NO_INPUT,
  operationId: 'recordUsage',
  summary: 'Count usage for a user',
  description:
    'For apps that store their own content. Counts several meters in one call, all or none of them. Each mail spends a credit. A call with more than 10 mails is refused, and nothing is written. A new `userId` gets an account on the free plan, so check the spelling: a mistyped one is no error.',
  params: z.strictObject({ userId: UserId }),
  body: NewConsumption,
  idempotencyKey: 'required',
  answers: { 200: { description: 'What was counted', schema: Consumption } },
  problems: ['plan_required', 'quota_exceeded', 'rate_limited', 'insufficient_credits'],
});

export const CONSUMPTION_CONTRACTS = [consumeUsage];

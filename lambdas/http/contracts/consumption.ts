import * as z from 'zod/mini';
import { MAX_PARTS_PER_COMMAND, MAX_USE_PER_COMMAND } from '../../domain/usage.ts';
import { CATALOGUE } from '../../wiring/catalogue.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Id, Instant, named, UserId } from '../schemas.ts';

const METER_IDS = CATALOGUE.meters.map(({ id }) => id);
const LEVEL_IDS = CATALOGUE.levels.map(({ id }) => id);

/** Numbers by meter or level, at least one of them. */
function counts(ids: readonly string[]): z.ZodMiniType<Readonly<Record<string, number | undefined>>> {
  const quantity = z.optional(z.int().check(z.gte(1), z.lte(MAX_USE_PER_COMMAND)));
  return z.strictObject(Object.fromEntries(ids.map((id) => [id, quantity]))).check(
    z.refine((use) => Object.keys(use).length > 0, `Expected at least one of ${ids.join(', ')}.`),
    z.refine(
      (use) => Object.keys(use).length <= MAX_PARTS_PER_COMMAND,
      `Expected at most ${String(MAX_PARTS_PER_COMMAND)} of them at once.`,
    ),
  );
}

const NewConsumption = named(
  'NewConsumption',
  z
    .strictObject({
      consume: z.optional(counts([...METER_IDS, ...LEVEL_IDS])),
      release: z.optional(counts(LEVEL_IDS)),
    })
    .check(
      z.refine((use) => Object.keys(use).length === 1, {
        error: 'Expected either consume or release.',
        path: ['consume'],
      }),
    ),
  {
    description:
      'What is used of meters and levels, or released of levels. Postage counts all of it, or nothing.',
    example: { consume: Object.fromEntries(METER_IDS.slice(0, 1).map((id) => [id, 1])) },
  },
);

const Counts = z.record(z.string(), Count);

const Consumption = named(
  'Consumption',
  z.object({ id: z.string(), consumed: Counts, released: Counts, credits: Count }),
  {
    example: {
      id: '5c1d2e3f4a5b46c7d8e9f0a1b2c3d4e5',
      consumed: Object.fromEntries(METER_IDS.slice(0, 1).map((id) => [id, 1])),
      released: {},
      credits: 0,
    },
  },
);

export const consumeUsage = contract('POST /users/{userId}/usage', {
  ...NO_INPUT,
  operationId: 'recordUsage',
  summary: 'Count usage for a user',
  description:
    'For your backend. Counts several meters and levels in one call, all or none of them, and spends the credits that they cost; or releases what is held of levels. A call for more of a meter than a day allows is refused, and nothing is written. A new `userId` gets an account on the free plan, so check the spelling: a mistyped one is no error.',
  params: z.strictObject({ userId: UserId }),
  body: NewConsumption,
  idempotencyKey: 'required',
  answers: { 200: { description: 'What was counted', schema: Consumption } },
  problems: ['plan_required', 'quota_exceeded', 'rate_limited', 'insufficient_credits', 'illegal_transition'],
});

const GivenBack = named(
  'GivenBackUsage',
  z.object({ id: z.string(), consumed: Counts, credits: Count, givenBackAt: Instant }),
  {
    description: '`credits`: how many have come back.',
    example: {
      id: '5c1d2e3f4a5b46c7d8e9f0a1b2c3d4e5',
      consumed: Object.fromEntries(METER_IDS.slice(0, 1).map((id) => [id, 1])),
      credits: 0,
      givenBackAt: '2026-11-24T09:00:00.000Z',
    },
  },
);

export const giveBackUsage = contract('DELETE /users/{userId}/usage/{id}', {
  ...NO_INPUT,
  operationId: 'giveBackUsage',
  summary: 'Give usage back',
  description:
    'For work that has failed. What the meters counted comes back while its period is open, the count of a day on that day, the credits at any time, and levels if as many are held. It happens once: a repeated request changes nothing and gets the same answer. A release cannot be given back.',
  params: z.strictObject({ userId: UserId, id: Id }),
  answers: { 200: { description: 'What came back', schema: GivenBack } },
  problems: ['not_found', 'illegal_transition'],
});

export const CONSUMPTION_CONTRACTS = [consumeUsage, giveBackUsage];

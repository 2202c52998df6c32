import * as z from 'zod/mini';
import { FIRST_NOTED_PERCENT } from '../../domain/nearing.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Instant, named, page, PageQuery, Percent, Plan, shareParameter } from '../schemas.ts';

const FIRST_NOTED = FIRST_NOTED_PERCENT / 100;

const exampleNearing = {
  userId: 'auth0|ada',
  plan: 'studio',
  periodEndsAt: '2026-12-15T09:30:00.000Z',
  limits: [{ of: 'exports', used: 46, limit: 50, percent: 92 }],
};

const NearingUser = named(
  'NearingUser',
  z.object({
    userId: z.string(),
    plan: Plan,
    periodEndsAt: Instant,
    limits: z.array(z.object({ of: z.string(), used: Count, limit: Count, percent: Percent })),
  }),
  {
    description:
      'A user who is near a limit: of a meter, a level or `credits`. The nearest limit comes first. `percent` is rounded down.',
    example: exampleNearing,
  },
);

const NearingPage = named('NearingPage', page(NearingUser), {
  description:
    'Users who have reached a limit come first. A page can have fewer users than you asked for, and still a `nextCursor`.',
  example: { items: [exampleNearing], nextCursor: null },
});

export const listNearingUsers = contract('GET /admin/users', {
  ...NO_INPUT,
  operationId: 'listNearingUsers',
  summary: 'Users who are near a limit',
  description:
    'Of whom at least the share `nearing` of some limit is used, from 0.8 on. The figures are those of now; who comes near a limit is listed moments later. The audit trail records that you read it.',
  query: z.extend(PageQuery, { nearing: shareParameter(FIRST_NOTED, FIRST_NOTED) }),
  answers: { 200: { description: 'A page of users', schema: NearingPage } },
  problems: [],
});

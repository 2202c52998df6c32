/** The schemas of problems, by code: each says which figures always come with it. */
import * as z from 'zod/mini';
import { CHANGE_FAILURES } from '../domain/change-verdicts.ts';
import { CHANGE_REFUSALS } from '../domain/plan-changes.ts';
import { type Schema } from './contract.ts';
import * as problems from './problems.ts';
import { type Problem, problemBody, type ProblemCode, PROBLEMS } from './problems.ts';
import { Count, Instant, Limit, named, Plan, Price } from './schemas.ts';

/** Schemas by the `operationId` of who answers the problem, and its code. */
export type OwnProblems = Readonly<Record<string, Readonly<Partial<Record<ProblemCode, Schema>>>>>;

/** @param id how the schema is named, when there are several of the code */
export function problemSchema(
  example: Problem,
  figures: Readonly<Record<string, Schema>> = {},
  id = idOf(example),
): Schema {
  return named(
    id,
    z.object({
      type: z.literal(`urn:postage:problem:${example.code}`),
      title: z.string(),
      status: z.literal(PROBLEMS[example.code].status),
      code: z.literal(example.code),
      detail: z.string(),
      ...figures,
    }),
    { example: problemBody(example) },
  );
}

/** `quota_exceeded` is `QuotaExceededProblem`. */
function idOf({ code }: Problem): string {
  const words = code.split('_').map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return `${words.join('')}Problem`;
}

const at = Date.UTC(2026, 10, 24, 9);
const resetsAt = Date.UTC(2026, 11, 1);
const price = { amountCents: 300, currency: 'usd' } as const;

const creditsUsedUp = problems.problemOfRefusal(
  { refusal: 'insufficient_credits', limit: 2, used: 2, resetsAt, price, upgradeTo: 'enterprise' },
  at,
);

const CHANGE_ID = '3f9a1c5be07d4c2f8b6a9d0e1f2a3b4c';

/** What a change of plan answers when its payment fails, or needs the card's holder. */
const PLAN_PAYMENT = {
  payment_failed: problemSchema(
    problems.changeFailed(CHANGE_ID, 'payment_failed', 'insufficient_funds'),
    { changeId: z.string(), declineCode: z.nullable(z.string()) },
    'PlanPaymentFailedProblem',
  ),
  payment_action_required: problemSchema(
    problems.changeNeedsHolder(CHANGE_ID, 'pi_3PqLk2eZvKYlo2C0_secret_8Ht1'),
    { changeId: z.string(), clientSecret: z.string() },
    'PlanPaymentActionRequiredProblem',
  ),
};

/** The codes of the core. Those that only an app answers have their schemas there. */
export const CORE_PROBLEMS = {
  malformed: problemSchema(problems.malformed('The body is not JSON.')),
  too_large: problemSchema(problems.tooLarge(262_144), { limitBytes: Count }),
  unauthenticated: problemSchema(
    problems.unauthenticated('The cron secret is required: Authorization: Bearer <secret>.'),
  ),
  quota_exceeded: problemSchema(
    problems.problemOfRefusal(
      { refusal: 'quota_exceeded', meter: 'exports', limit: 5, used: 5, resetsAt, upgradeTo: 'pro' },
      at,
    ),
    {
      meter: z.string(),
      limit: Limit,
      used: Count,
      resetsAt: z.nullable(Instant),
      upgradeTo: z.nullable(Plan),
    },
  ),
  plan_required: problemSchema(problems.subscribeFirst('pro'), {
    meter: z.optional(z.string()),
    upgradeTo: z.nullable(Plan),
  }),
  insufficient_credits: problemSchema(creditsUsedUp, {
    limit: z.optional(Count),
    used: z.optional(Count),
    resetsAt: z.optional(Instant),
    price: z.optional(z.nullable(Price)),
    upgradeTo: z.optional(z.nullable(Plan)),
    available: z.optional(Count),
  }),
  ...PLAN_PAYMENT,
  forbidden: problemSchema(problems.forbidden('The token lacks the role admin.')),
  not_found: problemSchema(problems.notFound('user')),
  idempotency_conflict: problemSchema(problems.problemOfFailure({ outcome: 'idempotency_conflict' }, at)),
  already_claimed: problemSchema(problems.refusedClaim('already_claimed')),
  already_subscribed: problemSchema(problems.alreadySubscribed()),
  illegal_transition: problemSchema(problems.refusedClaim('gone_back')),
  invalid: problemSchema(problems.invalid([{ path: 'count', message: 'Expected a whole number.' }]), {
    errors: z.array(z.object({ path: z.string(), message: z.string() })),
  }),
  rate_limited: problemSchema(problems.tooManyGuesses(10, resetsAt, at), {
    meter: z.optional(z.string()),
    limit: Count,
    resetsAt: Instant,
  }),
  internal: problemSchema(problems.internal('Lz8mNhqVIAMEV9g='), {
    requestId: z.optional(z.string()),
    executionId: z.optional(z.string()),
  }),
  busy: problemSchema(problems.busy()),
  not_configured: problemSchema(problems.notConfigured()),
} as const satisfies Partial<Record<ProblemCode, Schema>>;

/** A use that costs more credits than are left. */
export const CreditsUsedUp = problemSchema(
  creditsUsedUp,
  { limit: Count, used: Count, resetsAt: Instant, price: z.nullable(Price), upgradeTo: z.nullable(Plan) },
  'CreditsUsedUpProblem',
);

const ChangeRefused = {
  illegal_transition: problemSchema(
    problems.changeRefused('cancelled'),
    { reason: z.enum([...CHANGE_REFUSALS, ...CHANGE_FAILURES]), changeId: z.optional(z.string()) },
    'ChangeRefusedProblem',
  ),
};

/** The operations whose problems say more than others of their code. */
export const CORE_OWN_PROBLEMS: OwnProblems = {
  previewPlanChange: ChangeRefused,
  changePlan: { ...ChangeRefused, ...PLAN_PAYMENT },
  takePlanChangeBack: ChangeRefused,
  cancelSubscription: ChangeRefused,
  takeCancellationBack: ChangeRefused,
  recordUsage: { insufficient_credits: CreditsUsedUp },
  createGift: {
    insufficient_credits: problemSchema(
      problems.notEnoughToGive(1),
      { available: Count },
      'TooFewCreditsToGiveProblem',
    ),
  },
  adjustCredits: {
    illegal_transition: problemSchema(
      problems.belowBalance(1),
      { available: z.optional(Count) },
      'BelowBalanceProblem',
    ),
  },
};

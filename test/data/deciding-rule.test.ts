import { describe, expect, it } from '@jest/globals';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { accountItem, countUse, parseAccount } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { consumptionItem, parseConsumption } from '../../lambdas/adapters/dynamodb/consumption-item.ts';
import { BusyError } from '../../lambdas/adapters/dynamodb/retry.ts';
import { decidingWrite } from '../../lambdas/commands/deciding-write.ts';
import {
  type Account,
  type AccountState,
  newAccount,
  type Subscription,
} from '../../lambdas/domain/account.ts';
import { DAY_MS, type Instant, utcDay } from '../../lambdas/domain/instants.ts';
import {
  MAILS_PER_DAY,
  type Plan,
  PLAN_ORDER,
  type PlanId,
  PLANS,
  type Plans,
} from '../../lambdas/domain/plans.ts';
import { type Refusal } from '../../lambdas/domain/refusals.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { decideUse, refuseMailsAtOnce, type Use } from '../../lambdas/domain/usage.ts';
import { at, givenCredits } from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import { NO_USE, putStored, putTombstone, request } from '../support/users.ts';
import { LETTERS } from '../support/catalogues.ts';

const table = useTable();
const [START, LATER, END] = [at('2026-03-01'), at('2026-03-10'), at('2026-04-01')];
const few = fc.nat({ max: 9 });
const anyLimit = fc.oneof(few, fc.constant('unlimited' as const));

/** A plan as another catalogue may have it. */
const anyPlan: fc.Arbitrary<Plan> = fc.record({
  id: fc.constant('pro' as const),
  lettersPerPeriod: anyLimit,
  emailsPerPeriod: anyLimit,
  mailCreditsPerPeriod: few,
  extraMail: fc.constantFrom(null, { amountCents: 300, currency: 'usd' as const }),
  carryOver: fc.constant(null),
  canSchedule: fc.constantFrom(true, true, true, false),
  prices: fc.constant({}),
});
const anyPlans: fc.Arbitrary<Plans> = fc.record(
  Object.fromEntries(PLAN_ORDER.map((plan) => [plan, anyPlan])) as Record<PlanId, typeof anyPlan>,
);

/** Within the period, at its edges and those of a day, and in the periods next to it. */
const anyNow: fc.Arbitrary<Instant> = fc.oneof(
  fc.integer({ min: START, max: END - 1 }),
  fc.constantFrom(START, START - 1, LATER, LATER - 1, END, END - 1, END + 40 * DAY_MS),
);

const live = {
  id: fc.constant('sub_1'),
  interval: fc.constantFrom('month' as const, 'year' as const),
  endsAt: fc.option(fc.constantFrom(LATER, END, END + DAY_MS), { freq: 2 }),
};
const graceEndsAt = fc.constantFrom(LATER, END + DAY_MS);
const anySubscription: fc.Arbitrary<Subscription> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom<Subscription>({ status: 'none' }, { status: 'canceled' }) },
  fc.record({ ...live, status: fc.constant('trialing' as const), trialEndsAt: fc.constant(END) }),
  fc.record({ ...live, status: fc.constant('active' as const) }),
  fc.record({ ...live, status: fc.constant('past_due' as const), graceEndsAt }),
);

/** What an account has more than it is asked for: a rule turns at 0. Below, a smaller plan may have come after the use. */
const anyMargin = fc.constantFrom(0, 1, 9, -1, -9);

const anyAccount = fc.record({
  plan: fc.constantFrom(...PLAN_ORDER),
  subscription: anySubscription,
  used: few,
  margin: fc.record({ letters: anyMargin, emails: anyMargin, credits: anyMargin, room: anyMargin }),
  mailsYesterday: fc.nat({ max: 10 }),
});

const anyQuestion = fc.record({
  plans: anyPlans,
  account: fc.oneof(
    { weight: 12, arbitrary: anyAccount },
    fc.constantFrom('none' as const, 'erased' as const),
  ),
  now: anyNow,
  use: fc.record<Use>({
    letters: fc.nat({ max: 2 }),
    emails: fc.nat({ max: 2 }),
    mails: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 3 }) }, fc.nat({ max: 11 })),
  }),
  payAsYouGo: fc.boolean(),
});

type Question = typeof anyQuestion extends fc.Arbitrary<infer Value> ? Value : never;

/** What is stored before, null for nothing. */
function stateOf({ account, use, now }: Question, userId: string): AccountState | null {
  if (account === 'none') {
    return null;
  }
  if (account === 'erased') {
    return { kind: 'erased', userId, version: 7, erasedAt: START };
  }
  const { plan, subscription, used, margin, mailsYesterday } = account;
  const purchased = Math.max(0, use.mails + margin.credits);
  const mailsToday = MAILS_PER_DAY - use.mails - margin.room;
  return stored({
    ...newAccount(userId, START, LETTERS),
    version: 7,
    plan,
    subscription,
    letters: { used, left: use.letters + margin.letters },
    emails: { used, left: use.emails + margin.emails },
    mailsUsed: used,
    credits: givenCredits({ included: used, purchased, usedThisPeriod: used }),
    mailsByDay: {
      [utcDay(now - DAY_MS)]: mailsYesterday,
      ...(mailsToday > 0 ? { [utcDay(now)]: mailsToday } : {}),
    },
  });
}

/** An account as it comes back once it is stored. */
function stored(account: Account): AccountState {
  return parseAccount(accountItem(account));
}

interface Answer {
  outcome: string;
  refusal?: Refusal;
  /** What is stored afterwards. */
  state: AccountState | null;
}

/** What the domain says; of an account that is not open, as soon as it has been rolled forward (G7). */
function decided(
  { use, plans, now, payAsYouGo }: Question,
  state: AccountState | null,
  userId: string,
): Answer {
  const atOnce = refuseMailsAtOnce(use, now);
  if (atOnce !== null) {
    return { outcome: 'refused', refusal: atOnce, state };
  }
  const decide = (account: AccountState, instant: Instant): ReturnType<typeof decideUse> =>
    decideUse(use, account, plans, instant, 'test', payAsYouGo);
  const met = state ?? newAccount(userId, now, LETTERS);
  let decision = decide(met, now);
  if (decision.outcome === 'not_open' && met.kind === 'account') {
    const { account } = rollForward(met, now, LETTERS);
    decision = decide(account, Math.max(now, account.periodStart));
  }
  switch (decision.outcome) {
    case 'accepted':
    case 'to_be_paid':
      return {
        outcome: 'created',
        state: stored({ ...decision.account, version: (state?.version ?? 0) + 1 }),
      };
    case 'refused':
      return { ...decision, state };
    case 'not_open':
      return { outcome: 'not open after rolling forward', state };
  }
}

/** What the command does. Where its condition refuses what `decideUse` accepts, it would try for ever. */
async function done({ use, plans, now, payAsYouGo }: Question, userId: string): Promise<Answer> {
  const store = table.store();
  let looks = 6;
  const deadline = { remainingMs: () => ((looks -= 1) > 0 ? 10_000 : 0) };
  const context = request(userId, now, { deadline });
  const consumption = { id: context.id, consumed: use };
  const outcome = await decidingWrite(store, {
    ...context,
    use,
    plans,
    source: 'test',
    alongside: [],
    payAsYouGo: payAsYouGo ? async () => undefined : null,
    record: (createdAt) => ({
      item: consumptionItem(userId, consumption, createdAt, context.fingerprint),
      others: [],
      kept: consumption,
    }),
    parse: parseConsumption,
  }).catch((error: unknown) => {
    if (error instanceof BusyError) {
      return { outcome: 'none, however often it tried' };
    }
    throw error;
  });
  const { outcome: ending, ...rest } = outcome;
  return {
    outcome: ending,
    ...('refusal' in rest ? rest : {}),
    state: await readStoredAccount(store, userId, plentyOfTime()),
  };
}

it('G1: DynamoDB counts a use exactly where the domain accepts it, whatever the plans, the account and the time', async () => {
  await fc.assert(
    fc.asyncProperty(anyQuestion, async (question) => {
      const userId = randomUUID();
      const state = stateOf(question, userId);
      if (state?.kind === 'account') {
        await putStored(table.store(), state);
      } else if (state !== null) {
        await putTombstone(table.store(), userId);
      }
      expect(await done(question, userId)).toEqual(decided(question, state, userId));
    }),
    { numRuns: 200 },
  );
});

describe('the condition that DynamoDB evaluates', () => {
  const conditionOf = (plans: Plans, use: Partial<Use>): [condition: string | undefined, values: object] => {
    const { Update } = countUse('table', { userId: 'ada', use: { ...NO_USE, ...use }, plans, now: LATER });
    return [Update?.ConditionExpression, unmarshall(Update?.ExpressionAttributeValues ?? {})];
  };

  it('asks for everything that a use touches, by the catalogue of today', () => {
    const [condition, values] = conditionOf(PLANS, { letters: 1, emails: 2, mails: 3 });
    expect(condition).toBe(
      '#periodStart <= :now AND #openUntil > :now AND NOT #plan IN (:plan0) AND #lettersLeft >= :letters' +
        ' AND #emailsLeft >= :emails AND (attribute_not_exists(#today) OR #today <= :roomToday)' +
        ' AND #mailCredits >= :mails',
    );
    const asked = { ':now': LATER, ':plan0': 'none', ':letters': 1, ':emails': 2, ':mails': 3 };
    expect(values).toEqual({ ...asked, ':roomToday': 7, ':one': 1, ':zero': 0 });
  });

  it('asks for nothing else', () => {
    const open = '#periodStart <= :now AND #openUntil > :now';
    expect(conditionOf(PLANS, {})[0]).toBe(open);
    expect(conditionOf(PLANS, { letters: 1 })[0]).toBe(`${open} AND #lettersLeft >= :letters`);
    const everyPlanSchedules = { ...PLANS, none: PLANS.pro };
    expect(conditionOf(everyPlanSchedules, { emails: 1 })[0]).toBe(`${open} AND #emailsLeft >= :emails`);
  });
});

import { describe, expect, it } from '@jest/globals';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { accountItem, countUse, parseAccount } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { consumptionItem } from '../../lambdas/adapters/dynamodb/consumption-item.ts';
import { BusyError } from '../../lambdas/adapters/dynamodb/retry.ts';
import { decidingWrite, type UseCost } from '../../lambdas/commands/deciding-write.ts';
import {
  type Account,
  type AccountState,
  dayOf,
  newAccount,
  type Subscription,
} from '../../lambdas/domain/account.ts';
import {
  type Catalogue,
  type Limit,
  type Meter,
  meterOf,
  type Plan,
} from '../../lambdas/domain/catalogue.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { type Refusal } from '../../lambdas/domain/refusals.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import {
  creditsFor,
  decideUse,
  MAX_PARTS_PER_COMMAND,
  offeredCosts,
  standingCosts,
  type Use,
  type UseDecision,
} from '../../lambdas/domain/usage.ts';
import { at, givenCredits } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
import { putStored, putTombstone, request, using } from '../support/users.ts';

const table = useFaultyTable();
const [START, LATER, END] = [at('2026-03-01'), at('2026-03-10'), at('2026-04-01')];
const few = fc.nat({ max: 9 });
const METERS = ['images', 'exports', 'calls', 'prints', 'minutes'];
const LEVELS = ['seats', 'projects'];
const PLANS = ['free', 'small', 'large'] as const;

function anyMeter(id: string): fc.Arbitrary<Meter> {
  return fc.record({
    id: fc.constant(id),
    title: fc.constant([id, id] as const),
    credits: fc.constantFrom(0, 0, 1, 2, 3),
    perDay: fc.constantFrom(null, null, 2, 4),
    suspiciousAbove: fc.constant(null),
  });
}

/** Without what is undefined. */
function present(limits: Readonly<Record<string, Limit | undefined>>): Record<string, Limit> {
  const there = Object.entries(limits).filter((each): each is [string, Limit] => each[1] !== undefined);
  return Object.fromEntries(there);
}

function anyPlan(id: string, meters: readonly Meter[], levels: readonly string[]): fc.Arbitrary<Plan> {
  const limit = (costs: boolean) =>
    costs ? fc.constant('unlimited' as const) : fc.oneof(few, fc.constant('unlimited' as const));
  const limits = [
    ...meters.map((meter) => [meter.id, limit(meter.credits > 0)] as const),
    ...levels.map((level) => [level, limit(false)] as const),
  ];
  return fc.record({
    id: fc.constant(id),
    title: fc.constant(id),
    limits: fc.record(Object.fromEntries(limits), { requiredKeys: [] }).map(present),
    creditsPerPeriod: few,
    extraCredit: fc.constantFrom(null, { amountCents: 300, currency: 'usd' as const }),
    carryOver: fc.constantFrom(null, { cap: 4, periods: 2 }),
    prices: fc.constant({}),
    features: fc.constant([]),
    isRetired: fc.constant(false),
  });
}

/** Any catalogue, in force before the account opened its period, or since the middle of it. */
const anyCatalogue: fc.Arbitrary<Catalogue> = fc
  .tuple(
    fc.subarray(METERS, { minLength: 1 }).chain((ids) => fc.tuple(...ids.map(anyMeter))),
    fc.subarray(LEVELS),
    fc.constantFrom(0, LATER),
    fc.constantFrom(2, 3),
  )
  .chain(([meters, levels, since, plans]) =>
    fc
      .tuple(...PLANS.slice(0, plans).map((plan) => anyPlan(plan, meters, levels)))
      .map(([free, ...sold]) => ({
        since,
        meters,
        levels: levels.map((id) => ({ id, title: [id, id] as const })),
        features: [],
        plans: [free ?? LETTERS.plans[0], ...sold] as const,
        credit: null,
        checkout: LETTERS.checkout,
        graceDays: 7,
        trialDays: 0,
      })),
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
const anyMargin = fc.constantFrom(0, 0, 1, 9, -1, -9);

const anyAccount = fc.record({
  plan: fc.constantFrom(...PLANS),
  subscription: anySubscription,
  used: few,
  margins: fc.array(anyMargin, { minLength: 7, maxLength: 7 }),
  /** Whose terms it stands under: the catalogue's, the same with other costs, or another one's. */
  terms: fc.constantFrom('the same', 'the same', 'other costs', 'another'),
  yesterday: fc.nat({ max: 10 }),
});

const counts = (ids: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...ids), fc.integer({ min: 1, max: 3 }), { maxKeys: 3 });

const anyQuestion = fc.record({
  catalogue: anyCatalogue,
  other: anyCatalogue,
  account: fc.oneof(
    { weight: 12, arbitrary: anyAccount },
    fc.constantFrom('none' as const, 'erased' as const),
  ),
  now: anyNow,
  consume: counts([...METERS, ...LEVELS]),
  release: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, counts(LEVELS)),
  payAsYouGo: fc.boolean(),
});

type Question = typeof anyQuestion extends fc.Arbitrary<infer Value> ? Value : never;

/** The use as the route lets it through: of what the catalogue has, and no level both consumed and released. */
function useOf({ catalogue, consume, release }: Question): Use {
  const known = new Set([...catalogue.meters, ...catalogue.levels].map(({ id }) => id));
  const ofCatalogue = Object.entries(consume).filter(([id]) => known.has(id));
  const released = Object.entries(release).filter(([id]) => known.has(id) && !(id in consume));
  return { consume: Object.fromEntries(ofCatalogue), release: Object.fromEntries(released) };
}

/** What costs credits costs one more; three cost one. */
function withOtherCosts(catalogue: Catalogue): Catalogue {
  const meters = catalogue.meters.map((meter) => ({
    ...meter,
    credits: meter.credits === 0 ? 0 : 1 + (meter.credits % 3),
  }));
  return { ...catalogue, meters };
}

/** What is stored before, null for nothing. */
function stateOf(question: Question, userId: string): AccountState | null {
  const { account, now, catalogue, other } = question;
  if (account === 'none') {
    return null;
  }
  if (account === 'erased') {
    return { kind: 'erased', userId, version: 7, erasedAt: START };
  }
  const { plan, subscription, used, margins, yesterday } = account;
  const use = useOf(question);
  const terms = { 'the same': catalogue, 'other costs': withOtherCosts(catalogue), another: other }[
    account.terms
  ];
  const opened = newAccount(userId, START, terms);
  const margin = (index: number): number => margins[index % margins.length] ?? 0;
  const near = (id: string, limit: number, index: number): number =>
    Math.max(0, limit - ((use.consume[id] ?? 0) - (use.release[id] ?? 0)) - margin(index));
  const meters = Object.entries(opened.meters).map(([id, count], index) => {
    const drawn = terms.plans.find((each) => each.id === plan)?.limits[id] ?? null;
    return [
      id,
      { ...count, limit: drawn, used: typeof drawn === 'number' ? near(id, drawn, index) : used },
    ] as const;
  });
  const levels = Object.keys(opened.levels).map((id, index) => {
    const drawn = terms.plans.find((each) => each.id === plan)?.limits[id] ?? null;
    const held = typeof drawn === 'number' ? near(id, drawn, index + 1) : (use.release[id] ?? 0) + margin(2);
    return [id, { limit: drawn, used: Math.max(0, held) }] as const;
  });
  const cost = creditsFor(use, standingCosts({ ...opened, meters: Object.fromEntries(meters) }));
  const days = Object.entries(use.consume).flatMap(([id, count], index) => {
    const today = (meterOf(catalogue, id)?.perDay ?? 4) - count - margin(index);
    return [
      [dayOf(id, now - DAY_MS), yesterday] as const,
      ...(today > 0 ? [[dayOf(id, now), today] as const] : []),
    ];
  });
  return stored({
    ...opened,
    ...{ version: 7, plan, subscription },
    meters: Object.fromEntries(meters),
    levels: Object.fromEntries(levels),
    credits: givenCredits({
      included: used,
      purchased: Math.max(0, cost + margin(3)),
      usedThisPeriod: used,
    }),
    usesByDay: Object.fromEntries(days),
  });
}

/** An account as it comes back once it is stored. */
function stored(account: Account): AccountState {
  return parseAccount(accountItem(account));
}

interface Answer {
  outcome: string;
  refusal?: Refusal;
  /** What the record says that the use costs; null where there is none. */
  cost: UseCost | null;
  /** What is stored afterwards. */
  state: AccountState | null;
  /** How many requests that takes. */
  writes: number;
}

/** What the domain says; of an account that is not current, as soon as it has been rolled forward (G7). */
function decided(question: Question, state: AccountState | null, userId: string): Answer {
  const { catalogue, now, payAsYouGo } = question;
  const use = useOf(question);
  const decide = (met: AccountState, instant: Instant): UseDecision =>
    decideUse(use, met, catalogue, instant, 'test', payAsYouGo);
  const answerOf = (decision: UseDecision, writes: number): Answer => {
    switch (decision.outcome) {
      case 'accepted':
      case 'to_be_paid': {
        const { account } = decision;
        const isPaid = decision.outcome === 'to_be_paid';
        const cost = isPaid ? { credits: 0, charge: decision.charge } : { ...decision, charge: null };
        return {
          outcome: 'created',
          cost: { credits: cost.credits, charge: cost.charge },
          state: stored({ ...account, version: (state?.version ?? 0) + 1 }),
          writes,
        };
      }
      case 'refused':
        // Nothing is written, also where the account refuses once it is rolled forward.
        return { ...decision, cost: null, state, writes: Math.min(writes, 1) };
      case 'not_current':
        return { outcome: 'not current after rolling forward', cost: null, state, writes };
    }
  };
  if (state !== null) {
    const first = decide(state, now);
    if (
      first.outcome === 'refused' ||
      (first.outcome === 'accepted' && costsAsOffered(use, state, catalogue))
    ) {
      return answerOf(first, 1);
    }
  }
  const met = state?.kind === 'account' ? state : newAccount(userId, now, catalogue);
  const { account } = rollForward(met, now, catalogue);
  return answerOf(decide(account, Math.max(now, account.periodStart)), 2);
}

/** Whether a use costs an account what the catalogue says: else the first write asks for what the account has not. */
function costsAsOffered({ consume }: Use, state: AccountState, catalogue: Catalogue): boolean {
  const offered = offeredCosts(catalogue);
  return (
    state.kind === 'account' && Object.keys(consume).every((id) => offered(id) === standingCosts(state)(id))
  );
}

/** What the command does. Where its condition refuses what `decideUse` accepts, it would try for ever. */
async function done(question: Question, userId: string): Promise<Answer> {
  const { catalogue, now, payAsYouGo } = question;
  const use = useOf(question);
  const store = { ...table.faultyStore(), catalogue };
  table.proxy().reset();
  let looks = 6;
  const deadline = { remainingMs: () => ((looks -= 1) > 0 ? 10_000 : 0) };
  const context = request(userId, now, { deadline });
  const outcome = await decidingWrite<UseCost>(store, {
    ...context,
    use,
    source: 'test',
    alongside: [],
    payAsYouGo: payAsYouGo ? async () => undefined : null,
    record: (createdAt, cost) => {
      const parts = { consumed: use.consume, released: use.release, levels: [] };
      const record = { id: context.id, ...parts, credits: cost.credits };
      const item = consumptionItem(userId, record, createdAt, context.fingerprint);
      return { item, others: [], kept: cost };
    },
    parse: () => ({ credits: 0, charge: null }),
  }).catch((error: unknown) => {
    if (error instanceof BusyError) {
      return { outcome: 'none, however often it tried' };
    }
    throw error;
  });
  const writes = table.proxy().requests()['TransactWriteItems'] ?? 0;
  return {
    outcome: outcome.outcome,
    ...('refusal' in outcome ? { refusal: outcome.refusal } : {}),
    cost: 'record' in outcome ? outcome.record : null,
    state: await readStoredAccount(store, userId, plentyOfTime()),
    writes,
  };
}

it('G1, G14: DynamoDB counts a use exactly where the domain accepts it, whatever the catalogue, the account and the time, and in one request where the terms are the same', async () => {
  await fc.assert(
    fc.asyncProperty(anyQuestion, async (question) => {
      const use = useOf(question);
      fc.pre(Object.keys({ ...use.consume, ...use.release }).length > 0);
      const userId = randomUUID();
      const state = stateOf(question, userId);
      if (state?.kind === 'account') {
        await putStored(table.store(), state);
      } else if (state !== null) {
        await putTombstone(table.store(), userId);
      }
      expect(await done(question, userId)).toEqual(decided(question, state, userId));
    }),
    { numRuns: 400 },
  );
});

describe('the condition that DynamoDB evaluates', () => {
  const askedOf = (catalogue: Catalogue, use: Use): ReturnType<typeof countUse>['Update'] =>
    countUse({ ...table.store(), catalogue }, { userId: 'ada', use, now: LATER }).Update;

  it('asks for everything that a use touches, by the catalogue of today', () => {
    const update = askedOf(LETTERS, using({ letters: 1, mails: 3 }));
    expect(update?.ConditionExpression).toBe(
      '#periodStart <= :now AND #openUntil > :now' +
        ' AND attribute_not_exists(#meters.#letters.#credits) AND #meters.#mails.#credits = :cost_mails' +
        ' AND #meters.#letters.#left >= :left_letters AND #meters.#mails.#left >= :left_mails' +
        ' AND (attribute_not_exists(#today_mails) OR #today_mails <= :room_mails) AND #available >= :credits',
    );
    expect(unmarshall(update?.ExpressionAttributeValues ?? {})).toEqual({
      ':now': LATER,
      ':cost_mails': 1,
      ':left_letters': 1,
      ':left_mails': 3,
      ':room_mails': 7,
      ':credits': 3,
      ':of_letters': 1,
      ':of_mails': 3,
      ':one': 1,
      ':zero': 0,
    });
  });

  it('asks for nothing else', () => {
    expect(askedOf(LETTERS, using({ letters: 1 }))?.ConditionExpression).toBe(
      '#periodStart <= :now AND #openUntil > :now AND attribute_not_exists(#meters.#letters.#credits)' +
        ' AND #meters.#letters.#left >= :left_letters',
    );
  });

  it('fits into the 4 kB of an expression, however many meters a command may touch and however long their names', () => {
    const ids = Array.from({ length: MAX_PARTS_PER_COMMAND }, (_, index) => String(index).padStart(32, 'm'));
    const meters = ids.map((id, index): Meter => ({
      id,
      title: [id, id],
      credits: 1,
      perDay: index < 4 ? 5 : null,
      suspiciousAbove: null,
    }));
    const use = using(Object.fromEntries(ids.map((id) => [id, 1])));
    const update = askedOf({ ...LETTERS, meters }, use);
    expect(update?.ConditionExpression?.length).toBeLessThan(4_096);
    expect(update?.UpdateExpression?.length).toBeLessThan(4_096);
  });
});

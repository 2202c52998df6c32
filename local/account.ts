/** `npm run account`: gives a user of a deployed stack a plan, as a subscription would. */
import { ErasedAccountError } from '../lambdas/commands/change-account.ts';
import { createStore, type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { optionalVariable } from '../lambdas/wiring/environment.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import { BILLING_INTERVALS, freePlan } from '../lambdas/domain/catalogue.ts';
import { available } from '../lambdas/domain/credits.ts';
import type { SubscriptionFacts } from '../lambdas/domain/subscriptions.ts';
import { UserId } from '../lambdas/http/schemas.ts';
import { assertTable, externalDynamodb, parseInstant, runProgram } from './command-line.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { setTableEnvironment } from './lambda-environment.ts';
import { givePlan, localSubscription } from './local-subscription.ts';
import { UsageError } from './usage-error.ts';
import { CATALOGUE, catalogueInForce } from '../lambdas/wiring/catalogue.ts';

const PLANS = CATALOGUE.plans.map(({ id }) => id);

const HELP = `Begins, changes or ends a user's subscription in the table of a deployed stack. Use it for stages without payments
and for tests. On this machine, PUT /dev/accounts/{userId} of npm start does the same.

  npm run account -- --user ID --plan PLAN --table TABLE [options]

  --user ID        the "sub" of the user's tokens
  --plan PLAN      ${PLANS.join(', ')}
  --table TABLE    the stack's output TableName (default: POSTAGE_TABLE)
  --interval EACH  ${BILLING_INTERVALS.join(', ')} (default: month)
  --anchor TIME    the instant in ISO 8601 that periods are counted from, not after now (default: now)
  --help           shows this

It uses the region and the credentials of the environment, which need dynamodb:DescribeTable, dynamodb:GetItem and
dynamodb:PutItem on the table. DYNAMODB_ENDPOINT uses another DynamoDB.
`;

interface Command {
  table: string;
  userId: string;
  facts: SubscriptionFacts;
  now: Instant;
}

const WRITES_WITHIN_MS = 20_000;

const OPTIONS = {
  user: { type: 'string' },
  plan: { type: 'string' },
  table: { type: 'string' },
  interval: { type: 'string', default: 'month' },
  anchor: { type: 'string' },
} as const;

/** @throws UsageError */
function readCommand(values: Partial<Record<keyof typeof OPTIONS, string>>, now: Instant): Command {
  const { user } = values;
  const plan = PLANS.find((each) => each === values.plan);
  const interval = BILLING_INTERVALS.find((each) => each === values.interval);
  const table = values.table ?? optionalVariable('table');
  if (user === undefined || !UserId.safeParse(user).success) {
    throw new UsageError('--user must be 1 to 128 printable ASCII characters without spaces, # and %.');
  }
  if (plan === undefined) {
    throw new UsageError(`--plan must be one of ${PLANS.join(', ')}.`);
  }
  if (interval === undefined) {
    throw new UsageError(`--interval must be one of ${BILLING_INTERVALS.join(', ')}.`);
  }
  if (table === null || table === '') {
    throw new UsageError("--table must be the name of a stack's table: its output TableName.");
  }
  const anchor = values.anchor === undefined ? now : parseInstant('--anchor', values.anchor);
  if (anchor > now) {
    throw new UsageError(`--anchor must not be after now, which is ${toIso(now)}.`);
  }
  const facts = plan === freePlan(CATALOGUE).id ? null : localSubscription(user, { plan, interval, anchor });
  return { table, userId: user, facts, now };
}

/** @returns what to print */
async function follow(store: Store, { userId, facts, now }: Command): Promise<string> {
  try {
    const account = await givePlan(store, userId, facts, now, deadlineIn(WRITES_WITHIN_MS));
    const credits = available(account.credits);
    return `${userId}: plan ${account.plan}, ${credits} credits, until ${toIso(account.periodEnd)}.\n`;
  } catch (error) {
    throw error instanceof ErasedAccountError
      ? new UsageError(`The account ${userId} has been erased.`)
      : error;
  }
}

await runProgram({
  command: 'npm run account',
  help: HELP,
  options: OPTIONS,
  run: async (values) => {
    const command = readCommand(values, Date.now());
    const dynamodb = externalDynamodb();
    if (dynamodb !== null) {
      setTableEnvironment({ dynamodb, table: command.table });
    }
    const store = createStore(command.table, catalogueInForce());
    await assertTable(store);
    process.stdout.write(await follow(store, command));
    return 0;
  },
});

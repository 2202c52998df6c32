/** `npm run account`: gives a user of a deployed stack a plan, as a subscription would. */
import { ErasedAccountError } from '../lambdas/commands/change-account.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { optionalVariable } from '../lambdas/wiring/environment.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import {
  BILLING_INTERVALS,
  type BillingInterval,
  type Catalogue,
  freePlan,
  planOf,
} from '../lambdas/domain/catalogue.ts';
import { available } from '../lambdas/domain/credits.ts';
import type { SubscriptionFacts } from '../lambdas/domain/subscriptions.ts';
import { UserId } from '../lambdas/http/schemas.ts';
import { externalDynamodb, parseInstant, runProgram } from './command-line.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { setTableEnvironment } from './lambda-environment.ts';
import { givePlan, localSubscription } from './local-subscription.ts';
import { UsageError } from './usage-error.ts';
import { openStore } from './open-store.ts';

const HELP = `Begins, changes or ends a user's subscription in the table of a deployed stack. Use it for stages without payments
and for tests. On this machine, PUT /dev/accounts/{userId} of npm start does the same.

  npm run account -- --user ID --plan PLAN --table TABLE [options]

  --user ID        the "sub" of the user's tokens
  --plan PLAN      one of the catalogue that is deployed
  --table TABLE    the stack's output TableName (default: POSTAGE_TABLE)
  --interval EACH  ${BILLING_INTERVALS.join(', ')} (default: month)
  --anchor TIME    the instant in ISO 8601 that periods are counted from, not after now (default: now)
  --help           shows this

It uses the region and the credentials of the environment, which need dynamodb:DescribeTable, dynamodb:GetItem,
dynamodb:PutItem and dynamodb:Query on the table. DYNAMODB_ENDPOINT uses another DynamoDB.
`;

interface Command {
  table: string;
  userId: string;
  plan: string | undefined;
  interval: BillingInterval;
  anchor: Instant;
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
  const interval = BILLING_INTERVALS.find((each) => each === values.interval);
  const table = values.table ?? optionalVariable('table');
  if (user === undefined || !UserId.safeParse(user).success) {
    throw new UsageError('--user must be 1 to 128 printable ASCII characters without spaces, # and %.');
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
  return { table, userId: user, plan: values.plan, interval, anchor, now };
}

/** @throws UsageError */
function factsOf({ userId, plan, interval, anchor }: Command, catalogue: Catalogue): SubscriptionFacts {
  const found = planOf(catalogue, plan ?? '');
  if (found === null) {
    throw new UsageError(`--plan must be one of ${catalogue.plans.map(({ id }) => id).join(', ')}.`);
  }
  return found === freePlan(catalogue)
    ? null
    : localSubscription(userId, { plan: found.id, interval, anchor });
}

/** @returns what to print */
async function follow(store: Store, command: Command): Promise<string> {
  const { userId, now } = command;
  const facts = factsOf(command, store.catalogue);
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
    process.stdout.write(await follow(await openStore(command.table), command));
    return 0;
  },
});

/** `npm run restore`: the table as it was at an instant, and what has happened since that must not be lost. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { connectQueue, enqueueJson } from '../lambdas/adapters/queue.ts';
import { connectStripe } from '../lambdas/adapters/stripe/connection.ts';
import { NotConfiguredError, StripeUnavailableError } from '../lambdas/adapters/stripe/errors.ts';
import { DAY_MS, type Instant, toIso } from '../lambdas/domain/instants.ts';
import { optionalVariable } from '../lambdas/wiring/environment.ts';
import { assertTable, parseInstant, runProgram } from './command-line.ts';
import { openStore } from './open-store.ts';
import { beginAgain, eraseAgain, stripeEventsSince, usersErased } from './restore-catch-up.ts';
import { complete, nameOfRestored, restoreOnce } from './restore-table.ts';
import { outputsOf } from './stack-outputs.ts';
import { UsageError } from './usage-error.ts';

const STRIPE_KEEPS_DAYS = 30;
/**
 * What was said before the instant may have been done after it, and is lost with that: Stripe delivers an event again for
 * three days (https://docs.stripe.com/webhooks), and an erasure goes on after it was asked for. What the
 * restored table knows already changes nothing the second time (G9, G10).
 */
const LATE_DAYS = 3;

const HELP = `Restores the table of a stage to an instant of its last days, beside the one that is there.

  npm run restore -- table --stage STAGE --at TIME [--yes]
  npm run restore -- catch-up --stage STAGE --since TIME --former TABLE [--yes]

  table           makes a new table as it was at TIME, with stream, expiry, backups and protection, and says which setting of the
                  stage makes the stack use it. Then: npm run deploy -- STAGE
  catch-up        erases again whom the former table says to have been erased since TIME, and queues what Stripe has said since;
                  for both it begins ${LATE_DAYS} days earlier, for what was said before TIME and done after it
  --stage STAGE   the stage, whose stack Postage-STAGE tells the table, the queue and Stripe's secret
  --at, --since   the same instant, in ISO 8601
  --former TABLE  the table from before the restore
  --yes           does it; without it, you see what would be done
  --help          shows this

Both may be repeated, also when they were broken off. The credentials of the environment need dynamodb:RestoreTableToPointInTime and
what it asks for, and for catch-up what an admin's erasure needs, secretsmanager:GetSecretValue and sqs:SendMessage.
docs/runbook.md has the whole way.
`;

function tell(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

async function restoreTable(source: string, at: Instant, isDry: boolean): Promise<number> {
  const client = new DynamoDBClient();
  await assertTable({ client, table: source });
  const target = nameOfRestored(source, at);
  if (isDry) {
    tell(`${source} as of ${toIso(at)} would become ${target}. Nothing was changed.`);
    return 0;
  }
  tell(`1 of 3: ${source} as of ${toIso(at)} becomes ${target}. This takes from minutes to hours …`);
  const isNew = await restoreOnce(client, { source, target, at });
  tell(...(isNew ? [] : ['It was there already.']));
  tell('2 of 3: It gets what a restore does not bring: stream, expiry, backups, protection …');
  const streamArn = await complete(client, target);
  tell(
    '3 of 3: Put this into the stage in postage.config.ts, then run npm run deploy:',
    `  table: { name: '${target}', streamArn: '${streamArn}' },`,
  );
  return 0;
}

interface CatchUp {
  outputs: Partial<Record<string, string>>;
  former: string;
  /** The instant as of which the table was restored. */
  at: Instant;
  isDry: boolean;
}

/** What the stack tells, in a version that can be caught up. @throws UsageError */
function told(outputs: CatchUp['outputs'], name: string): string {
  const value = outputs[name];
  if (value === undefined) {
    throw new UsageError(`The stack has no output ${name}: deploy it again.`);
  }
  return value;
}

async function catchUp({ outputs, former, at, isDry }: CatchUp): Promise<number> {
  const table = told(outputs, 'TableName');
  if (former === table) {
    throw new UsageError(`The stack still uses ${former}: deploy it with the restored table first.`);
  }
  const store = await openStore(table);
  const now = Date.now();
  const since = at - LATE_DAYS * DAY_MS;
  const past = await openStore(former);
  const erased = await usersErased(past, since, now);
  tell(`${String(erased.length)} users were erased since ${toIso(since)}.`);
  if (since < now - STRIPE_KEEPS_DAYS * DAY_MS) {
    tell(
      `Stripe keeps events for ${STRIPE_KEEPS_DAYS} days, and has forgotten some of what it has said since.`,
    );
  }
  if (isDry) {
    tell('Nothing was changed. With --yes they are erased again, and events of Stripe are queued.');
    return 0;
  }
  const unfinished: string[] = [];
  for (const userId of erased) {
    if (!(await eraseAgain(store, userId, now))) {
      unfinished.push(userId);
    }
  }
  const left = unfinished.map((userId) => `Not erased yet, repeat this: ${userId}`);
  tell(`${String(erased.length - unfinished.length)} of them are erased again.`, ...left);
  tell(await queueEvents({ outputs, since, store, past }), `Last: npm run audit -- --table ${table}`);
  return unfinished.length === 0 ? 0 : 1;
}

interface Events extends Pick<CatchUp, 'outputs'> {
  since: Instant;
  store: Store;
  past: Store;
}

/** @returns what came of it. @throws UsageError */
async function queueEvents({ outputs, since, store, past }: Events): Promise<string> {
  const queue = connectQueue(told(outputs, 'StripeEventsQueueUrl'));
  const stripe = connectStripe(told(outputs, 'StripeSecretArn'), optionalVariable('stripeApiUrl'));
  let queued = 0;
  try {
    for await (const event of stripeEventsSince(stripe, since)) {
      await beginAgain(store, past, event);
      await enqueueJson(queue, JSON.stringify(event));
      queued += 1;
    }
    return `${String(queued)} events of Stripe are queued.`;
  } catch (error) {
    if (error instanceof NotConfiguredError) {
      return 'The stage has no keys of Stripe, so that nothing of Stripe is queued.';
    }
    if (error instanceof StripeUnavailableError) {
      throw new UsageError(
        `Stripe does not answer: repeat this. ${String(queued)} of its events are queued.`,
      );
    }
    throw error;
  }
}

/** @throws UsageError */
function parsePast(option: string, text: string): Instant {
  const instant = parseInstant(option, text);
  if (instant > Date.now()) {
    throw new UsageError(`${option} is ${text}, which has not come yet.`);
  }
  return instant;
}

await runProgram({
  command: 'npm run restore',
  help: HELP,
  words: ['table', 'catch-up'],
  options: {
    stage: { type: 'string' },
    at: { type: 'string' },
    since: { type: 'string' },
    former: { type: 'string' },
    yes: { type: 'boolean', default: false },
  },
  run: async ({ stage, at, since, former, yes }, word) => {
    if (stage === undefined) {
      throw new UsageError('Name the stage with --stage.');
    }
    if (word === 'table') {
      const instant = parsePast('--at', at ?? '');
      return restoreTable(told(await outputsOf(stage), 'TableName'), instant, !yes);
    }
    if (former === undefined) {
      throw new UsageError('Name the table from before the restore with --former.');
    }
    const instant = parsePast('--since', since ?? '');
    return catchUp({ outputs: await outputsOf(stage), former, at: instant, isDry: !yes });
  },
});

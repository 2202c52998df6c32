/** `npm run restore`: the table as it was at an instant, and what has happened since that must not be lost. */
import {
  DynamoDBClient,
  RestoreTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { TABLE_SCHEMA } from '../lambdas/adapters/dynamodb/table-schema.ts';
import { connectQueue, enqueueJson } from '../lambdas/adapters/queue.ts';
import { connectStripe } from '../lambdas/adapters/stripe/connection.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import { optionalVariable } from '../lambdas/wiring/environment.ts';
import { parseInstant, runProgram } from './command-line.ts';
import { openStore } from './open-store.ts';
import { eraseAgain, stripeEventsSince, usersErased } from './restore-catch-up.ts';
import { outputsOf } from './stack-outputs.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Restores the table of a stage to an instant of its last days, beside the one that is there.

  npm run restore -- table --stage STAGE --at TIME [--yes]
  npm run restore -- catch-up --stage STAGE --since TIME --former TABLE [--yes]

  table           makes a new table as it was at TIME, with stream, expiry, backups and protection, and says which setting of the
                  stage makes the stack use it. Then: npm run deploy -- STAGE
  catch-up        erases again whom the former table says to have been erased since TIME, and queues what Stripe has said since
  --stage STAGE   the stage, whose stack Postage-STAGE tells the table, the queue and Stripe's secret
  --at, --since   the same instant, in ISO 8601
  --former TABLE  the table from before the restore
  --yes           does it; without it, you see what would be done
  --help          shows this

Both may be repeated. The credentials of the environment need dynamodb:RestoreTableToPointInTime and what it asks for, and for
catch-up what an admin's erasure needs, secretsmanager:GetSecretValue and sqs:SendMessage. docs/runbook.md has the whole way.
`;

const LONGEST_RESTORE_SECONDS = 24 * 3_600;

function tell(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

async function restoreTable(SourceTableName: string, at: Instant, isDry: boolean): Promise<number> {
  const stamp = toIso(at).replaceAll(/\D/g, '').slice(0, 12);
  const TableName = `${SourceTableName}-${stamp}`;
  if (isDry) {
    tell(`${SourceTableName} as of ${toIso(at)} would become ${TableName}. Nothing was changed.`);
    return 0;
  }
  const client = new DynamoDBClient();
  tell(
    `1 of 3: ${SourceTableName} as of ${toIso(at)} becomes ${TableName}. This takes from minutes to hours …`,
  );
  await client.send(
    new RestoreTableToPointInTimeCommand({
      SourceTableName,
      TargetTableName: TableName,
      RestoreDateTime: new Date(at),
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: LONGEST_RESTORE_SECONDS }, { TableName });
  tell('2 of 3: It gets what a restore does not bring: stream, expiry, backups, protection …');
  const { TableDescription } = await client.send(
    new UpdateTableCommand({
      TableName,
      StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      DeletionProtectionEnabled: true,
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: LONGEST_RESTORE_SECONDS }, { TableName });
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName,
      TimeToLiveSpecification: { AttributeName: TABLE_SCHEMA.timeToLive, Enabled: true },
    }),
  );
  await client.send(
    new UpdateContinuousBackupsCommand({
      TableName,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    }),
  );
  tell(
    '3 of 3: Put this into the stage in postage.config.ts, then run npm run deploy:',
    `  table: { name: '${TableName}', streamArn: '${TableDescription?.LatestStreamArn ?? ''}' },`,
  );
  return 0;
}

interface CatchUp {
  outputs: Partial<Record<string, string>>;
  former: string;
  since: Instant;
  isDry: boolean;
}

async function catchUp({ outputs, former, since, isDry }: CatchUp): Promise<number> {
  const { TableName = '', StripeSecretArn = '', StripeEventsQueueUrl = '' } = outputs;
  if (former === TableName) {
    throw new UsageError(`The stack still uses ${former}: deploy it with the restored table first.`);
  }
  const now = Date.now();
  const erased = await usersErased(await openStore(former), since, now);
  tell(`${String(erased.length)} users were erased since ${toIso(since)}.`);
  if (isDry) {
    tell('Nothing was changed. With --yes they are erased again, and events of Stripe are queued.');
    return 0;
  }
  const store = await openStore(TableName);
  const unfinished: string[] = [];
  for (const userId of erased) {
    if (!(await eraseAgain(store, userId, now))) {
      unfinished.push(userId);
    }
  }
  const left = unfinished.map((userId) => `Not erased yet, repeat this: ${userId}`);
  tell(`${String(erased.length - unfinished.length)} of them are erased again.`, ...left);
  const queue = connectQueue(StripeEventsQueueUrl);
  const stripe = connectStripe(StripeSecretArn, optionalVariable('stripeApiUrl'));
  let queued = 0;
  for await (const event of stripeEventsSince(stripe, since)) {
    await enqueueJson(queue, event);
    queued += 1;
  }
  tell(`${String(queued)} events of Stripe are queued.`, `Last: npm run audit -- --table ${TableName}`);
  return unfinished.length === 0 ? 0 : 1;
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
    const outputs = await outputsOf(stage);
    if (word === 'table') {
      const { TableName = '' } = outputs;
      return restoreTable(TableName, parseInstant('--at', at ?? ''), !yes);
    }
    if (former === undefined) {
      throw new UsageError('Name the table from before the restore with --former.');
    }
    return catchUp({ outputs, former, since: parseInstant('--since', since ?? ''), isDry: !yes });
  },
});

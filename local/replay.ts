/** `npm run replay`: brings what failed to where it belongs again. */
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { PurgeQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { runProgram } from './command-line.ts';
import { startProgressBar } from './progress-bar.ts';
import { type Clients, countMessages, describeMessages, replayQueue } from './replay-queue.ts';
import { type Bucket, listRecords, replayRecord } from './replay-records.ts';
import { findReplays, type Replays } from './replay-targets.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Brings what failed to where it belongs again: messages of a dead-letter queue, and records of the table's stream.

  npm run replay -- list --stage STAGE
  npm run replay -- QUEUE --stage STAGE [options]

  list            shows how many messages lie in each dead-letter queue
  QUEUE           a dead-letter queue, named as its alarm: unsent-emails, unstarted-rollovers, …
                  failed-records are the objects in the bucket, which hold the records whole
  --stage STAGE   the stage, whose stack Postage-STAGE tells the queues, the bucket and the functions
  --dry-run       changes nothing, even with --yes
  --yes           replays; without it, you see what is there
  --help          shows this

It uses the region and the credentials of the environment, which need cloudformation:DescribeStacks, sqs:GetQueueAttributes,
sqs:ReceiveMessage, sqs:DeleteMessage and sqs:SendMessage on the queues, lambda:InvokeFunction, states:StartExecution and, for
failed-records, s3:ListBucket, s3:GetObject and s3:DeleteObject on the bucket and sqs:PurgeQueue. Replaying twice does no harm, so it may be broken
off and started again. The exit code is 1 when something failed again. docs/runbook.md says when.
`;

const MAX_SHOWN = 20;

function tell(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

async function list(clients: Clients, { queues }: Replays): Promise<number> {
  for (const [name, { url }] of Object.entries(queues)) {
    tell(`${String(await countMessages(clients, url)).padStart(8)}  ${name}`);
  }
  return 0;
}

async function replayMessages(
  clients: Clients,
  queue: Replays['queues'][string],
  isDry: boolean,
): Promise<number> {
  const count = await countMessages(clients, queue.url);
  if (isDry || count === 0) {
    tell(`Here lie ${String(count)} messages.`, ...(await describeMessages(clients, queue.url)));
    tell('Nothing was changed. With --yes they are replayed.');
    return 0;
  }
  const bar = startProgressBar(count, 'messages', process.stderr);
  const replayed = await replayQueue(clients, queue, count, () => {
    bar.advance(1);
  });
  bar.end();
  tell(`${String(replayed)} messages were replayed.`);
  return 0;
}

async function replayRecords(
  clients: Clients,
  services: Bucket,
  queueUrl: string,
  isDry: boolean,
): Promise<number> {
  const keys = await listRecords(services);
  if (isDry || keys.length === 0) {
    const more = keys.length > MAX_SHOWN ? [`… and ${String(keys.length - MAX_SHOWN)} more`] : [];
    tell(`The bucket has ${String(keys.length)} objects.`, ...keys.slice(0, MAX_SHOWN), ...more);
    tell('Nothing was changed. With --yes they are replayed.');
    return 0;
  }
  const bar = startProgressBar(keys.length, 'objects', process.stderr);
  const failures: string[] = [];
  for (const key of keys) {
    const failure = await replayRecord(services, key);
    if (failure !== null) {
      failures.push(`${key}: ${failure}`);
    }
    bar.advance(1);
  }
  bar.end();
  tell(
    `${String(keys.length - failures.length)} of ${String(keys.length)} objects were replayed.`,
    ...failures,
  );
  if (failures.length === 0) {
    // They tell of objects that are gone.
    await clients.sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
  }
  return failures.length === 0 ? 0 : 1;
}

await runProgram({
  command: 'npm run replay',
  help: HELP,
  argument: 'a dead-letter queue, or list',
  options: {
    stage: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
  },
  run: async ({ stage, yes, 'dry-run': dryRun }, name = '') => {
    if (stage === undefined) {
      throw new UsageError('Name the stage with --stage.');
    }
    const replays = await findReplays(stage);
    const clients = { sqs: new SQSClient(), lambda: new LambdaClient(), sfn: new SFNClient() };
    if (name === 'list') {
      return list(clients, replays);
    }
    const queue = replays.queues[name];
    if (queue === undefined) {
      const known = Object.keys(replays.queues).join(', ');
      throw new UsageError(`The stack has no dead-letter queue "${name}". It has ${known}.`);
    }
    const isDry = dryRun || !yes;
    if (!('bucket' in queue.to)) {
      return replayMessages(clients, queue, isDry);
    }
    // Path style, so that an AWS on this machine can be asked too.
    const s3 = new S3Client({ forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined });
    const services = { s3, lambda: clients.lambda, bucket: queue.to.bucket, consumers: replays.consumers };
    return replayRecords(clients, services, queue.url, isDry);
  },
});

import type { FunctionName, ResourceName } from '../../lib/rights.ts';

/** A right that no call of any suite needs. */
export interface UnusedRight {
  function: FunctionName;
  action: string;
  on: ResourceName;
  /** Why the function must have it all the same. */
  reason: string;
}

/**
 * A query on the local index, which holds keys only, makes DynamoDB fetch the items from the table. Whether AWS asks for
 * a right to the table then is not documented. MiniStack does not; the lists must not fail for it in AWS.
 */
const FETCHES_FROM_TABLE = 'A query on ListIndex fetches the items from the table.';

/** With the function's role. MiniStack reads the stream with none. */
const READ_BY_LAMBDA = 'Lambda itself reads the stream, and puts what failed into the bucket.';

const LAMBDAS_OWN = [
  ['dynamodb:DescribeStream', 'stream'],
  ['dynamodb:GetRecords', 'stream'],
  ['dynamodb:GetShardIterator', 'stream'],
  ['dynamodb:ListStreams', 'stream'],
  ['s3:ListBucket', 'failedRecordsBucket'],
] as const;

/** With the function's role. MiniStack reads queues with none. */
const READ_BY_LAMBDA_TOO = 'Lambda itself reads the queue.';
const CONSUME = ['sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'];
const QUEUES = [
  ['delivery-answers', 'answers'],
  ['email-sender', 'dueEmails'],
  ['failed-stripe-events', 'deadStripeEvents'],
  ['mail-sender', 'dueMails'],
  ['stripe-events', 'stripeEvents'],
] as const;

/** There is no Lob here, so that its sender is not deployed. */
const NO_LOB = 'Mails have been tried against the stand-in for Lob on this machine only.';
const MAIL_SENDER = [
  ['dynamodb:GetItem', 'table'],
  ['dynamodb:UpdateItem', 'table'],
  ['events:PutEvents', 'eventBus'],
  ['secretsmanager:GetSecretValue', 'mailSecret'],
] as const;

export const UNUSED_RIGHTS: readonly UnusedRight[] = [
  {
    function: 'failed-stripe-events',
    action: 'dynamodb:PutItem',
    on: 'table',
    reason: 'No event of Stripe fails twelve times in the deployed suite: that takes half an hour.',
  },
  ...(['billing', 'purchases'] as const).map((name) => ({
    function: name,
    action: 'dynamodb:DeleteItem',
    on: 'table' as const,
    reason: 'It forgets a customer who has been deleted at Stripe.',
  })),
  ...(['credits', 'failed-events'] as const).map((name) => ({
    function: name,
    action: 'dynamodb:Query',
    on: 'table' as const,
    reason: FETCHES_FROM_TABLE,
  })),
  ...QUEUES.flatMap(([name, on]) =>
    CONSUME.map((action) => ({ function: name, action, on, reason: READ_BY_LAMBDA_TOO })),
  ),
  ...MAIL_SENDER.map(([action, on]) => ({ function: 'mail-sender' as const, action, on, reason: NO_LOB })),
  {
    function: 'email-sender',
    action: 'ses:SendEmail',
    on: 'emailDomain',
    reason:
      'AWS asks for a right on the identity that is verified: the address or its domain. MiniStack takes the address.',
  },
  {
    function: 'reconciler',
    action: 'dynamodb:GetItem',
    on: 'table',
    reason:
      'It reads an account when it gives up a delivery, and a delivery again when somebody else was faster.',
  },
  {
    function: 'reconciler',
    action: 'sqs:SendMessage',
    on: 'failedReconciliations',
    reason: 'Lambda itself keeps the runs there that broke off.',
  },
  ...(['outbox', 'statistics'] as const).flatMap((name) =>
    LAMBDAS_OWN.map(([action, on]) => ({ function: name, action, on, reason: READ_BY_LAMBDA })),
  ),
  {
    function: 'admin',
    action: 'dynamodb:BatchGetItem',
    on: 'table',
    reason: 'Users are counted by their sketches only where several days have some; a new stack has one day.',
  },
];

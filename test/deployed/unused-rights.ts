import type { FunctionName, ResourceName } from '../../lib/rights.ts';

/** A right that no call of any suite needs. */
export interface UnusedRight {
  function: FunctionName;
  action: string;
  on: ResourceName;
  /** The items, where others are needed; without it, none are. */
  keys?: string;
  /** Why the function must have it all the same. */
  reason: string;
  /** Whether a call needs it depends on who is faster. */
  isSometimesUsed?: true;
}

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

const NO_CANARY = 'The stage has no canary.';
const CANARY = [
  ['dynamodb:GetItem', 'table'],
  ['dynamodb:PutItem', 'table'],
  ['dynamodb:Query', 'table'],
  ['dynamodb:UpdateItem', 'table'],
  ['sqs:SendMessage', 'failedCanaries'],
] as const;

const NO_PAGE = 'The stage has no page. That of the one with a user pool is tried in a browser.';
const PUBLISH_PAGE = [
  ['s3:PutObject', 'pageFiles'],
  ['s3:DeleteObject', 'pageFiles'],
  ['s3:ListBucket', 'pageBucket'],
] as const;

/** Of a transaction, a condition on leading keys looks at the keys of all its writes, for the action of each. */
const ONE_TRANSACTION = 'One transaction writes to these items by other actions, and to others by this one.';

const IN_ONE_TRANSACTION: readonly (readonly [FunctionName, string, string])[] = [
  ['admin', 'dynamodb:DeleteItem', 'ERASED#*'],
  ['admin', 'dynamodb:PutItem', 'CODE#*'],
  ['admin', 'dynamodb:PutItem', 'CUSTOMER#*'],
  ['admin', 'dynamodb:UpdateItem', 'CODE#*'],
  ['admin', 'dynamodb:UpdateItem', 'CUSTOMER#*'],
  ['admin', 'dynamodb:UpdateItem', 'ERASED#*'],
  ['admin', 'dynamodb:PutItem', 'TEXT#*'],
  ['admin', 'dynamodb:UpdateItem', 'TEXT#*'],
  ['letters', 'dynamodb:DeleteItem', 'USER#*'],
  ['letters', 'dynamodb:UpdateItem', 'TEXT#*'],
  ['statistics', 'dynamodb:UpdateItem', 'MARK#*'],
  ['stripe-events', 'dynamodb:UpdateItem', 'STRIPE#*'],
];

/** What the deployed suite has no case for; it is tried on this machine. */
const NOT_DEPLOYED: readonly (readonly [FunctionName, string, string, string])[] = [
  ['admin', 'dynamodb:DeleteItem', 'CODE#*', 'It erases a user who has made a gift.'],
  ['reconciler', 'dynamodb:PutItem', 'AUDIT#*', 'It records that many deliveries at once are stuck.'],
  ['reconciler', 'dynamodb:PutItem', 'USER#*', 'It writes the ledger line of a credit that comes back.'],
  ['reconciler', 'dynamodb:Query', 'USER#*', 'It looks up the closed period that a credit was spent in.'],
  ['check-stripe', 'dynamodb:PutItem', 'CHECK#*', 'It runs once a day.'],
  ['stripe-events', 'dynamodb:PutItem', 'CUSTOMER#*', 'It links a customer who was made at Stripe by hand.'],
];

export const UNUSED_RIGHTS: readonly UnusedRight[] = [
  ...IN_ONE_TRANSACTION.map(([name, action, keys]) => ({
    function: name,
    action,
    on: 'table' as const,
    keys,
    reason: ONE_TRANSACTION,
  })),
  ...NOT_DEPLOYED.map(([name, action, keys, reason]) => ({
    function: name,
    action,
    on: 'table' as const,
    keys,
    reason,
  })),
  {
    function: 'failed-stripe-events',
    action: 'dynamodb:PutItem',
    on: 'table',
    reason: 'No message of Stripe is received a thousand times in the deployed suite.',
  },
  {
    function: 'check-stripe',
    action: 'secretsmanager:GetSecretValue',
    on: 'stripeSecret',
    reason: 'It runs once a day.',
  },
  {
    function: 'stripe-events',
    action: 'sqs:ChangeMessageVisibility',
    on: 'stripeEvents',
    reason: 'It lets an event wait while Stripe is away. The stand-in for Stripe is always there.',
  },
  ...(['billing', 'purchases'] as const).map((name) => ({
    function: name,
    action: 'dynamodb:DeleteItem',
    on: 'table' as const,
    reason: 'It forgets a customer who has been deleted at Stripe.',
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
    isSometimesUsed: true,
  },
  {
    function: 'reconciler',
    action: 'secretsmanager:GetSecretValue',
    on: 'stripeSecret',
    reason: 'It refunds what could not be refunded at once, and looks at mails in dispute.',
    isSometimesUsed: true,
  },
  {
    function: 'rollover-page',
    action: 'dynamodb:GetItem',
    on: 'table',
    reason: 'It reads an account again when somebody else was faster.',
    isSometimesUsed: true,
  },
  {
    function: 'check-stripe',
    action: 'sqs:SendMessage',
    on: 'failedStripeChecks',
    reason: 'Lambda itself keeps the checks there that broke off.',
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
    keys: 'STATS#*',
    reason: 'Users are counted by their sketches only where several days have some; a new stack has one day.',
  },
  ...(['admin', 'failed-events'] as const).map((name) => ({
    function: name,
    action: 'cognito-idp:AdminGetUser',
    on: 'userPool' as const,
    reason: 'A protected stage asks whether its admins have a second factor, and this one is disposable.',
  })),
  {
    function: 'admin',
    action: 'cognito-idp:AdminDeleteUser',
    on: 'userPool',
    reason: 'The users of this stage are those of another issuer.',
  },
  ...PUBLISH_PAGE.map(([action, on]) => ({
    function: 'publish-page' as const,
    action,
    on,
    reason: NO_PAGE,
  })),
  ...CANARY.map(([action, on]) => ({ function: 'canary' as const, action, on, reason: NO_CANARY })),
  ...(
    [
      ['ses:GetAccount', 'everything'],
      ['ses:SendEmail', 'emailConfigurationSet'],
    ] as const
  ).map(([action, on]) => ({
    function: 'email-sender' as const,
    action,
    on,
    reason: 'MiniStack asks for no other right than one on the address of the sender.',
  })),
  ...(
    [
      ['email-sender', 'dueEmails'],
      ['mail-sender', 'dueMails'],
    ] as const
  ).map(([name, on]) => ({
    function: name,
    action: 'sqs:ChangeMessageVisibility',
    on,
    reason: 'A message rests for longer while its provider is busy, and nobody is here.',
  })),
];

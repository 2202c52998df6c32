import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { RouteGroup } from '../lambdas/wiring/routes.ts';

/** Every function of the stack: one per group of routes (`lambdas/api`), and the jobs (`lambdas/jobs`). */
export type FunctionName =
  | RouteGroup
  | 'rollover-page'
  | 'rollover-summary'
  | 'outbox'
  | 'statistics'
  | 'stripe-events'
  | 'failed-stripe-events'
  | 'reconciler'
  | 'email-sender'
  | 'mail-sender'
  | 'delivery-answers';

/** What a right can be on. `listIndex` and `dueIndex` are the table's indexes. */
export type ResourceName =
  | 'table'
  | 'listIndex'
  | 'dueIndex'
  | 'stream'
  | 'cronSecret'
  | 'giftSecret'
  | 'rolloverStateMachine'
  | 'rolloverExecutions'
  | 'eventBus'
  | 'failedRecords'
  | 'failedRecordsBucket'
  | 'stripeSecret'
  | 'stripeEvents'
  | 'deadStripeEvents'
  | 'reconciler'
  | 'failedReconciliations'
  | 'mailSecret'
  | 'emailAddress'
  | 'emailDomain'
  | 'dueEmails'
  | 'dueMails'
  | 'answers';

export interface Right {
  actions: readonly `${string}:${string}`[];
  on: readonly ResourceName[];
  /** Only items whose partition key matches, or matches one of them. */
  keys?: string | readonly string[];
}

const USERS = 'USER#*';
const AUDIT = 'AUDIT#*';
const CUSTOMERS = 'CUSTOMER#*';
/** What the codes of gifts stand for. */
const CODES = 'CODE#*';
/** What became of Stripe's events. */
const STRIPE = 'STRIPE#*';
const FAILED = 'FAILED#*';

/** A command: the deciding write, and the reads that explain or repeat it. */
const DECIDE: Right = { actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'], on: ['table'], keys: USERS };
const READ: Right = { actions: ['dynamodb:GetItem'], on: ['table'], keys: USERS };
/** The table beside its index, because the index holds keys only and DynamoDB fetches the items from the table. */
const LIST: Right = { actions: ['dynamodb:Query'], on: ['table', 'listIndex'], keys: USERS };

/** To the audit trail nothing is done but this. */
const APPEND_AUDIT: Right = { actions: ['dynamodb:PutItem'], on: ['table'], keys: AUDIT };

const READ_STRIPE_KEYS: Right = { actions: ['secretsmanager:GetSecretValue'], on: ['stripeSecret'] };
const QUEUE_STRIPE_EVENTS: Right = { actions: ['sqs:SendMessage'], on: ['stripeEvents'] };
/** What Lambda asks of a queue in a function's name. */
const CONSUME = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'] as const;

/** A user's customer: the account and the way back to it, in one transaction; a replaced one's goes. */
const LINK_CUSTOMER: readonly Right[] = [
  { actions: ['dynamodb:PutItem'], on: ['table'], keys: [USERS, CUSTOMERS] },
  { actions: ['dynamodb:DeleteItem'], on: ['table'], keys: [USERS, CUSTOMERS] },
];

/** A step in a delivery's life: with what it means for its letter and its account, whose closed period it may look up. */
const TAKE_STEP: readonly Right[] = [
  DECIDE,
  READ,
  { actions: ['dynamodb:Query'], on: ['table'], keys: USERS },
];
const READ_MAIL_KEYS: Right = { actions: ['secretsmanager:GetSecretValue'], on: ['mailSecret'] };
const PUBLISH: Right = { actions: ['events:PutEvents'], on: ['eventBus'] };
/** A sender reads the delivery and its letter, and notes on the delivery alone. */
const SEND: readonly Right[] = [
  READ,
  { actions: ['dynamodb:UpdateItem'], on: ['table'], keys: USERS },
  PUBLISH,
];

/** What Lambda asks of the stream in a function's name; and where it and the function keep what they fail on. */
const FOLLOW_STREAM: readonly Right[] = [
  {
    actions: [
      'dynamodb:DescribeStream',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
    ],
    on: ['stream'],
  },
  { actions: ['s3:PutObject'], on: ['failedRecords'] },
  { actions: ['s3:ListBucket'], on: ['failedRecordsBucket'] },
];

/**
 * All that a function may do, beside writing its own log. A transaction is authorized as the writes in it, so no
 * function needs a right to `TransactWriteItems`.
 */
export const RIGHTS: Readonly<Record<FunctionName, readonly Right[]>> = {
  letters: [
    DECIDE,
    READ,
    LIST,
    // A deleted letter keeps a tombstone, and its text goes.
    { actions: ['dynamodb:DeleteItem'], on: ['table'], keys: USERS },
  ],
  // A card may pay for a mail; and its charge is refunded when the mail is cancelled.
  deliveries: [DECIDE, READ, LIST, READ_STRIPE_KEYS],
  usage: [
    READ,
    // The history: closed periods lie next to each other.
    { actions: ['dynamodb:Query'], on: ['table'], keys: USERS },
  ],
  credits: [READ, LIST],
  purchases: [
    READ,
    ...LINK_CUSTOMER,
    // The purchase, of an account that is still there.
    { actions: ['dynamodb:ConditionCheckItem', 'dynamodb:UpdateItem'], on: ['table'], keys: USERS },
    READ_STRIPE_KEYS,
  ],
  gifts: [
    { actions: ['dynamodb:GetItem'], on: ['table'], keys: [USERS, CODES] },
    // A gift, the way to it from its code, and the account that it comes from, in one transaction.
    { actions: ['dynamodb:PutItem'], on: ['table'], keys: [USERS, CODES] },
    // A gift that is claimed; and how many wrong codes somebody has tried.
    { actions: ['dynamodb:UpdateItem'], on: ['table'], keys: [USERS, 'GUESS#*'] },
    { actions: ['secretsmanager:GetSecretValue'], on: ['giftSecret'] },
  ],
  billing: [READ, ...LINK_CUSTOMER, READ_STRIPE_KEYS],
  consumption: [DECIDE],
  admin: [
    READ,
    // What a user has bought and given, newest first.
    { actions: ['dynamodb:Query'], on: ['listIndex'], keys: USERS },
    // The statistics' sketches, of days and months.
    { actions: ['dynamodb:BatchGetItem'], on: ['table'], keys: 'STATS#*' },
    { actions: ['dynamodb:Query'], on: ['table'], keys: [USERS, AUDIT, 'STATS#*'] },
    // Adjustments; and erasure, which moves a ledger and forgets a customer or a code: one transaction has both.
    {
      actions: ['dynamodb:DeleteItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
      on: ['table'],
      keys: [USERS, CUSTOMERS, CODES, 'ERASED#*'],
    },
    APPEND_AUDIT,
  ],
  'failed-events': [
    { actions: ['dynamodb:Query'], on: ['table', 'listIndex'], keys: FAILED },
    { actions: ['dynamodb:GetItem', 'dynamodb:DeleteItem'], on: ['table'], keys: FAILED },
    APPEND_AUDIT,
    QUEUE_STRIPE_EVENTS,
  ],
  webhooks: [READ_STRIPE_KEYS, QUEUE_STRIPE_EVENTS],
  'mail-webhook': [...TAKE_STEP, READ_MAIL_KEYS],
  cron: [
    APPEND_AUDIT,
    { actions: ['lambda:InvokeFunction'], on: ['reconciler'] },
    { actions: ['secretsmanager:GetSecretValue'], on: ['cronSecret'] },
    { actions: ['states:StartExecution'], on: ['rolloverStateMachine'] },
    { actions: ['states:DescribeExecution'], on: ['rolloverExecutions'] },
  ],
  docs: [],
  'rollover-page': [
    { actions: ['dynamodb:Query'], on: ['dueIndex'] },
    { actions: ['dynamodb:BatchGetItem', 'dynamodb:PutItem'], on: ['table'], keys: USERS },
  ],
  'rollover-summary': [APPEND_AUDIT],
  outbox: [...FOLLOW_STREAM, { actions: ['events:PutEvents'], on: ['eventBus'] }, APPEND_AUDIT],
  'stripe-events': [
    { actions: ['dynamodb:GetItem'], on: ['table'], keys: [USERS, CUSTOMERS, STRIPE] },
    { actions: ['dynamodb:PutItem'], on: ['table'], keys: [USERS, CUSTOMERS, STRIPE, FAILED] },
    // A delivery that has been paid, or will not be, and its letter; a purchase, in one transaction with the note that its event is processed.
    { actions: ['dynamodb:UpdateItem'], on: ['table'], keys: [USERS, STRIPE] },
    // Gifts that nobody has claimed come back for a refund of what they were made of.
    { actions: ['dynamodb:ConditionCheckItem', 'dynamodb:Query'], on: ['table'], keys: USERS },
    READ_STRIPE_KEYS,
    { actions: CONSUME, on: ['stripeEvents'] },
  ],
  'failed-stripe-events': [
    { actions: ['dynamodb:PutItem'], on: ['table'], keys: FAILED },
    { actions: CONSUME, on: ['deadStripeEvents'] },
  ],
  reconciler: [
    { actions: ['dynamodb:Query'], on: ['dueIndex'] },
    { actions: ['dynamodb:BatchGetItem'], on: ['table'], keys: USERS },
    ...TAKE_STEP,
    // What the runs of a day have done.
    { actions: ['dynamodb:PutItem', 'dynamodb:Query'], on: ['table'], keys: 'RECONCILED#*' },
    APPEND_AUDIT,
    // Payments that have taken too long, and refunds.
    READ_STRIPE_KEYS,
    { actions: ['sqs:SendMessage'], on: ['failedReconciliations'] },
  ],
  'email-sender': [
    ...SEND,
    { actions: ['ses:SendEmail'], on: ['emailAddress', 'emailDomain'] },
    { actions: CONSUME, on: ['dueEmails'] },
  ],
  'mail-sender': [...SEND, READ_MAIL_KEYS, { actions: CONSUME, on: ['dueMails'] }],
  'delivery-answers': [...TAKE_STEP, { actions: CONSUME, on: ['answers'] }],
  statistics: [
    ...FOLLOW_STREAM,
    { actions: ['dynamodb:BatchGetItem'], on: ['table'], keys: 'MARK#*' },
    { actions: ['dynamodb:GetItem'], on: ['table'], keys: 'STATS#*' },
    // Totals, sketches and markers, of which a transaction has all.
    {
      actions: ['dynamodb:PutItem', 'dynamodb:UpdateItem'],
      on: ['table'],
      keys: ['MARK#*', 'STATS#*'],
    },
  ],
};

/** Where the resources are. A construct passes those that its function's rights are on. */
export type ResourceArns = Partial<Record<ResourceName, string>>;

/** The statements of a function's role. @throws Error when a resource that a right is on is not among `arns`. */
export function statementsOf(name: FunctionName, arns: ResourceArns): PolicyStatement[] {
  const allowed = RIGHTS[name].map(
    ({ actions, on, keys }) =>
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [...actions],
        resources: on.map((resource) => arnOf(resource, arns, name)),
        ...(keys === undefined
          ? {}
          : { conditions: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [keys].flat() } } }),
      }),
  );
  const isOnTable = RIGHTS[name].some(({ on }) => on.includes('table'));
  return isOnTable ? [...allowed, keepingAudit(arnOf('table', arns, name))] : allowed;
}

/**
 * The audit trail is appended to and never changed, whatever else a role comes to be allowed. (That a put does not
 * replace a record is a condition of the put itself, which IAM cannot demand.)
 */
function keepingAudit(table: string): PolicyStatement {
  return new PolicyStatement({
    effect: Effect.DENY,
    actions: ['dynamodb:UpdateItem', 'dynamodb:DeleteItem', 'dynamodb:BatchWriteItem'],
    resources: [table],
    conditions: { 'ForAnyValue:StringLike': { 'dynamodb:LeadingKeys': [AUDIT] } },
  });
}

function arnOf(resource: ResourceName, arns: ResourceArns, name: FunctionName): string {
  const arn = arns[resource];
  if (arn === undefined) {
    throw new Error(
      `The function ${name} has a right on ${resource}, but its construct passes no ARN of it.`,
    );
  }
  return arn;
}

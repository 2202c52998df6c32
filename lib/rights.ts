import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import * as keys from '../lambdas/adapters/dynamodb/keys.ts';
import type { CORE_ROUTES } from '../lambdas/http/routes.ts';
import type { LETTERS_ROUTES } from '../lambdas/letters/http/routes.ts';
import type { BusTarget } from '../lambdas/letters/wiring/bus-rules.ts';
import { reconciledKey, textPartition } from '../lambdas/letters/wiring/keys.ts';
import type { StreamConsumerName } from '../lambdas/wiring/stream-filters.ts';

/** Every function of the stack: one per group of routes (`lambdas/api`), and the jobs (`lambdas/jobs`). */
type CoreFunction =
  | (typeof CORE_ROUTES)[number]['group']
  | StreamConsumerName
  | 'rollover-page'
  | 'rollover-summary'
  | 'stripe-events'
  | 'failed-stripe-events'
  | 'reconciler'
  | 'record-catalogue'
  | 'check-stripe'
  | 'canary'
  | 'publish-page';

/** What the letters app adds. */
type LettersFunction = Exclude<(typeof LETTERS_ROUTES)[number]['group'], CoreFunction> | BusTarget;

export type FunctionName = CoreFunction | LettersFunction;

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
  | 'failedStripeChecks'
  | 'failedCanaries'
  | 'mailSecret'
  | 'emailAddress'
  | 'emailConfigurationSet'
  | 'everything'
  | 'emailDomain'
  | 'dueEmails'
  | 'dueMails'
  | 'answers'
  | 'userPool'
  | 'pageFiles'
  | 'pageBucket';

export interface Right {
  actions: readonly `${string}:${string}`[];
  on: readonly ResourceName[];
  /** Only items whose partition key matches, or matches one of them. */
  keys?: string | readonly string[];
}

/** All partition keys that begin like this one, up to the first `#`. */
function allLike(key: string): string {
  return `${keys.kindOf(key)}#*`;
}

const USERS = allLike(keys.userKey(''));
const AUDIT = allLike(keys.auditKey('', 0));
const CUSTOMERS = allLike(keys.customerKey(''));
const CODES = allLike(keys.codeKey(''));
const GUESSES = allLike(keys.guessesKey('', ''));
const RATES = allLike(keys.rateKey('', 0));
const STRIPE_EVENTS = allLike(keys.stripeEventKey(''));
const FAILED = allLike(keys.FAILED_EVENTS_KEY);
const ANONYMOUS = allLike(keys.anonymousKey(''));
const TEXTS = allLike(textPartition('', ''));
const RECONCILED = allLike(reconciledKey(''));
const MARKS = allLike(keys.markKey([]));
const STATISTICS = allLike(keys.STATISTICS_KEY);
const NEARING = allLike(keys.NEARING_KEY);
const CHECKS = allLike(keys.STRIPE_CHECK_KEY);
const CATALOGUES = allLike(keys.CATALOGUES_KEY);

/** What may be done with the table's items of these keys. */
function items(like: Right['keys'], ...actions: string[]): Right {
  return { actions: actions.map((action) => `dynamodb:${action}` as const), on: ['table'], keys: like };
}

function may(action: Right['actions'][number], ...on: ResourceName[]): Right {
  return { actions: [action], on };
}

/** A command: the deciding write, and the reads that explain or repeat it. */
const DECIDE = items(USERS, 'PutItem', 'UpdateItem');
const READ = items(USERS, 'GetItem');
/** The index says which records there are, and the table what is in them. */
function list(like: string): Right[] {
  return [{ actions: ['dynamodb:Query'], on: ['listIndex'], keys: like }, items(like, 'BatchGetItem')];
}
const LIST = list(USERS);

/** Functions append to the audit trail, and do nothing else to it. */
const APPEND_AUDIT = items(AUDIT, 'PutItem');

const READ_CRON_SECRET = may('secretsmanager:GetSecretValue', 'cronSecret');
const READ_STRIPE_KEYS = may('secretsmanager:GetSecretValue', 'stripeSecret');
const READ_MAIL_KEYS = may('secretsmanager:GetSecretValue', 'mailSecret');
/** Whether they have a second factor. */
const LOOK_UP_ADMIN = may('cognito-idp:AdminGetUser', 'userPool');
const QUEUE_STRIPE_EVENTS = may('sqs:SendMessage', 'stripeEvents');

/** What Lambda asks of a queue in a function's name. */
function consume(queue: ResourceName): Right {
  return { actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], on: [queue] };
}

/** A transaction writes a user's customer: the account, and the way back to it. It deletes the one of a replaced customer. */
const LINK_CUSTOMER = [items([USERS, CUSTOMERS], 'PutItem'), items([USERS, CUSTOMERS], 'DeleteItem')];

/** A step in a delivery's life also changes its letter and its account, whose closed period it may look up. */
const TAKE_STEP = [DECIDE, READ, items(USERS, 'Query')];

/** A sender reads the delivery and its letter, and notes on the delivery alone. */
const SEND = [
  items([USERS, TEXTS], 'GetItem'),
  items(USERS, 'UpdateItem'),
  may('events:PutEvents', 'eventBus'),
];

/** What Lambda asks of the stream in a function's name, and where both keep what they fail on. */
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
  may('s3:PutObject', 'failedRecords'),
  may('s3:ListBucket', 'failedRecordsBucket'),
];

/** @param apart partitions in which an app keeps what belongs to users' records, to be exported and erased with them */
function administer(apart: readonly string[]): Right[] {
  return [
    READ,
    // What a user has bought and given, newest first; and the accounts of a page of users who are near a limit.
    ...LIST,
    // The statistics' sketches, of days and months.
    items(STATISTICS, 'BatchGetItem'),
    items([USERS, AUDIT, STATISTICS, CATALOGUES, CHECKS, NEARING], 'Query'),
    // Adjustments, and erasure: one transaction moves a ledger and deletes a customer or a code.
    items([USERS, CUSTOMERS, CODES, ANONYMOUS, ...apart], 'DeleteItem', 'PutItem', 'UpdateItem'),
    APPEND_AUDIT,
    LOOK_UP_ADMIN,
    may('cognito-idp:AdminDeleteUser', 'userPool'),
  ];
}

/**
 * All that a function of the core may do, beside writing its own log. A transaction is authorized as the writes in it, so
 * no function needs a right to `TransactWriteItems`.
 */
export const CORE_RIGHTS: Readonly<Record<CoreFunction, readonly Right[]>> = {
  account: [
    READ,
    // The history: closed periods lie next to each other.
    items(USERS, 'Query'),
  ],
  // The ledger lies in the table by time.
  credits: [READ, items(USERS, 'Query')],
  purchases: [
    READ,
    ...LIST,
    ...LINK_CUSTOMER,
    // The purchase, of an account that is still there.
    items(USERS, 'ConditionCheckItem', 'UpdateItem'),
    READ_STRIPE_KEYS,
  ],
  gifts: [
    items([USERS, CODES], 'GetItem'),
    ...LIST,
    // A gift, the way to it from its code, and the account that it comes from, in one transaction.
    items([USERS, CODES], 'PutItem'),
    // A gift that a user claims, and the number of wrong codes that they have tried.
    items([USERS, GUESSES], 'UpdateItem'),
    may('secretsmanager:GetSecretValue', 'giftSecret'),
  ],
  // A change of the subscription is a record, which goes on.
  billing: [READ, items(USERS, 'UpdateItem'), ...LINK_CUSTOMER, READ_STRIPE_KEYS],
  // Giving back looks up the period in which it was used.
  consumption: [DECIDE, READ, items(USERS, 'Query')],
  admin: administer([]),
  'failed-events': [
    ...list(FAILED),
    items(FAILED, 'GetItem', 'DeleteItem'),
    APPEND_AUDIT,
    LOOK_UP_ADMIN,
    QUEUE_STRIPE_EVENTS,
  ],
  webhooks: [READ_STRIPE_KEYS, QUEUE_STRIPE_EVENTS],
  cron: [
    APPEND_AUDIT,
    READ_CRON_SECRET,
    may('states:StartExecution', 'rolloverStateMachine'),
    may('states:DescribeExecution', 'rolloverExecutions'),
  ],
  docs: [],
  'rollover-page': [may('dynamodb:Query', 'dueIndex'), items(USERS, 'BatchGetItem', 'GetItem', 'PutItem')],
  'rollover-summary': [APPEND_AUDIT],
  outbox: [
    ...FOLLOW_STREAM,
    may('events:PutEvents', 'eventBus'),
    APPEND_AUDIT,
    // Who is near a limit.
    items(NEARING, 'PutItem', 'DeleteItem'),
  ],
  'stripe-events': [
    items([USERS, CUSTOMERS, STRIPE_EVENTS], 'GetItem'),
    items([USERS, CUSTOMERS, STRIPE_EVENTS, FAILED], 'PutItem'),
    // What a payment that has ended is for, with the note that its event is processed.
    items([USERS, STRIPE_EVENTS], 'UpdateItem'),
    // The refund of a bundle takes back unclaimed gifts that were made of it.
    items(USERS, 'ConditionCheckItem', 'Query'),
    READ_STRIPE_KEYS,
    consume('stripeEvents'),
    may('sqs:ChangeMessageVisibility', 'stripeEvents'),
  ],
  'failed-stripe-events': [items(FAILED, 'PutItem'), consume('deadStripeEvents')],
  reconciler: [
    may('dynamodb:Query', 'dueIndex'),
    items(USERS, 'BatchGetItem'),
    DECIDE,
    READ,
    may('sqs:SendMessage', 'failedReconciliations'),
  ],
  'check-stripe': [READ_STRIPE_KEYS, items(CHECKS, 'PutItem'), may('sqs:SendMessage', 'failedStripeChecks')],
  // As `consumption`, and where its schedule puts what failed.
  canary: [DECIDE, READ, items(USERS, 'Query'), may('sqs:SendMessage', 'failedCanaries')],
  'record-catalogue': [items(CATALOGUES, 'PutItem', 'Query')],
  // It empties the bucket when the page goes.
  'publish-page': [
    { actions: ['s3:PutObject', 's3:DeleteObject'], on: ['pageFiles'] },
    may('s3:ListBucket', 'pageBucket'),
  ],
  statistics: [
    ...FOLLOW_STREAM,
    items(MARKS, 'BatchGetItem'),
    items(STATISTICS, 'GetItem'),
    // One transaction writes totals, sketches and markers.
    items([MARKS, STATISTICS], 'PutItem', 'UpdateItem'),
  ],
};

/** All rights, with the letters app on top of the core. */
export const RIGHTS: Readonly<Record<FunctionName, readonly Right[]>> = {
  ...CORE_RIGHTS,
  // Texts go with their letters, into an export and away.
  admin: [...administer([TEXTS]), items(TEXTS, 'BatchGetItem')],
  letters: [
    // A letter and its text are one transaction, when they are made and when the text goes.
    items([USERS, TEXTS], 'GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'),
    // How many large ones a user has sent in a minute.
    items(RATES, 'UpdateItem'),
    // Deleting a letter may cancel its deliveries. A step in a delivery's life looks a closed period up.
    items(USERS, 'Query'),
    ...LIST,
  ],
  // A card may pay for a mail. Cancelling the mail refunds the charge.
  // A step in a delivery's life looks a closed period up.
  deliveries: [DECIDE, READ, items(USERS, 'Query'), ...LIST, READ_STRIPE_KEYS],
  usage: [
    READ,
    // The history: closed periods lie next to each other.
    items(USERS, 'Query'),
  ],
  'mail-webhook': [...TAKE_STEP, READ_MAIL_KEYS],
  reconciliation: [APPEND_AUDIT, READ_CRON_SECRET, may('lambda:InvokeFunction', 'reconciler')],
  reconciler: [
    ...CORE_RIGHTS.reconciler,
    // A step in a delivery's life looks a closed period up.
    items(USERS, 'Query'),
    // What the runs of a day have done.
    items(RECONCILED, 'PutItem', 'Query'),
    APPEND_AUDIT,
    // Payments that have taken too long, and refunds.
    READ_STRIPE_KEYS,
  ],
  'email-sender': [
    ...SEND,
    // SES asks for a right on the configuration set beside that on the address.
    may('ses:SendEmail', 'emailAddress', 'emailDomain', 'emailConfigurationSet'),
    // The account's rate; it is on no resource.
    may('ses:GetAccount', 'everything'),
    consume('dueEmails'),
    may('sqs:ChangeMessageVisibility', 'dueEmails'),
  ],
  'mail-sender': [
    ...SEND,
    READ_MAIL_KEYS,
    consume('dueMails'),
    may('sqs:ChangeMessageVisibility', 'dueMails'),
  ],
  'delivery-answers': [...TAKE_STEP, consume('answers')],
};

/** Where the resources are. A construct passes those that its function's rights are on. */
export type ResourceArns = Partial<Record<ResourceName, string>>;

/** The statements of a function's role. @throws Error when a resource that a right is on is not among `arns`. */
export function statementsOf(name: FunctionName, hasLetters: boolean, arns: ResourceArns): PolicyStatement[] {
  const all = !hasLetters && isOfCore(name) ? CORE_RIGHTS[name] : RIGHTS[name];
  // With an issuer of the owner's, there is no pool.
  const rights = all.filter(({ on }) => arns.userPool !== undefined || !on.includes('userPool'));
  const allowed = rights.map(
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
  const isOnTable = rights.some(({ on }) => on.includes('table'));
  return isOnTable ? [...allowed, keepingAudit(arnOf('table', arns, name))] : allowed;
}

function isOfCore(name: FunctionName): name is CoreFunction {
  return name in CORE_RIGHTS;
}

/**
 * No function may change the audit trail, whatever else its role comes to allow. (A condition of the put itself keeps it
 * from replacing a record. IAM cannot demand that.)
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

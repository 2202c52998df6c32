/** An AWS with one stage: its stack, its queue of Stripe's events, its secret, and its table on another DynamoDB. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod/mini';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { closeServer, listenLocally } from '../../local/http-server.ts';
import { copyTable } from './copy-table.ts';

/** What a table gets from a restore, and does not. */
interface RestoredTable {
  hasStream: boolean;
  expires: boolean;
  isBackedUp: boolean;
  isProtected: boolean;
}

export interface AwsOfAStage {
  url: string;
  /** The stack's outputs; null: there is no such stack. */
  outputs: Record<string, string> | null;
  /** Null: the secret is empty, as in a new stack. */
  stripeKeys: { secretKey: string; webhookSecret: string } | null;
  /** The messages of the queue. */
  queued: string[];
  /** The table as it was at the point in time. */
  former: Store | null;
  restored: Map<string, RestoredTable>;
  stop: () => Promise<void>;
}

/** AWS refuses with an error of its own kind. */
class RefusedError extends Error {
  readonly body: object;

  constructor(__type: string, message: string, more: object = {}) {
    super(message);
    this.body = { ...more, __type, message };
  }
}

const restoreInput = z.object({
  SourceTableName: z.string(),
  TargetTableName: z.string(),
  RestoreDateTime: z.number(),
});
const tableInput = z.object({
  TableName: z.string(),
  StreamSpecification: z.optional(z.unknown()),
  DeletionProtectionEnabled: z.optional(z.boolean()),
});
const described = z.object({ Table: z.looseObject({}) });

/** @param dynamodb where the tables are */
export async function startAwsOfAStage(dynamodb: string): Promise<AwsOfAStage> {
  const aws: AwsOfAStage = {
    url: '',
    outputs: null,
    stripeKeys: null,
    queued: [],
    former: null,
    restored: new Map(),
    stop: () => closeServer(server),
  };
  const server = createServer((request, response) => {
    void answer(aws, dynamodb, request, response);
  });
  aws.url = (await listenLocally(server, 0)).url;
  return aws;
}

async function answer(
  aws: AwsOfAStage,
  dynamodb: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request);
  const target = String(request.headers['x-amz-target'] ?? '');
  if (target === '') {
    answerStacks(aws, body, response);
    return;
  }
  const [service = '', operation = ''] = target.split('.');
  response.setHeader('content-type', 'application/x-amz-json-1.0');
  try {
    const input: unknown = JSON.parse(body);
    const answered = service.startsWith('DynamoDB')
      ? await answerTable(aws, operation, input, () => forward(dynamodb, request, body))
      : answerOther(aws, operation, input);
    response.end(JSON.stringify(answered));
  } catch (error) {
    const refused =
      error instanceof RefusedError ? error : new RefusedError('InternalFailure', String(error));
    response.writeHead(400).end(JSON.stringify(refused.body));
  }
}

function answerStacks({ outputs }: AwsOfAStage, body: string, response: ServerResponse): void {
  const name = new URLSearchParams(body).get('StackName') ?? '';
  if (outputs === null) {
    const error = `<Code>ValidationError</Code><Message>Stack with id ${name} does not exist</Message>`;
    response
      .writeHead(400, { 'content-type': 'text/xml' })
      .end(`<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`);
    return;
  }
  const members = Object.entries(outputs)
    .map(
      ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
    )
    .join('');
  const stack = `<member><StackName>${name}</StackName><Outputs>${members}</Outputs></member>`;
  response
    .writeHead(200, { 'content-type': 'text/xml' })
    .end(
      `<DescribeStacksResponse><DescribeStacksResult><Stacks>${stack}</Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    );
}

function answerOther({ queued, stripeKeys }: AwsOfAStage, operation: string, input: unknown): object {
  switch (operation) {
    case 'SendMessage': {
      const { MessageBody } = z.parse(z.object({ MessageBody: z.string() }), input);
      queued.push(MessageBody);
      return { MessageId: 'sent', MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') };
    }
    case 'GetSecretValue':
      return { SecretString: JSON.stringify(stripeKeys ?? { secretKey: '', webhookSecret: '' }) };
    default:
      throw new RefusedError('UnknownOperationException', operation);
  }
}

/** As DynamoDB does what the embedded engine can't: it refuses to switch a stream or the expiry on twice. */
async function answerTable(
  { restored, former }: AwsOfAStage,
  operation: string,
  input: unknown,
  elsewhere: () => Promise<object>,
): Promise<object> {
  const { TableName } = z.parse(z.looseObject({ TableName: z.optional(z.string()) }), input);
  const table = restored.get(TableName ?? '');
  if (operation === 'RestoreTableToPointInTime') {
    const { SourceTableName, TargetTableName, RestoreDateTime } = z.parse(restoreInput, input);
    if (restored.has(TargetTableName)) {
      throw new RefusedError('TableAlreadyExistsException', `Table already exists: ${TargetTableName}`);
    }
    if (former === null || RestoreDateTime * 1_000 < Date.now() - 35 * 86_400_000) {
      throw new RefusedError('InvalidRestoreTimeException', `${SourceTableName} has no backup of that time`);
    }
    await copyTable(former, TargetTableName);
    const nothing = { hasStream: false, expires: false, isBackedUp: false, isProtected: false };
    restored.set(TargetTableName, nothing);
    return {};
  }
  if (table === undefined) {
    return elsewhere();
  }
  switch (operation) {
    case 'DescribeTable': {
      const { Table } = z.parse(described, await elsewhere());
      const arn = `arn:aws:dynamodb:us-east-1:1:table/${String(TableName)}/stream/1`;
      const stream = { StreamSpecification: { StreamEnabled: true }, LatestStreamArn: arn };
      const none = { StreamSpecification: null, LatestStreamArn: null };
      return { Table: { ...Table, ...(table.hasStream ? stream : none) } };
    }
    case 'UpdateTable': {
      const { StreamSpecification, DeletionProtectionEnabled } = z.parse(tableInput, input);
      if (StreamSpecification !== undefined && table.hasStream) {
        throw new RefusedError('ValidationException', 'Table already has an enabled stream');
      }
      table.hasStream ||= StreamSpecification !== undefined;
      table.isProtected = DeletionProtectionEnabled ?? table.isProtected;
      return {};
    }
    case 'DescribeTimeToLive':
      return { TimeToLiveDescription: { TimeToLiveStatus: table.expires ? 'ENABLED' : 'DISABLED' } };
    case 'UpdateTimeToLive':
      if (table.expires) {
        throw new RefusedError('ValidationException', 'TimeToLive is already enabled');
      }
      table.expires = true;
      return {};
    case 'UpdateContinuousBackups':
      table.isBackedUp = true;
      return {};
    default:
      return elsewhere();
  }
}

async function forward(dynamodb: string, { headers }: IncomingMessage, body: string): Promise<object> {
  const kept = ['x-amz-target', 'content-type', 'authorization', 'x-amz-date'];
  const answered = await fetch(dynamodb, {
    method: 'POST',
    body,
    headers: Object.fromEntries(kept.map((name) => [name, String(headers[name])])),
  });
  const said = z.parse(z.looseObject({}), await answered.json());
  if (!answered.ok) {
    throw new RefusedError(String(said['__type']), String(said['message'] ?? said['Message']), said);
  }
  return said;
}

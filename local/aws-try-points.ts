/** What `npm run aws -- try` asks of AWS, since no document says it for certain, and what Postage expects. */
import { setTimeout as wait } from 'node:timers/promises';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import {
  AdminCreateUserCommand,
  AdminDeleteUserCommand,
  AdminGetUserCommand,
  CognitoIdentityProviderClient,
  UserNotFoundException,
} from '@aws-sdk/client-cognito-identity-provider';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  PutItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { GetFederationTokenCommand, STSClient } from '@aws-sdk/client-sts';
import { MINUTE_MS } from '../lambdas/domain/instants.ts';

/** A deployed stage, by its outputs. */
export interface TriedStack {
  apiUrl: string;
  userPoolId: string | null;
  /** How long CloudWatch is given to tell of what was written. */
  metricsWaitMs: number;
  tell: (text: string) => void;
}

/** What can be seen, in a word or two for each thing. */
export type Facts = Readonly<Record<string, string>>;

export interface Point {
  name: string;
  /** With several words, Postage goes on with any of them. */
  expects: Readonly<Record<string, readonly string[]>>;
  /** What follows when AWS does otherwise. */
  otherwise: string;
  /** Cleans up what it has made. @throws SkippedError when it can't be tried */
  run: (stack: TriedStack) => Promise<Facts>;
}

/** The account, or what plays it, can't try this. */
export class SkippedError extends Error {
  override name = 'SkippedError';
}

const MEGABYTE = 2 ** 20;

/** API Gateway takes 10 MB, Lambda 6 MB: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const TOO_LARGE_FOR_LAMBDA: Point = {
  name: 'A body of 7 MB, which the gateway takes and a function does not',
  expects: { answer: ['413', '400'] },
  otherwise:
    'With a 5xx, strangers can ring the alarm server-errors. A rule of WAF on the size of bodies helps.',
  run: async ({ apiUrl }) => {
    const answer = await fetch(`${apiUrl}/webhooks/stripe`, {
      method: 'POST',
      body: 'x'.repeat(7 * MEGABYTE),
    });
    await answer.arrayBuffer();
    return { answer: String(answer.status) };
  },
};

const FOREIGN_ORIGIN: Point = {
  name: 'A page of an origin that the stage does not list',
  expects: { allowed: ['no'], 'allowed after 401': ['no'] },
  otherwise:
    'Any page can call the API with the token of its visitor: look at the gateway’s CORS configuration.',
  run: async ({ apiUrl }) => {
    const headers = { origin: 'https://stranger.example.com' };
    const asked = { ...headers, 'access-control-request-method': 'POST' };
    const allowed = ({ headers: got }: Response): string =>
      got.get('access-control-allow-origin') === null ? 'no' : 'yes';
    return {
      allowed: allowed(await fetch(`${apiUrl}/letters`, { method: 'OPTIONS', headers: asked })),
      'allowed after 401': allowed(await fetch(`${apiUrl}/account`, { headers })),
    };
  },
};

const ADDRESSES_IN_ANY_CASE: Point = {
  name: 'A user whose address is written in capitals',
  expects: { found: ['yes'] },
  otherwise: 'One person can have two accounts, with two quotas. A pool can’t be changed: make another one.',
  run: async ({ userPoolId }) => {
    if (userPoolId === null) {
      throw new SkippedError('the stage has an issuer of its own');
    }
    const client = new CognitoIdentityProviderClient();
    const Username = `try-${crypto.randomUUID()}@example.com`;
    const pool = { UserPoolId: userPoolId };
    await client.send(new AdminCreateUserCommand({ ...pool, Username, MessageAction: 'SUPPRESS' }));
    try {
      await client.send(new AdminGetUserCommand({ ...pool, Username: Username.toUpperCase() }));
      return { found: 'yes' };
    } catch (error) {
      if (error instanceof UserNotFoundException) {
        return { found: 'no' };
      }
      throw error;
    } finally {
      await client.send(new AdminDeleteUserCommand({ ...pool, Username }));
    }
  },
};

/** A table of its own, so that nothing else is counted in it. */
async function withTable<Answer>(
  use: (client: DynamoDBClient, table: string) => Promise<Answer>,
): Promise<Answer> {
  const client = new DynamoDBClient();
  const TableName = `postage-try-${crypto.randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  try {
    await waitUntilTableExists({ client, maxWaitTime: 60 }, { TableName });
    return await use(client, TableName);
  } finally {
    await client.send(new DeleteTableCommand({ TableName }));
    client.destroy();
  }
}

async function writeUnitsOf(TableName: string, waitMs: number): Promise<number | null> {
  await wait(waitMs);
  const end = Date.now();
  const { Datapoints = [] } = await new CloudWatchClient().send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/DynamoDB',
      MetricName: 'ConsumedWriteCapacityUnits',
      Dimensions: [{ Name: 'TableName', Value: TableName }],
      StartTime: new Date(end - 30 * MINUTE_MS),
      EndTime: new Date(end),
      Period: 60,
      Statistics: ['Sum'],
    }),
  );
  return Datapoints.length === 0 ? null : Datapoints.reduce((sum, { Sum = 0 }) => sum + Sum, 0);
}

/** Of a whole item of 100 kB, a transaction costs 200 units. The one that is there is small, and costs 1. */
const REFUSED_AND_BILLED: Point = {
  name: 'What a refused transaction is billed for, an item of 100 kB beside a condition that fails',
  expects: { units: ['by the item that is there', 'by the new item'] },
  otherwise: 'docs/architecture.md says what a refusal costs, and would be wrong.',
  run: async ({ metricsWaitMs, tell }) =>
    withTable(async (client, TableName) => {
      await client.send(new PutItemCommand({ TableName, Item: { pk: { S: 'account' } } }));
      const write = client.send(
        new TransactWriteItemsCommand({
          TransactItems: [
            { Put: { TableName, Item: { pk: { S: 'letter' }, text: { S: 'x'.repeat(100_000) } } } },
            {
              ConditionCheck: {
                TableName,
                Key: { pk: { S: 'account' } },
                ConditionExpression: 'attribute_not_exists(pk)',
              },
            },
          ],
        }),
      );
      const refused = await write.then(
        () => false,
        (error: unknown) => error instanceof TransactionCanceledException,
      );
      tell(`CloudWatch is given ${String(metricsWaitMs / 1_000)} s.`);
      const units = await writeUnitsOf(TableName, metricsWaitMs);
      if (!refused || units === null) {
        throw new SkippedError('CloudWatch has told nothing of it yet');
      }
      return { units: units > 100 ? 'by the new item' : 'by the item that is there', counted: String(units) };
    }),
};

/** A policy may bind writes to leading keys. Whether a transaction is judged write by write, no document says. */
const LEADING_KEYS: Point = {
  name: 'A transaction of two writes, of which the leading keys allow one',
  expects: { own: ['written'], foreign: ['refused'] },
  otherwise: 'lib/rights.ts does not hold a function to its own records.',
  run: async () =>
    withTable(async (_, TableName) => {
      const client = await boundTo(TableName, 'own-*');
      const write = async (...keys: string[]): Promise<string> => {
        const TransactItems = keys.map((key) => ({ Put: { TableName, Item: { pk: { S: key } } } }));
        try {
          await client.send(new TransactWriteItemsCommand({ TransactItems }));
          return 'written';
        } catch (error) {
          if (error instanceof Error && error.name === 'AccessDeniedException') {
            return 'refused';
          }
          throw error;
        }
      };
      return { own: await write('own-1', 'own-2'), foreign: await write('own-3', 'foreign') };
    }),
};

/** @throws SkippedError: only a user's credentials can be narrowed, and not those of a role */
async function boundTo(table: string, keys: string): Promise<DynamoDBClient> {
  const Statement = {
    Effect: 'Allow',
    Action: 'dynamodb:PutItem',
    Resource: `arn:*:dynamodb:*:*:table/${table}`,
    Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [keys] } },
  };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
  const command = new GetFederationTokenCommand({ Name: 'postage-try', Policy, DurationSeconds: 900 });
  const { Credentials } = await new STSClient().send(command).catch((error: unknown) => {
    throw new SkippedError(`it takes the credentials of an IAM user (${String(error)})`);
  });
  const { AccessKeyId, SecretAccessKey, SessionToken } = Credentials ?? {};
  if (AccessKeyId === undefined || SecretAccessKey === undefined || SessionToken === undefined) {
    throw new SkippedError('there are no narrowed credentials');
  }
  return new DynamoDBClient({
    credentials: { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken },
  });
}

export const POINTS: readonly Point[] = [
  TOO_LARGE_FOR_LAMBDA,
  FOREIGN_ORIGIN,
  ADDRESSES_IN_ANY_CASE,
  LEADING_KEYS,
  REFUSED_AND_BILLED,
];

import '../support/silent-functions.ts';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { catalogue } from '../../examples/letters/postage.config.ts';
import { recordedCatalogue } from '../../lambdas/adapters/dynamodb/catalogue-records.ts';
import { snapshotOf } from '../../lambdas/wiring/catalogue-snapshot.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { exception } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';

interface Answer {
  Status: string;
  Reason?: string;
  Data?: { Since?: string };
}

const table = useFaultyTable();
let handler: (event: CloudFormationCustomResourceEvent) => Promise<void>;
let answers: Answer[] = [];
let headers: IncomingHttpHeaders = {};
let status = 200;

/** Where CloudFormation waits for an answer. */
const bucket = createServer((request, response) => {
  headers = request.headers;
  void json(request).then((answer) => {
    answers.push(answer as Answer);
    response.writeHead(status).end();
  });
});

beforeAll(async () => {
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: table.proxy().endpoint,
    [VARIABLES.table]: table.store().table,
    [VARIABLES.stage]: 'test',
  });
  ({ handler } = await import('../../lambdas/jobs/record-catalogue.ts'));
  await new Promise<void>((resolve) => bucket.listen(0, '127.0.0.1', resolve));
});

beforeEach(() => {
  answers = [];
  status = 200;
});

afterAll(() => {
  bucket.close();
});

function eventOf(
  RequestType: 'Create' | 'Update' | 'Delete',
  graceDays = 7,
): CloudFormationCustomResourceEvent {
  const snapshot = snapshotOf({ ...catalogue, graceDays });
  const about = {
    ServiceToken: 'arn',
    ResponseURL: `http://127.0.0.1:${String((bucket.address() as AddressInfo).port)}/answer`,
    StackId: 'stack',
    RequestId: 'request',
    LogicalResourceId: 'Catalogue',
    ResourceType: 'Custom::Catalogue',
    ResourceProperties: { ServiceToken: 'arn', ...snapshot },
  };
  return RequestType === 'Create'
    ? { ...about, RequestType }
    : RequestType === 'Delete'
      ? { ...about, RequestType, PhysicalResourceId: 'Catalogue' }
      : {
          ...about,
          RequestType,
          PhysicalResourceId: 'Catalogue',
          OldResourceProperties: { ServiceToken: 'arn' },
        };
}

async function sinceOf(event: CloudFormationCustomResourceEvent): Promise<number> {
  answers = [];
  await handler(event);
  return Number(answers[0]?.Data?.Since);
}

describe('the function that records the catalogue', () => {
  it('G14: answers with the instant from which it holds, and with the same one when it is called again', async () => {
    const before = Date.now();
    const since = await sinceOf(eventOf('Create'));
    expect(since).toBeGreaterThanOrEqual(before);
    expect(answers).toEqual([
      {
        Status: 'SUCCESS',
        PhysicalResourceId: 'Catalogue',
        StackId: 'stack',
        RequestId: 'request',
        LogicalResourceId: 'Catalogue',
        Data: { Since: String(since) },
      },
    ]);
    expect(headers['content-type']).toBeUndefined();
    expect(await sinceOf(eventOf('Create'))).toBe(since);
    expect(await sinceOf(eventOf('Update'))).toBe(since);
  });

  it('G14: records another one, and the former one when a deployment is rolled back', async () => {
    const before = await sinceOf(eventOf('Update'));
    const since = await sinceOf(eventOf('Update', 14));
    expect(since).toBeGreaterThan(before);
    expect(await recordedCatalogue(table.store(), plentyOfTime())).toMatchObject({
      since,
      file: { graceDays: 14 },
    });
    expect(await sinceOf(eventOf('Update'))).toBeGreaterThan(since);
  });

  it('leaves all records when the stack is deleted', async () => {
    await sinceOf(eventOf('Create'));
    const before = await recordedCatalogue(table.store(), plentyOfTime());
    await handler(eventOf('Delete'));
    expect(answers.at(-1)).toMatchObject({ Status: 'SUCCESS', Data: {} });
    expect(await recordedCatalogue(table.store(), plentyOfTime())).toEqual(before);
  });

  it('tells CloudFormation, which waits, that it has failed', async () => {
    table.proxy().inject(() => exception('AccessDeniedException'));
    await handler(eventOf('Update'));
    expect(answers).toEqual([
      expect.objectContaining({
        Status: 'FAILED',
        Reason: expect.stringContaining('AccessDeniedException'),
      }),
    ]);
  });

  it('fails when its answer is refused, so that Lambda tries it again', async () => {
    status = 403;
    await expect(handler(eventOf('Update'))).rejects.toThrow('CloudFormation has answered 403.');
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Command, runCommand } from '../support/command.ts';

/** What an AWS of three services does here: its queues, its objects, and what its functions were called with. */
let queues: Record<string, string[]> = {};
let objects: Record<string, { body: string; time: string }> = {};
let calls: [name: string, payload: unknown][] = [];
/** What a function answers, and does besides. */
let answers: (name: string) => unknown = () => null;

const EARLIER = 'Mon, 02 Mar 2026 00:00:00 GMT';
const LATER = 'Mon, 02 Mar 2026 01:00:00 GMT';

const REPLAYS = {
  queues: {
    'unsent-emails': { url: 'dead-emails', to: { queueUrl: 'emails' } },
    'failed-reconciliations': { url: 'dead-runs', to: { functionName: 'reconciler' } },
    'failed-records': { url: 'dead-records', to: { bucket: 'records' } },
  },
  consumers: { outbox: 'the-outbox', statistics: 'the-statistics' },
};

function md5(of: string): string {
  return createHash('md5').update(of).digest('hex');
}

function sqs(operation: string, input: Record<string, string>): object {
  const queue = (queues[String(input['QueueUrl'])] ??= []);
  switch (operation) {
    case 'GetQueueAttributes':
      return { Attributes: { ApproximateNumberOfMessages: String(queue.length) } };
    case 'ReceiveMessage':
      return {
        Messages: queue.slice(0, 10).map((Body) => ({
          MessageId: `id of ${Body.length}`,
          ReceiptHandle: Body,
          Body,
          MD5OfBody: md5(Body),
          Attributes: { SentTimestamp: String(Date.UTC(2026, 2, 1)) },
          MessageAttributes: { ERROR_CODE: { DataType: 'String', StringValue: 'NO_PERMISSIONS' } },
        })),
      };
    case 'DeleteMessage':
      queue.splice(queue.indexOf(String(input['ReceiptHandle'])), 1);
      return {};
    case 'SendMessage':
      queue.push(String(input['MessageBody']));
      return { MessageId: 'sent', MD5OfMessageBody: md5(String(input['MessageBody'])) };
    case 'PurgeQueue':
      queue.length = 0;
      return {};
    default:
      throw new Error(operation);
  }
}

function s3(method: string, key: string): { status: number; time?: string; body: string } {
  if (key === '') {
    const contents = Object.keys(objects).map((each) => `<Contents><Key>${each}</Key></Contents>`);
    return { status: 200, body: `<ListBucketResult>${contents.join('')}</ListBucketResult>` };
  }
  const found = objects[key];
  if (method === 'DELETE') {
    objects = Object.fromEntries(Object.entries(objects).filter(([each]) => each !== key));
    return { status: 204, body: '' };
  }
  return found === undefined ? { status: 404, body: '' } : { status: 200, ...found };
}

const aws = createServer((request, response) => {
  void text(request).then((body) => {
    const url = new URL(request.url ?? '/', 'http://aws');
    const target = String(request.headers['x-amz-target'] ?? '');
    const [, invoked] = /functions\/([^/]+)\/invocations/.exec(decodeURIComponent(url.pathname)) ?? [];
    if (target.startsWith('AmazonSQS.')) {
      const answer = sqs(target.slice('AmazonSQS.'.length), JSON.parse(body) as Record<string, string>);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer));
    } else if (body.includes('Action=DescribeStacks')) {
      const value = JSON.stringify(REPLAYS).replaceAll('"', '&quot;');
      const output = `<member><OutputKey>Replays</OutputKey><OutputValue>${value}</OutputValue></member>`;
      const stack = `<member><StackName>Postage-prod</StackName><Outputs>${output}</Outputs></member>`;
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(
          `<DescribeStacksResponse><DescribeStacksResult><Stacks>${stack}</Stacks></DescribeStacksResult></DescribeStacksResponse>`,
        );
    } else if (invoked !== undefined) {
      calls.push([invoked, JSON.parse(body)]);
      response.writeHead(200).end(JSON.stringify(answers(invoked)));
    } else {
      const {
        status,
        time,
        body: content,
      } = s3(String(request.method), decodeURIComponent(url.pathname).replace(/^\/records\/?/, ''));
      response.writeHead(status, { 'last-modified': time ?? EARLIER }).end(content);
    }
  });
});

function replay(...args: string[]): Command['ended'] {
  return runCommand('replay', args, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${String((aws.address() as AddressInfo).port)}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  }).ended;
}

beforeAll(async () => {
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
});

beforeEach(() => {
  queues = {};
  objects = {};
  calls = [];
  answers = () => null;
});

afterAll(() => {
  aws.close();
});

describe('npm run replay', () => {
  it('lists what lies in each dead-letter queue', async () => {
    queues = { 'dead-emails': ['one', 'two'] };
    const { code, stdout } = await replay('list', '--stage', 'prod');
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '       2  unsent-emails\n       0  failed-reconciliations\n       0  failed-records\n',
    });
  });

  it('shows when messages came and why, and nothing of what is in them; it changes nothing without --yes', async () => {
    queues = { 'dead-emails': ['ada@example.com'] };
    for (const args of [[], ['--yes', '--dry-run']]) {
      const { code, stdout } = await replay('unsent-emails', '--stage', 'prod', ...args);
      expect(code).toBe(0);
      expect(stdout).toContain('Here lie 1 messages.\n2026-03-01T00:00:00.000Z id of 15: NO_PERMISSIONS\n');
      expect(stdout).not.toContain('ada@');
    }
    expect(queues['dead-emails']).toHaveLength(1);
  });

  it('G12: brings messages back to their queue', async () => {
    const messages = Array.from({ length: 23 }, (_, index) => `message ${index}`);
    queues = { 'dead-emails': [...messages] };
    const { code, stdout, stderr } = await replay('unsent-emails', '--stage', 'prod', '--yes');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '23 messages were replayed.\n' });
    expect(stderr).toContain('23 of 23 messages');
    expect(queues).toEqual({ 'dead-emails': [], emails: messages });
  });

  it('G12: calls the function of a schedule again, with what it was called with', async () => {
    queues = { 'dead-runs': ['{"now":"a"}', '{"requestPayload":{"now":"b"},"requestContext":{}}'] };
    await replay('failed-reconciliations', '--stage', 'prod', '--yes');
    expect(calls).toEqual([
      ['reconciler', { now: 'a' }],
      ['reconciler', { now: 'b' }],
    ]);
    expect(queues['dead-runs']).toEqual([]);
  });

  it('G12: hands records to their functions, and deletes what went well', async () => {
    queues = { 'dead-records': ['two messages', 'about objects'] };
    objects = {
      'set-aside/outbox/1.json': { body: '{"Records":[1]}', time: EARLIER },
      'aws/lambda/mapping/shard/2': {
        body: JSON.stringify({
          requestContext: { functionArn: 'arn:statistics' },
          payload: '{"Records":[2]}',
        }),
        time: EARLIER,
      },
    };
    const { code, stdout } = await replay('failed-records', '--stage', 'prod', '--yes');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '2 of 2 objects were replayed.\n' });
    expect(calls).toEqual([
      ['the-outbox', { Records: [1] }],
      ['arn:statistics', { Records: [2] }],
    ]);
    expect(objects).toEqual({});
    expect(queues['dead-records']).toEqual([]);
  });

  it('G12: keeps records that fail again or are set aside again, says which, and ends with 1', async () => {
    queues = { 'dead-records': ['a message'] };
    objects = {
      'set-aside/outbox/1.json': { body: '{"Records":[1]}', time: EARLIER },
      'set-aside/statistics/2.json': { body: '{"Records":[2]}', time: EARLIER },
      'somebody/put-it-there': { body: '', time: EARLIER },
    };
    answers = (name) => {
      if (name === 'the-outbox') {
        return { batchItemFailures: [{ itemIdentifier: '1' }] };
      }
      objects['set-aside/statistics/2.json'] = { body: '{"Records":[2]}', time: LATER };
      return null;
    };
    const { code, stdout } = await replay('failed-records', '--stage', 'prod', '--yes');
    expect(code).toBe(1);
    expect(stdout.split('\n')).toEqual([
      '0 of 3 objects were replayed.',
      'set-aside/outbox/1.json: 1 of its records failed again',
      'set-aside/statistics/2.json: the function has set it aside again',
      'somebody/put-it-there: no function on the stream has set it aside',
      '',
    ]);
    expect(Object.keys(objects)).toHaveLength(3);
    expect(queues['dead-records']).toHaveLength(1);
  });

  it.each([
    ['no stage', ['list'], 'Name the stage with --stage.'],
    [
      'a queue that is none',
      ['unsent', '--stage', 'prod'],
      'The stack has no dead-letter queue "unsent". It has unsent-emails, failed-reconciliations, failed-records.',
    ],
    ['no name', ['--stage', 'prod'], 'Name a dead-letter queue, or list.'],
  ])('refuses %s', async (_, args, message) => {
    const { code, stdout, stderr } = await replay(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(message);
  });
});

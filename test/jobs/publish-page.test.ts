import '../support/silent-functions.ts';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import type { PageBucket } from '../../lambdas/adapters/page-bucket.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { LOCAL_AWS } from '../support/table.ts';

/** As far as the function goes: S3 takes and deletes objects, and CloudFormation an answer at an address in a bucket. */
let requests: string[] = [];
let kept = new Map<string, { type: string | undefined; cache: string | undefined; body: string }>();
let answers: { Status: string; Reason?: string }[] = [];
let isRefusing = false;

const server = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = '', url = '', headers } = request;
  const body = await text(request);
  const path = url.replace(/\?.*/, '');
  if (path === '/answer') {
    answers.push(JSON.parse(body) as (typeof answers)[number]);
    response.end();
    return;
  }
  requests.push(`${method} ${path}`);
  if (method === 'GET') {
    const contents = [...kept.keys()].map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
    response.end(`<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`);
  } else if (method === 'POST') {
    if (isRefusing) {
      response.end(
        '<DeleteResult><Error><Key>x</Key><Message>Access Denied</Message></Error></DeleteResult>',
      );
      return;
    }
    kept = new Map();
    response.end('<DeleteResult></DeleteResult>');
  } else {
    const { 'content-type': type, 'cache-control': cache } = headers;
    kept.set(path.replace('/page/', ''), { type, cache, body });
    response.end();
  }
}

let bucket: PageBucket;
let publishPage: (to: PageBucket, folder: string, config: string) => Promise<void>;
let handler: (event: CloudFormationCustomResourceEvent) => Promise<void>;
const folder = mkdtempSync(join(tmpdir(), 'postage-page-'));

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_S3: url(''),
    [VARIABLES.pageBucket]: 'page',
  });
  const adapter = await import('../../lambdas/adapters/page-bucket.ts');
  ({ publishPage } = adapter);
  bucket = adapter.connectPageBucket('page');
  // By its path, since no name leads to a bucket here.
  bucket.client.config.forcePathStyle = true;
  ({ handler } = await import('../../lambdas/jobs/publish-page.ts'));
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'icon.svg'), '<svg/>');
  writeFileSync(join(folder, 'assets/index-1.js'), 'run()');
});

beforeEach(() => {
  requests = [];
  answers = [];
  kept = new Map();
  isRefusing = false;
});

afterAll(() => {
  rmSync(folder, { recursive: true });
  bucket.client.destroy();
  server.closeAllConnections();
  server.close();
});

function url(path: string): string {
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}${path}`;
}

describe('publishing the page', () => {
  it('puts each file with its type and for how long browsers keep it, and the one that names the others last', async () => {
    await publishPage(bucket, folder, '{"apiUrl":"/"}');
    expect(Object.fromEntries(kept)).toEqual({
      'app/assets/index-1.js': {
        type: 'text/javascript; charset=utf-8',
        cache: 'public, max-age=31536000, immutable',
        body: expect.stringContaining('run()'),
      },
      'app/icon.svg': { type: 'image/svg+xml', cache: 'no-cache', body: expect.stringContaining('<svg/>') },
      'app/config.json': {
        type: 'application/json',
        cache: 'no-cache',
        body: expect.stringContaining('{"apiUrl":"/"}'),
      },
      'app/index.html': {
        type: 'text/html; charset=utf-8',
        cache: 'no-cache',
        body: expect.stringContaining('<!doctype html>'),
      },
    });
    expect(requests.slice(-2)).toEqual(['PUT /page/app/config.json', 'PUT /page/app/index.html']);
  });

  it('leaves what former versions have brought', async () => {
    await publishPage(bucket, folder, '{}');
    writeFileSync(join(folder, 'assets/index-2.js'), 'walk()');
    await publishPage(bucket, folder, '{}');
    expect([...kept.keys()]).toEqual(
      expect.arrayContaining(['app/assets/index-1.js', 'app/assets/index-2.js']),
    );
    expect(requests.filter((each) => !each.startsWith('PUT '))).toEqual([]);
  });
});

describe('the function that CloudFormation calls', () => {
  const event = (RequestType: 'Create' | 'Delete'): CloudFormationCustomResourceEvent => {
    const about = {
      ServiceToken: 'arn',
      ResponseURL: url('/answer'),
      StackId: 'stack',
      RequestId: 'request',
      LogicalResourceId: 'Published',
      ResourceType: 'Custom::PostagePage',
      ResourceProperties: { ServiceToken: 'arn', config: '{}' },
    };
    return RequestType === 'Create'
      ? { ...about, RequestType }
      : { ...about, RequestType, PhysicalResourceId: 'Published' };
  };

  it('tells it why the page could not be published', async () => {
    // Beside the sources lies no built page.
    await handler(event('Create'));
    expect(answers).toEqual([
      expect.objectContaining({
        Status: 'FAILED',
        Reason: expect.stringContaining('could not be published'),
      }),
    ]);
  });
});

describe('emptying the bucket', () => {
  it('deletes all that is there, and fails when something stays', async () => {
    const { emptyBucket } = await import('../../lambdas/adapters/page-bucket.ts');
    await emptyBucket(bucket);
    expect(requests).toEqual(['GET /page/']);
    await publishPage(bucket, folder, '{}');
    isRefusing = true;
    await expect(emptyBucket(bucket)).rejects.toThrow('S3 did not delete 1 files: Access Denied');
    isRefusing = false;
    await emptyBucket(bucket);
    expect(kept.size).toBe(0);
  });
});

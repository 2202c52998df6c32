import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'aws-lambda';
import { FunctionFailedError, invokeFunction, type LambdaHandler } from '../../local/functions.ts';
import type { GatewayEvent } from '../../local/gateway-event.ts';
import { fakeFunctions } from '../support/fake-functions.ts';
import { sendRaw } from '../support/raw-request.ts';
import { type Postage, startPostage } from '../support/server.ts';

let handler: LambdaHandler;
let contexts: Context[] = [];
let postage: Postage;

beforeAll(async () => {
  postage = await startPostage({
    functions: fakeFunctions((event, context) => {
      contexts.push(context);
      return handler(event, context);
    }),
  });
});

afterEach(() => {
  contexts = [];
  postage.errors.length = 0;
});

afterAll(async () => {
  await postage.stop();
});

function health(): Promise<Response> {
  return fetch(`${postage.url}/health`);
}

describe('what a function answers', () => {
  it('goes out with its status, headers and cookies', async () => {
    handler = () => ({
      statusCode: 201,
      headers: { 'Content-Type': 'text/plain', 'X-Count': 3 },
      cookies: ['a=1; Secure', 'b=2'],
      body: 'made',
    });
    const answer = await health();
    expect(answer.status).toBe(201);
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('x-count')).toBe('3');
    expect(answer.headers.getSetCookie()).toEqual(['a=1; Secure', 'b=2']);
    expect(await answer.text()).toBe('made');
  });

  it('is decoded when it is in base64', async () => {
    handler = () => ({ statusCode: 200, body: 'AP8=', isBase64Encoded: true });
    expect(Buffer.from(await (await health()).arrayBuffer())).toEqual(Buffer.from([0, 255]));
  });

  it.each([
    ['an object without a status', { hello: 'you' }, '{"hello":"you"}'],
    ['a text', 'hello', '"hello"'],
    ['nothing', undefined, 'null'],
  ])('is the JSON of a 200 when it is %s', async (_, result, body) => {
    handler = () => result;
    const answer = await health();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.text()).toBe(body);
  });

  it.each<[string, LambdaHandler]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['answers with no status', () => ({ statusCode: 'secret' })],
    ['answers with a body that is no text', () => ({ statusCode: 200, body: { secret: 1 } })],
  ])('is hidden behind a 500 when it %s', async (_, failing) => {
    handler = failing;
    const answer = await health();
    const body = await answer.text();
    expect(answer.status).toBe(500);
    expect(JSON.parse(body)).toEqual({ message: 'Internal Server Error' });
    expect(body).not.toContain('secret');
    expect(postage.errors).toEqual([expect.any(FunctionFailedError)]);
  });
});

describe('a function', () => {
  it('has the time that it has in AWS, and a request of its own', async () => {
    handler = () => null;
    await health();
    await health();
    const [first, second] = contexts;
    expect(first?.functionName).toBe('postage-docs');
    expect(first?.awsRequestId).not.toBe(second?.awsRequestId);
    const remainingMs = second?.getRemainingTimeInMillis() ?? 0;
    expect(remainingMs).toBeGreaterThan(20_000);
    expect(remainingMs).toBeLessThanOrEqual(25_000);
    await wait(20);
    expect(second?.getRemainingTimeInMillis()).toBeLessThan(remainingMs);
  });

  it('fails when it runs out of it', async () => {
    const never = invokeFunction('slow', () => wait(5_000, null, { ref: false }), {} as GatewayEvent, 20);
    await expect(never).rejects.toThrow('slow ran for more than 20 ms.');
  });
});

describe('the gateway', () => {
  it('takes a body of 10 MiB and refuses a larger one', async () => {
    handler = () => ({ statusCode: 204 });
    const send = (bytes: number): Promise<Response> =>
      fetch(`${postage.url}/cron/rollover-usage`, { method: 'POST', body: Buffer.alloc(bytes) });
    expect((await send(10 * 1024 * 1024)).status).toBe(204);
    const refused = await send(10 * 1024 * 1024 + 1);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toEqual({ message: 'Request Entity Too Large' });
  });

  it('lets nobody without a token through to a function of a user', async () => {
    handler = () => ({ statusCode: 204 });
    const { status } = await sendRaw(postage.url, { method: 'POST', path: '/letters', body: '{}' });
    expect({ status, calls: contexts.length }).toEqual({ status: 401, calls: 0 });
  });
});

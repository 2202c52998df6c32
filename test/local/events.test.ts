import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fakeFunctions } from '../support/fake-functions.ts';
import { sendRaw } from '../support/raw-request.ts';
import { type Postage, startPostage } from '../support/server.ts';

/** The functions answer with the event that they got. */
const echo = fakeFunctions((event) => ({ statusCode: 200, body: JSON.stringify(event) }));

let postage: Postage;

beforeAll(async () => {
  postage = await startPostage({ functions: echo });
  postage.clock.moveTo(Date.UTC(2199, 0, 2, 3, 4, 5));
});

afterAll(async () => {
  await postage.stop();
});

const uuid = expect.stringMatching(/^[\da-f-]{36}$/);

describe('the event that a function gets', () => {
  it('has every member that API Gateway sends, in the same place, and no other', async () => {
    const { port, host } = new URL(postage.url);
    const token = await postage.token('user-1', 'one two');
    const { body } = await sendRaw(postage.url, {
      method: 'DELETE',
      path: '/letters/a%20b?tag=x&tag=y%2Cz&empty=&plus=a+b',
      headers: {
        Authorization: `Bearer ${token}`,
        Cookie: 'first=1; second=2',
        'User-Agent': 'test',
        'X-Several': ['one', 'two'],
      },
    });
    const routeKey = 'DELETE /letters/{id}';
    expect(body).toEqual({
      version: '2.0',
      routeKey,
      rawPath: '/letters/a b',
      rawQueryString: 'tag=x&tag=y%2Cz&empty=&plus=a+b',
      cookies: ['first=1', 'second=2'],
      headers: {
        authorization: `Bearer ${token}`,
        host,
        'user-agent': 'test',
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': port,
        'x-forwarded-proto': 'http',
        'x-several': 'one,two',
      },
      queryStringParameters: { tag: 'x,y,z', empty: '', plus: 'a b' },
      pathParameters: { id: 'a b' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'local',
        authorizer: {
          jwt: {
            claims: {
              iss: postage.url,
              aud: 'postage',
              sub: 'user-1',
              scope: 'one two',
              iat: expect.stringMatching(/^7226\d{6}$/),
              exp: expect.stringMatching(/^7226\d{6}$/),
            },
            scopes: null,
          },
        },
        domainName: 'local.execute-api.localhost',
        domainPrefix: 'local',
        http: {
          method: 'DELETE',
          path: '/letters/a b',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'test',
        },
        requestId: uuid,
        routeKey,
        stage: '$default',
        time: expect.stringMatching(/^02\/Jan\/2199:03:04:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
      isBase64Encoded: false,
    });
  });

  it('leaves out what a request does not have', async () => {
    const { body } = await sendRaw(postage.url, { path: '/health' });
    expect(Object.keys(body as object).sort()).toEqual([
      'headers',
      'isBase64Encoded',
      'rawPath',
      'rawQueryString',
      'requestContext',
      'routeKey',
      'version',
    ]);
    expect(body).not.toHaveProperty('requestContext.authorizer');
    expect(body).toMatchObject({ rawQueryString: '', requestContext: { http: { userAgent: '' } } });
  });

  it('carries the time of the local clock', async () => {
    const before = postage.clock.now();
    const { body } = await sendRaw(postage.url, { path: '/health' });
    const { timeEpoch } = (body as { requestContext: { timeEpoch: number } }).requestContext;
    expect(timeEpoch).toBeGreaterThanOrEqual(before);
    expect(timeEpoch).toBeLessThanOrEqual(postage.clock.now());
  });
});

describe('the body of an event', () => {
  const bytes = Buffer.from('{"é":1}');
  it.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['Application/JSON', false],
    ['text/plain', false],
    ['text/csv', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/x-www-form-urlencoded', true],
    ['application/problem+json', true],
    ['application/octet-stream', true],
    ['multipart/form-data; boundary=x', true],
    [undefined, true],
  ])('of type %s is in base64: %s', async (contentType, isBase64Encoded) => {
    const { body } = await sendRaw(postage.url, {
      method: 'POST',
      path: '/cron/rollover-usage',
      headers: contentType === undefined ? {} : { 'Content-Type': contentType },
      body: bytes,
    });
    expect(body).toMatchObject({
      isBase64Encoded,
      body: bytes.toString(isBase64Encoded ? 'base64' : 'utf8'),
    });
  });

  it('that calls itself text, and is not UTF-8, is in base64', async () => {
    const { body } = await sendRaw(postage.url, {
      method: 'POST',
      path: '/cron/rollover-usage',
      headers: { 'Content-Type': 'application/json' },
      body: Buffer.from([0x22, 0xff, 0x22]),
    });
    expect(body).toMatchObject({ isBase64Encoded: true, body: 'Iv8i' });
  });
});

describe('the route of a request', () => {
  it.each([
    ['GET', '/letters', 'GET /letters'],
    ['GET', '/letters/1', 'GET /letters/{id}'],
    ['GET', '/usage/history', 'GET /usage/history'],
    ['GET', '/docs/swagger-ui.css', 'GET /docs/{file}'],
    ['GET', '/letters/a%2Fb', 'GET /letters/{id}'],
  ])('%s %s is %s', async (method, path, routeKey) => {
    const headers = { authorization: await postage.token('user-1') };
    expect(await sendRaw(postage.url, { method, path, headers })).toMatchObject({ body: { routeKey } });
  });

  it.each([
    ['GET', '/letters/'],
    ['GET', '//letters'],
    ['GET', '/letters/1/2'],
    ['GET', '/Letters'],
    ['PATCH', '/letters/1'],
    ['OPTIONS', '/letters'],
    ['HEAD', '/health/'],
    ['GET', '/dev'],
  ])('%s %s is none', async (method, path) => {
    if (method === 'HEAD') {
      const answer = await fetch(`${postage.url}${path}`, { method });
      expect(answer.status).toBe(404);
      return;
    }
    const { status, headers, body } = await sendRaw(postage.url, { method, path });
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/json');
    expect(body).toEqual({ message: 'Not Found' });
  });

  it('cannot be told from a malformed escape', async () => {
    const answer = await sendRaw(postage.url, { path: '/letters/%zz' });
    expect(answer).toMatchObject({ status: 400, body: { message: 'Bad Request' } });
  });
});

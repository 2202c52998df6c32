import { createServer, type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { callFunction, connectFunction } from '../../lambdas/adapters/functions.ts';
import { connectLob } from '../../lambdas/letters/adapters/senders/lob.ts';
import {
  NothingTakenError,
  type Parcel,
  type Send,
  SenderNotConfiguredError,
} from '../../lambdas/letters/adapters/senders/provider.ts';
import { connectSes } from '../../lambdas/letters/adapters/senders/ses.ts';
import { type EmailRecipient, type PostalRecipient } from '../../lambdas/letters/domain/deliveries.ts';
import { closeServer, listenLocally } from '../../local/http-server.ts';
import '../support/node-errors.ts';
import { LOCAL_AWS } from '../support/table.ts';

interface Asked {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

interface Reply {
  status: number;
  body: object;
  headers?: Record<string, string>;
}

let url = '';
let asked: Asked[] = [];
/** What is answered to each request; null breaks the connection. */
let reply: (request: Asked) => Reply | null = () => ({ status: 200, body: {} });

const server = createServer((request, response) => {
  void text(request).then((body) => {
    const one = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
    asked.push(one);
    const answer = reply(one);
    if (answer === null) {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  });
});

beforeAll(async () => {
  ({ url } = await listenLocally(server, 0));
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_SESV2: url,
    AWS_ENDPOINT_URL_LAMBDA: url,
  });
});

beforeEach(() => {
  asked = [];
});

afterAll(() => closeServer(server));

function parcelFor<Recipient>(recipient: Recipient, attempt = 1): Parcel<Recipient> {
  const letter = { title: 'To me', body: 'Still there?' };
  return { deliveryId: 'd1', userId: 'auth0|"ada"', attempt, recipient, letter };
}

const EMAIL: EmailRecipient = { email: 'ada@example.com' };
const POSTAL: PostalRecipient = {
  name: 'Ada',
  line1: 'Square 1',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

/** How sending ends: what the provider made of it, or the name of the error. */
async function endOf<Recipient>(send: Send<Recipient>, parcel: Parcel<Recipient>): Promise<unknown> {
  return send(parcel).catch((error: unknown) => (error instanceof Error ? error.name : 'no error'));
}

function sesError(name: string, message = 'as told', status = 400): () => Reply {
  return () => ({ status, body: { message }, headers: { 'x-amzn-errortype': name } });
}

function ses(from: string, batchesAtOnce = 2): Send<EmailRecipient> {
  return connectSes({ from, configurationSet: 'postage', batchesAtOnce });
}

/** What SES was asked beside its quota. */
function emails(): Asked[] {
  return asked.filter(({ method }) => method === 'POST');
}

describe('SES', () => {
  it('is asked once, from the address, for a text', async () => {
    reply = () => ({ status: 200, body: { MessageId: 'm1' } });
    const send = ses('Postage <letters@example.com>');
    expect(await send(parcelFor(EMAIL))).toEqual({ outcome: 'accepted', providerId: 'm1' });
    expect(emails()).toHaveLength(1);
    expect(JSON.parse(emails()[0]?.body ?? '')).toMatchObject({
      FromEmailAddress: '"Postage" <letters@example.com>',
      ConfigurationSetName: 'postage',
      EmailTags: [
        { Name: 'postage-delivery', Value: 'd1' },
        { Name: 'postage-user', Value: Buffer.from('auth0|"ada"').toString('base64url') },
      ],
      Destination: { ToAddresses: ['ada@example.com'] },
      Content: { Simple: { Subject: { Data: 'To me' }, Body: { Text: { Data: 'Still there?' } } } },
    });
  });

  it.each<[string, () => Reply | null, unknown]>([
    ['rejects the message', sesError('MessageRejected'), { outcome: 'rejected', failure: 'rejected' }],
    ['rejects the address', sesError('BadRequestException'), { outcome: 'rejected', failure: 'rejected' }],
    [
      'is a sandbox',
      sesError('MessageRejected', 'Email address is not verified.'),
      'SenderNotConfiguredError',
    ],
    ['has paused the account', sesError('SendingPausedException'), 'SenderNotConfiguredError'],
    ['does not allow it', sesError('AccessDeniedException', 'no', 403), 'SenderNotConfiguredError'],
    ['asks for patience', sesError('TooManyRequestsException', 'slower', 429), 'ProviderBusyError'],
    ['fails itself', sesError('InternalServiceErrorException', 'oh', 500), 'InternalServiceErrorException'],
  ])('that %s ends as it should, and is not asked again', async (_what, answer, end) => {
    reply = answer;
    expect(await endOf(ses('letters@example.com'), parcelFor(EMAIL))).toEqual(end);
    expect(emails()).toHaveLength(1);
  });

  it('whose answer is lost may have taken it: the claim is kept', async () => {
    reply = () => null;
    const error: unknown = await ses('letters@example.com')(parcelFor(EMAIL)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(NothingTakenError);
  });

  it('that cannot be reached has taken nothing', async () => {
    process.env['AWS_ENDPOINT_URL_SESV2'] = 'http://127.0.0.1:1';
    expect(await endOf(ses('letters@example.com'), parcelFor(EMAIL))).toBe('NothingTakenError');
    process.env['AWS_ENDPOINT_URL_SESV2'] = url;
  });

  it('is asked no faster than the account may', async () => {
    reply = ({ method }) => ({
      status: 200,
      body: method === 'GET' ? { SendQuota: { MaxSendRate: 40 } } : { MessageId: 'm1' },
    });
    const send = ses('letters@example.com');
    const begun = performance.now();
    await Promise.all(Array.from({ length: 5 }, () => send(parcelFor(EMAIL))));
    // Two batches share 40 a second, so that the fifth comes after four times 50 ms.
    expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
    expect(asked.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  it('takes no more for a while, when a turn is further away than a function may wait', async () => {
    reply = ({ method }) => ({
      status: 200,
      body: method === 'GET' ? { SendQuota: { MaxSendRate: 1 } } : { MessageId: 'm1' },
    });
    const send = ses('letters@example.com', 50);
    expect(await endOf(send, parcelFor(EMAIL))).toMatchObject({ outcome: 'accepted' });
    for (let times = 0; times < 3; times += 1) {
      expect(await endOf(send, parcelFor(EMAIL))).toBe('ProviderBusyError');
    }
    expect(emails()).toHaveLength(1);
  });

  it('that did not tell the rate is asked for it again within minutes, and the former one holds meanwhile', async () => {
    let rate: number | null = null;
    reply = ({ method }) =>
      method === 'POST'
        ? { status: 200, body: { MessageId: 'm1' } }
        : rate === null
          ? { status: 429, body: {} }
          : { status: 200, body: { SendQuota: { MaxSendRate: rate } } };
    const send = ses('letters@example.com', 50);
    let later = 0;
    const realNow = performance.now.bind(performance);
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => realNow() + later);
    const endsAfter = async (minutes: number): Promise<unknown[]> => {
      later += minutes * 60_000;
      return [await endOf(send, parcelFor(EMAIL)), await endOf(send, parcelFor(EMAIL))];
    };
    const accepted = { outcome: 'accepted', providerId: 'm1' };
    try {
      expect(await endsAfter(0)).toEqual([accepted, 'ProviderBusyError']);
      rate = 1_000_000;
      expect(await endsAfter(2)).toEqual([accepted, accepted]);
      rate = null;
      expect(await endsAfter(61)).toEqual([accepted, accepted]);
    } finally {
      clock.mockRestore();
    }
  });

  it('is asked on a connection of its own', async () => {
    reply = () => ({ status: 200, body: { MessageId: 'm1' } });
    await ses('letters@example.com')(parcelFor(EMAIL));
    expect(emails().map(({ headers }) => headers.connection)).toEqual(['close']);
  });
});

function lob(apiKey = 'test_key'): Send<PostalRecipient> {
  return connectLob({ apiUrl: url, keys: async () => ({ apiKey, webhookSecret: '' }), from: 'adr_1' });
}

describe('Lob', () => {
  it('is asked with a key that makes repeating safe, and with metadata by which it finds the letter', async () => {
    reply = () => ({ status: 200, body: { id: 'ltr_1' } });
    expect(await lob()(parcelFor(POSTAL))).toEqual({ outcome: 'accepted', providerId: 'ltr_1' });
    expect(asked).toMatchObject([{ method: 'POST', path: '/v1/letters' }]);
    const [{ headers, body } = { headers: {}, body: '' }] = asked;
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from('test_key:').toString('base64')}`,
      'idempotency-key': 'd1',
    });
    expect(body).toContain('name="metadata[postage_delivery]"\r\n\r\nd1\r\n');
    const user = Buffer.from('auth0|"ada"').toString('base64url');
    expect(body).toContain(`name="metadata[postage_user]"\r\n\r\n${user}\r\n`);
    expect(body).toContain('name="to[address_country]"\r\n\r\nGB\r\n');
    expect(body).not.toContain('to[address_state]');
    expect(headers).toMatchObject({ connection: 'close' });
  });

  it('is asked first whether it has the letter, when an earlier attempt may have sent it', async () => {
    reply = ({ method }) => ({ status: 200, body: method === 'GET' ? { data: [{ id: 'ltr_old' }] } : {} });
    expect(await lob()(parcelFor(POSTAL, 2))).toEqual({ outcome: 'accepted', providerId: 'ltr_old' });
    expect(asked.map(({ method, path }) => `${method} ${decodeURIComponent(path)}`)).toEqual([
      'GET /v1/letters?metadata[postage_delivery]=d1&limit=1',
    ]);
  });

  it('gets the letter when it does not have it', async () => {
    reply = ({ method }) => ({ status: 200, body: method === 'GET' ? { data: [] } : { id: 'ltr_new' } });
    expect(await lob()(parcelFor(POSTAL, 2))).toEqual({ outcome: 'accepted', providerId: 'ltr_new' });
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it.each<[number, unknown]>([
    [422, { outcome: 'rejected', failure: 'rejected' }],
    [400, { outcome: 'rejected', failure: 'rejected' }],
    [401, 'SenderNotConfiguredError'],
    [402, 'SenderNotConfiguredError'],
    [404, 'SenderNotConfiguredError'],
    [429, 'ProviderBusyError'],
    [500, 'NothingTakenError'],
  ])('that answers %i ends as it should', async (status, end) => {
    reply = () => ({ status, body: { error: {} } });
    expect(await endOf(lob(), parcelFor(POSTAL))).toEqual(end);
  });

  it('that does not know the sender’s address fails no mail', async () => {
    reply = () => ({ status: 422, body: { error: { message: 'from address not found' } } });
    expect(await endOf(lob(), parcelFor(POSTAL))).toBe('SenderNotConfiguredError');
  });

  it('that cannot tell whether it has the letter is not given another', async () => {
    reply = () => ({ status: 500, body: {} });
    expect(await endOf(lob(), parcelFor(POSTAL, 3))).toBe('NothingTakenError');
    expect(asked.map(({ method }) => method)).toEqual(['GET']);
  });

  it('whose answer is lost may be asked again, and without a key is not asked at all', async () => {
    reply = () => null;
    expect(await endOf(lob(), parcelFor(POSTAL))).toBe('NothingTakenError');
    asked = [];
    const error: unknown = await lob('')(parcelFor(POSTAL)).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(SenderNotConfiguredError);
    expect(asked).toEqual([]);
  });
});

describe('a function that is called', () => {
  const ARN = 'arn:aws:lambda:eu-west-1:000000000000:function:reconciler';

  it('answers', async () => {
    reply = () => ({ status: 200, body: { done: 1 } });
    expect(await callFunction(connectFunction(ARN, 2_000), { now: 'n' })).toEqual({ done: 1 });
    expect(asked).toMatchObject([{ method: 'POST', body: '{"now":"n"}' }]);
    expect(decodeURIComponent(asked[0]?.path ?? '')).toBe(`/2015-03-31/functions/${ARN}/invocations`);
  });

  it('breaks off', async () => {
    reply = () => ({ status: 200, body: {}, headers: { 'x-amz-function-error': 'Unhandled' } });
    await expect(callFunction(connectFunction(ARN, 2_000), {})).rejects.toMatchObject({
      name: 'FunctionFailedError',
    });
  });

  it('takes too long', async () => {
    const slow = createServer(() => undefined);
    const { url: slowUrl } = await listenLocally(slow, 0);
    process.env['AWS_ENDPOINT_URL_LAMBDA'] = slowUrl;
    await expect(callFunction(connectFunction(ARN, 200), {})).rejects.toMatchObject({
      name: 'FunctionBusyError',
    });
    process.env['AWS_ENDPOINT_URL_LAMBDA'] = url;
    await closeServer(slow);
  });
});

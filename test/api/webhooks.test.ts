import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { Stripe } from 'stripe';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { MAX_BODY_BYTES } from '../../lambdas/http/body.ts';
import type { HttpResult } from '../../lambdas/http/event.ts';
import type { HttpHandler } from '../../lambdas/http/handler.ts';
import { AwsError } from '../../local/aws-error.ts';
import { startAwsStandIn } from '../../local/aws-stand-in.ts';
import { contextWith, httpEvent, jsonOf, NOW } from '../support/http-event.ts';

const KEYS = { secretKey: 'sk_test_abc', webhookSecret: 'whsec_abc' };
const NOW_SECONDS = Math.floor(NOW / 1_000);

let standIn: Awaited<ReturnType<typeof startAwsStandIn>>;
let handler: HttpHandler;
/** The requests to AWS, in the order in which they came. */
let requests: string[];
let queued: string[];
let secret: string;
let queueFails: boolean;

beforeAll(async () => {
  standIn = await startAwsStandIn({
    'AmazonSQS.SendMessage': (request) => {
      requests.push('SendMessage');
      if (queueFails) {
        throw new AwsError('ServiceUnavailable', 'as told');
      }
      const { MessageBody } = request as { MessageBody: string };
      queued.push(MessageBody);
      return { MessageId: '1', MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') };
    },
    'secretsmanager.GetSecretValue': () => {
      requests.push('GetSecretValue');
      return { SecretString: secret };
    },
  });
  Object.assign(process.env, {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_SQS: standIn.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: standIn.url,
    POWERTOOLS_LOG_LEVEL: 'SILENT',
    [VARIABLES.stripeSecretId]: 'stripe',
    [VARIABLES.stripeEventsQueueUrl]: `${standIn.url}/1/events`,
  });
  secret = JSON.stringify(KEYS);
  ({ handler } = await import('../../lambdas/api/webhooks.ts'));
});

afterAll(async () => {
  await standIn.stop();
});

beforeEach(() => {
  requests = [];
  queued = [];
  queueFails = false;
});

/** White space and order as no serializer of ours has them. */
function bodyOf(changes: object = {}): string {
  const event = {
    id: 'evt_1',
    object: 'event',
    type: 'invoice.paid',
    created: NOW_SECONDS,
    livemode: false,
    data: { object: { id: 'in_1', object: 'invoice', customer: 'cus_1', description: 'Ünïcødé ✉️' } },
    ...changes,
  };
  return `${JSON.stringify(event, null, 3)}\n`;
}

function signed(body: string, { secret: by = KEYS.webhookSecret, age = 0 } = {}): string {
  return Stripe.webhooks.generateTestHeaderString({
    payload: body,
    secret: by,
    timestamp: NOW_SECONDS - age,
  });
}

async function send(
  body: string | undefined,
  signature: string | undefined,
  options: { isBase64Encoded?: boolean; contentType?: string } = {},
): Promise<HttpResult> {
  const { isBase64Encoded = false, contentType = 'application/json; charset=utf-8' } = options;
  return handler(
    httpEvent({
      method: 'POST',
      path: '/webhooks/stripe',
      claims: null,
      headers: {
        'content-type': contentType,
        ...(signature === undefined ? {} : { 'stripe-signature': signature }),
      },
      ...(body === undefined ? {} : { body }),
      isBase64Encoded,
    }),
    contextWith(25_000),
  );
}

async function expectRefused(result: Promise<HttpResult>, statusCode: number, code: string): Promise<void> {
  const answer = await result;
  expect({ statusCode: answer.statusCode, code: (jsonOf(answer) as { code: string }).code }).toEqual({
    statusCode,
    code,
  });
  expect(queued).toEqual([]);
}

describe('an event that Stripe has signed', () => {
  it('is queued whole and answered at once', async () => {
    const body = bodyOf();
    expect(await send(body, signed(body))).toMatchObject({ statusCode: 200 });
    expect(queued).toEqual([body]);
  });

  it('takes one request to AWS, because the keys are kept', async () => {
    const body = bodyOf();
    await send(body, signed(body));
    requests = [];
    await send(body, signed(body));
    expect(requests).toEqual(['SendMessage']);
  });

  it('may come as base64, and as any content type', async () => {
    const body = bodyOf();
    const encoded = Buffer.from(body).toString('base64');
    const options = { isBase64Encoded: true, contentType: 'application/octet-stream' };
    expect(await send(encoded, signed(body), options)).toMatchObject({ statusCode: 200 });
    expect(queued).toEqual([body]);
  });

  it('may carry several signatures, one of them right, as while the secret is being rolled', async () => {
    const body = bodyOf();
    const [time, right] = signed(body).split(',');
    const [, wrong] = signed(body, { secret: 'whsec_former' }).split(',');
    for (const header of [`${time},${wrong},${right}`, `${time},${right},${wrong},v0=${'0'.repeat(64)}`]) {
      expect(await send(body, header)).toMatchObject({ statusCode: 200 });
    }
    expect(queued).toEqual([body, body]);
  });

  it('may be up to 300 seconds old, by the clock of the gateway', async () => {
    const body = bodyOf();
    expect(await send(body, signed(body, { age: 300 }))).toMatchObject({ statusCode: 200 });
  });

  it('reaches the queue even with characters that SQS refuses', async () => {
    const body = bodyOf({ note: 'a\uFFFEb\uFFFFc' });
    expect(await send(body, signed(body))).toMatchObject({ statusCode: 200 });
    expect(queued[0]).toMatch(/a\\uFFFEb\\uFFFFc/);
    expect(JSON.parse(queued[0] ?? '')).toEqual(JSON.parse(body));
  });

  it('G12: is answered with 503 when the queue does not take it, so that Stripe sends it again', async () => {
    queueFails = true;
    const body = bodyOf();
    await expectRefused(send(body, signed(body)), 503, 'busy');
  });
});

describe('what Stripe has not signed', () => {
  const body = bodyOf();

  it.each<[string, string | undefined]>([
    ['without a signature', undefined],
    ['with an empty signature', ''],
    ['with something else as a signature', 'v1=abc'],
    ['signed with another secret', signed(body, { secret: 'whsec_other' })],
    ['signed too long ago', signed(body, { age: 301 })],
    ['signed for another body', signed(bodyOf({ id: 'evt_2' }))],
    ['with the signature of another scheme', signed(body).replace('v1=', 'v0=')],
    ['with the right signature at another time', signed(body).replace(/t=\d+/, `t=${NOW_SECONDS - 1}`)],
    ['without a time', signed(body).replace(/t=\d+,/, '')],
    [
      'with several signatures, none of them right',
      `${signed(body, { secret: 'whsec_1' })},${signed(body, { secret: 'whsec_2' }).split(',')[1] ?? ''}`,
    ],
  ])('%s is refused', async (_, signature) => {
    const result = send(body, signature);
    await expectRefused(result, 401, 'unauthenticated');
    expect((await result).headers).toMatchObject({ 'www-authenticate': 'Stripe-Signature' });
  });

  it('is refused with any one byte altered, added or taken away', async () => {
    const signature = signed(body);
    const bytes = Buffer.from(body);
    for (let index = 0; index < bytes.length; index += 7) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8((bytes.readUInt8(index) ^ 1) & 0x7f, index);
      for (const other of [
        altered,
        Buffer.concat([bytes.subarray(0, index), Buffer.from(' '), bytes.subarray(index)]),
        Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + 1)]),
      ]) {
        const { statusCode } = await send(other.toString('base64'), signature, { isBase64Encoded: true });
        // 400: what is left is no UTF-8.
        expect([400, 401]).toContain(statusCode);
      }
    }
    const withMark = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]);
    await expectRefused(
      send(withMark.toString('base64'), signature, { isBase64Encoded: true }),
      401,
      'unauthenticated',
    );
  });

  it('is refused without a body, or with one that is too large or no UTF-8', async () => {
    await expectRefused(send(undefined, signed(body)), 400, 'malformed');
    await expectRefused(send('', signed(body)), 400, 'malformed');
    const large = bodyOf({ note: 'x'.repeat(MAX_BODY_BYTES) });
    await expectRefused(send(large, signed(large)), 413, 'too_large');
    const latin1 = Buffer.from(body, 'latin1').toString('base64');
    await expectRefused(send(latin1, signed(body), { isBase64Encoded: true }), 400, 'malformed');
  });
});

describe('what is signed and not for us', () => {
  it.each([
    ["a connected account's event", { account: 'acct_1' }],
    ['an event of the live mode, with the keys of a sandbox', { livemode: true }],
  ])('%s is refused', async (_, changes) => {
    const body = bodyOf(changes);
    await expectRefused(send(body, signed(body)), 403, 'forbidden');
  });

  it('a thin event is refused, and is not queued', async () => {
    const body = JSON.stringify({
      id: 'evt_1',
      object: 'v2.core.event',
      type: 'v1.invoice.paid',
      livemode: false,
    });
    await expectRefused(send(body, signed(body)), 400, 'malformed');
    expect(queued).toEqual([]);
    await expectRefused(send(body, 't=1,v1=abc'), 401, 'unauthenticated');
  });

  it('something signed that is no event is an error, and is not queued', async () => {
    const body = JSON.stringify({ livemode: false });
    await expectRefused(send(body, signed(body)), 500, 'internal');
  });
});

describe('without keys', () => {
  it.each([
    ['', 'an empty secret'],
    [JSON.stringify({ secretKey: '', webhookSecret: '' }), 'the empty keys of a new stack'],
    [JSON.stringify({ secretKey: 'sk_test_1' }), 'half of them'],
    ['{', 'something that is no JSON'],
  ])('%s: 503, so that Stripe sends the event again', async (value) => {
    const { connectStripe } = await import('../../lambdas/adapters/stripe/connection.ts');
    const former = secret;
    secret = value;
    try {
      const error: unknown = await connectStripe('stripe', null)
        .keys()
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ name: 'NotConfiguredError' });
      expect(String(error)).not.toContain('sk_test_1');
    } finally {
      secret = former;
    }
  });
});

import { createHmac, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import { LOCAL_MAIL_WEBHOOK_SECRET } from '../../local/local-senders.ts';
import { ADDRESS, type ApiAnswer, type ApiUser, call, LETTER, someApiUser } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';
import { expectClosedBooks } from '../support/users.ts';

const postage = usePostage();
let ada: ApiUser;
let letterId: string;

beforeAll(async () => {
  await postage().followStream();
});

beforeEach(async () => {
  ada = await someApiUser(postage(), 'enterprise');
  letterId = await letterOf(ada);
  await misbehave({ email: 'ok', mail: 'ok' });
});

async function letterOf(user: ApiUser, letter: object = LETTER): Promise<string> {
  const { body } = await user.call('POST', '/letters', { body: letter });
  return String(body['id']);
}

async function misbehave(manners: object): Promise<Response> {
  return fetch(`${postage().url}/dev/senders`, { method: 'PUT', body: JSON.stringify(manners) });
}

async function schedule(channel: 'email' | 'mail', part: object = {}): Promise<ApiAnswer> {
  const deliverAt = toIso(postage().clock.now() + HOUR_MS);
  const recipient = channel === 'email' ? { email: 'ada@example.com' } : ADDRESS;
  return ada.call('POST', '/deliveries', { body: { letterId, channel, deliverAt, recipient, ...part } });
}

async function scheduled(channel: 'email' | 'mail'): Promise<string> {
  const answer = await schedule(channel);
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}

/** Moves the clock, and lets the reconciler and the senders finish. */
async function after(ms: number): Promise<void> {
  postage().clock.moveTo(postage().clock.now() + ms);
  await postage().reconcile();
  await postage().deliveriesSettled();
}

async function read(id: string): Promise<Record<string, unknown>> {
  return (await ada.call('GET', `/deliveries/${id}`)).body;
}

async function available(): Promise<unknown> {
  return (await ada.call('GET', '/credits')).body['available'];
}

function filesOf(kind: 'emails' | 'mails', id: string): string[] {
  return readdirSync(join(postage().sentFolder ?? '', kind)).filter((file) => file.startsWith(id));
}

async function eventsOf(name: string): Promise<unknown[]> {
  const answer = await fetch(`${postage().url}/dev/events?name=${name}&user=${ada.id}`);
  const { items } = (await answer.json()) as { items: { data: unknown }[] };
  return items.map(({ data }) => data);
}

describe('a delivery that is due', () => {
  it('goes out as an e-mail, once, and is shown as sent', async () => {
    const id = await scheduled('email');
    await after(2 * HOUR_MS);
    const { status, sentAt } = await read(id);
    expect(status).toBe('sent');
    expect(Math.abs(Date.parse(String(sentAt)) - postage().clock.now())).toBeLessThan(10_000);
    const [file = ''] = filesOf('emails', id);
    const sent = readFileSync(join(postage().sentFolder ?? '', 'emails', file), 'utf8');
    expect(sent).toContain('To: ada@example.com\n');
    expect(sent).toContain(`Subject: ${LETTER.title}\n\n${LETTER.body}`);
    expect(await eventsOf('DeliveryDue')).toMatchObject([{ deliveryId: id, attempt: 1 }]);
    expect(await eventsOf('DeliverySent')).toMatchObject([{ deliveryId: id, providerId: `ses-${id}` }]);
  });

  it('goes out as a mail, with the letter’s text as it is', async () => {
    letterId = await letterOf(ada, { title: '<b>Bold</b> & co', body: 'שלום <script>\n'.repeat(100) });
    const id = await scheduled('mail');
    await after(2 * HOUR_MS);
    expect(await read(id)).toMatchObject({ status: 'sent' });
    const sent = readFileSync(
      join(postage().sentFolder ?? '', 'mails', filesOf('mails', id)[0] ?? ''),
      'utf8',
    );
    expect(sent).toContain('To: Ada, Square 1, London, SW1Y 4JH, GB');
    expect(sent).toContain('&lt;b&gt;Bold&lt;/b&gt; &amp; co');
    expect(sent.match(/שלום &lt;script&gt;/g)).toHaveLength(100);
    expect(await available()).toBe(9);
  });

  it('is sent once when its sender gets every event twice', async () => {
    await misbehave({ email: 'twice', mail: 'twice' });
    const ids = [await scheduled('email'), await scheduled('mail')] as const;
    await after(2 * HOUR_MS);
    expect((await Promise.all(ids.map(read))).map(({ status }) => status)).toEqual(['sent', 'sent']);
    expect([filesOf('emails', ids[0]).length, filesOf('mails', ids[1]).length]).toEqual([1, 1]);
    await expectClosedBooks(postage().store, ada.id, postage().clock.now());
  });

  it('G11: fails where the provider refuses it, and its credit goes back', async () => {
    await misbehave({ email: 'fail', mail: 'fail' });
    const ids = [await scheduled('email'), await scheduled('mail')] as const;
    expect(await available()).toBe(9);
    await after(2 * HOUR_MS);
    for (const delivery of await Promise.all(ids.map(read))) {
      expect(delivery).toMatchObject({ status: 'failed', failure: 'rejected' });
    }
    expect(await available()).toBe(10);
    expect(await eventsOf('DeliveryFailed')).toHaveLength(2);
    await expectClosedBooks(postage().store, ada.id, postage().clock.now());
  });

  it('waits while the provider hangs, and goes out when it works again', async () => {
    await misbehave({ email: 'hang' });
    const id = await scheduled('email');
    await after(2 * HOUR_MS);
    expect(await read(id)).toMatchObject({ status: 'dispatched' });
    await misbehave({ email: 'ok' });
    await after(HOUR_MS / 2);
    expect(await read(id)).toMatchObject({ status: 'dispatched' });
    await after(HOUR_MS);
    expect(await read(id)).toMatchObject({ status: 'sent' });
    expect(await eventsOf('DeliveryDue')).toMatchObject([{ attempt: 2 }, { attempt: 1 }]);
  });
});

describe('cancelling', () => {
  it('G11: gives the credit back, once, however often it is asked for', async () => {
    const id = await scheduled('mail');
    const first = await ada.call('DELETE', `/deliveries/${id}`);
    expect(first.status).toBe(200);
    expect(first.body).toMatchObject({ id, status: 'cancelled', paidWith: 'credit' });
    expect(await ada.call('DELETE', `/deliveries/${id}`)).toMatchObject({ status: 200, body: first.body });
    expect(await available()).toBe(10);
    const ledger = await ada.call('GET', '/credits/ledger');
    expect(ledger.body['items']).toMatchObject([{ kind: 'return' }, { kind: 'use' }, { kind: 'allowance' }]);
    await after(2 * HOUR_MS);
    expect(await read(id)).toMatchObject({ status: 'cancelled' });
    expect(await eventsOf('DeliveryCancelled')).toHaveLength(1);
  });

  it('is refused once the delivery has been handed over, with where it stands', async () => {
    const id = await scheduled('email');
    await after(2 * HOUR_MS);
    const refused = await ada.call('DELETE', `/deliveries/${id}`);
    expect(refused).toMatchObject({
      status: 409,
      body: { code: 'illegal_transition', deliveryStatus: 'sent' },
    });
  });

  it('G13: does not find an unknown delivery, or another user’s', async () => {
    const id = await scheduled('email');
    const bob = await someApiUser(postage(), 'pro');
    for (const method of ['GET', 'DELETE']) {
      expect(await bob.call(method, `/deliveries/${id}`)).toMatchObject({ status: 404 });
    }
    expect(await ada.call('DELETE', '/deliveries/unknown')).toMatchObject({ status: 404 });
    expect(await read(id)).toMatchObject({ status: 'scheduled' });
  });

  it('and dispatching at the same time: one of them wins', async () => {
    const id = await scheduled('mail');
    postage().clock.moveTo(postage().clock.now() + 2 * HOUR_MS);
    const [cancelled] = await Promise.all([ada.call('DELETE', `/deliveries/${id}`), postage().reconcile()]);
    await postage().deliveriesSettled();
    const { status } = await read(id);
    expect(status).toBe(cancelled.status === 200 ? 'cancelled' : 'sent');
    expect(await available()).toBe(cancelled.status === 200 ? 10 : 9);
  });
});

describe('deleting a letter with open deliveries', () => {
  it('is refused without the flag, and cancels them with it', async () => {
    const ids = [await scheduled('mail'), await scheduled('email')];
    const refused = await ada.call('DELETE', `/letters/${letterId}`);
    expect(refused).toMatchObject({ status: 409, body: { code: 'illegal_transition', openDeliveries: 2 } });
    for (const flag of ['', 'yes', '1']) {
      const wrong = await ada.call('DELETE', `/letters/${letterId}?cancelDeliveries=${flag}`);
      expect(wrong).toMatchObject({ status: 422 });
    }
    expect(await ada.call('DELETE', `/letters/${letterId}?cancelDeliveries=true`)).toMatchObject({
      status: 204,
    });
    expect((await Promise.all(ids.map(read))).map(({ status }) => status)).toEqual([
      'cancelled',
      'cancelled',
    ]);
    expect(await available()).toBe(10);
    expect(await schedule('email')).toMatchObject({ status: 404 });
    expect(await ada.call('GET', `/letters/${letterId}`)).toMatchObject({ status: 404 });
  });

  it('is allowed once they have been sent', async () => {
    await scheduled('email');
    await after(2 * HOUR_MS);
    expect(await ada.call('DELETE', `/letters/${letterId}`)).toMatchObject({ status: 204 });
  });
});

describe('the reconciler on demand', () => {
  const run = async (method: string, token: string | undefined): Promise<ApiAnswer> =>
    call(postage(), method, '/cron/reconcile-deliveries', token === undefined ? {} : { token });

  it.each(['POST', 'GET'])('%s tells what it did', async (method) => {
    await scheduled('email');
    await after(0);
    postage().clock.moveTo(postage().clock.now() + 2 * HOUR_MS);
    expect(await run(method, postage().cronSecret)).toMatchObject({
      status: 200,
      body: {
        totalProcessed: 1,
        successCount: 1,
        errorCount: 0,
        errorRate: 0,
        dispatched: 1,
        isFinished: true,
      },
    });
    expect(await run(method, postage().cronSecret)).toMatchObject({ body: { totalProcessed: 0 } });
    await postage().deliveriesSettled();
  });

  it('needs the cron secret', async () => {
    expect(await run('POST', undefined)).toMatchObject({ status: 401 });
    expect(await run('GET', 'wrong')).toMatchObject({ status: 401 });
  });
});

interface LobEvent {
  type?: string;
  deliveryId?: string;
  userId?: string;
  letter?: string;
}

function lobEvent({ type = 'letter.mailed', deliveryId = '', userId, letter }: LobEvent): string {
  const metadata = {
    postage_delivery: deliveryId,
    postage_user: Buffer.from(userId ?? ada.id).toString('base64url'),
  };
  const body = { id: letter ?? `ltr_${deliveryId}`, object: 'letter', metadata };
  return JSON.stringify({ id: `evt_${randomUUID()}`, object: 'event', event_type: { id: type }, body });
}

async function tell(
  body: string,
  { secret = LOCAL_MAIL_WEBHOOK_SECRET, signedAt = postage().clock.now(), headers = {} } = {},
): Promise<ApiAnswer> {
  const timestamp = String(signedAt);
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return call(postage(), 'POST', '/webhooks/mail', {
    headers: { 'lob-signature': signature, 'lob-signature-timestamp': timestamp, ...headers },
    body,
  });
}

describe('what Lob says of a mail', () => {
  /** Handed over, with a sender that has not answered. */
  async function onItsWay(): Promise<string> {
    await misbehave({ mail: 'hang' });
    const id = await scheduled('mail');
    postage().clock.moveTo(postage().clock.now() + 2 * HOUR_MS);
    await postage().reconcile();
    return id;
  }

  it('counts as an answer', async () => {
    const id = await onItsWay();
    expect(await tell(lobEvent({ deliveryId: id }))).toMatchObject({ body: { outcome: 'applied' } });
    expect(await read(id)).toMatchObject({ status: 'sent' });
    expect(await tell(lobEvent({ deliveryId: id, type: 'letter.delivered' }))).toMatchObject({
      body: { outcome: 'unchanged' },
    });
  });

  it.each([
    [['letter.mailed', 'letter.failed'], 'failed', 10],
    [['letter.failed', 'letter.mailed'], 'failed', 10],
    [['letter.failed', 'letter.failed', 'letter.rejected'], 'failed', 10],
    [['letter.created', 'letter.rendered_pdf', 'letter.in_transit', 'letter.returned_to_sender'], 'sent', 9],
    [['letter.delivered', 'letter.mailed', 'letter.created'], 'sent', 9],
  ])('G11: %j leaves it %s', async (types, status, credits) => {
    const id = await onItsWay();
    for (const type of types) {
      expect(await tell(lobEvent({ deliveryId: id, type }))).toMatchObject({ status: 200 });
    }
    expect(await read(id)).toMatchObject({ status });
    expect(await available()).toBe(credits);
    await expectClosedBooks(postage().store, ada.id, postage().clock.now());
  });

  it('after it was cancelled is ignored', async () => {
    const id = await scheduled('mail');
    await ada.call('DELETE', `/deliveries/${id}`);
    expect(await tell(lobEvent({ deliveryId: id }))).toMatchObject({
      status: 200,
      body: { outcome: 'ignored', because: 'already_cancelled' },
    });
    expect(await read(id)).toMatchObject({ status: 'cancelled' });
  });

  it.each<[string, LobEvent, string]>([
    ['an unknown delivery', { deliveryId: 'f'.repeat(32) }, 'unknown_delivery'],
    ['an unknown user', { deliveryId: 'x', userId: 'nobody' }, 'unknown_delivery'],
    ['a letter that is not ours', { deliveryId: '' }, 'not_ours'],
    ['an unknown state', { deliveryId: 'x', type: 'letter.teleported' }, 'not_followed'],
    ['a postcard', { deliveryId: 'x', type: 'postcard.mailed' }, 'not_followed'],
  ])('of %s is answered, so that it does not come again', async (_what, event, because) => {
    expect(await tell(lobEvent(event))).toMatchObject({
      status: 200,
      body: { outcome: 'ignored', because },
    });
  });

  it('is believed only with its signature, and for five minutes', async () => {
    const id = await onItsWay();
    const body = lobEvent({ deliveryId: id });
    const now = postage().clock.now();
    const wrong = [
      await tell(body, { secret: 'another' }),
      await tell(body, { signedAt: now - 301_000 }),
      await tell(body, { signedAt: now + 302_000 }),
      await tell(body, { headers: { 'lob-signature': 'not hexadecimal' } }),
      await tell(body, { headers: { 'lob-signature': '' } }),
      await tell(body, { headers: { 'lob-signature-timestamp': 'yesterday' } }),
      await call(postage(), 'POST', '/webhooks/mail', { body }),
    ];
    expect(wrong.map(({ status }) => status)).toEqual(wrong.map(() => 401));
    expect(await read(id)).toMatchObject({ status: 'dispatched' });
    // Seconds as well as milliseconds, as late as it may be.
    const late = Math.floor(postage().clock.now() / 1_000) - 290;
    expect(await tell(body, { signedAt: late })).toMatchObject({ status: 200 });
  });

  it.each(['{}', 'null', '[]', '{"event_type":{"id":1},"body":{}}', 'no JSON'])(
    'is refused as %s, also where it is signed',
    async (body) => {
      expect(await tell(body)).toMatchObject({ status: 400, body: { code: 'malformed' } });
    },
  );
});

describe('special days', () => {
  it('a deliverAt on 29 February, or in the hour that daylight saving skips, is the instant that it says', async () => {
    const leapDay = await schedule('email', { deliverAt: '2028-02-29T23:30:00-01:00' });
    expect(leapDay).toMatchObject({ status: 201, body: { deliverAt: '2028-03-01T00:30:00.000Z' } });
    // 02:30 does not exist in Berlin on that day; with its offset it is an instant all the same.
    const inTheGap = await schedule('email', { deliverAt: '2027-03-28T02:30:00+01:00' });
    expect(inTheGap).toMatchObject({ status: 201, body: { deliverAt: '2027-03-28T01:30:00.000Z' } });
    expect(await schedule('email', { deliverAt: '2027-02-29T12:00:00Z' })).toMatchObject({ status: 422 });
  });
});

describe('addresses', () => {
  it.each<[string, object, string[]]>([
    ['without a line', { line1: undefined }, ['recipient.line1']],
    ['without a postal code', { postalCode: undefined }, ['recipient.postalCode']],
    ['of another country’s form', { postalCode: '12345' }, ['recipient.postalCode']],
    ['without a state', { country: 'US', postalCode: '62701' }, ['recipient.state']],
    ['of blanks', { name: '   ' }, ['recipient.name']],
    ['of 10,000 characters', { line1: 'x'.repeat(10_000) }, ['recipient.line1']],
  ])('%s are refused', async (_what, part, paths) => {
    const answer = await schedule('mail', { recipient: { ...ADDRESS, ...part } });
    expect(answer).toMatchObject({ status: 422, body: { code: 'invalid' } });
    const errors = answer.body['errors'] as { path: string }[];
    expect(errors.map(({ path }) => path)).toEqual(paths);
    expect(await available()).toBe(10);
  });

  it('from right to left, and where there are no postal codes, are kept as they are', async () => {
    const addresses = [
      { name: 'עדה לאבלייס', line1: 'רחוב הרצל 1', city: 'תל אביב', postalCode: '6688101', country: 'IL' },
      { name: 'Ada', line1: '1 Queen’s Road', city: 'Central', country: 'HK' },
    ];
    for (const recipient of addresses) {
      const { status, body } = await schedule('mail', { recipient });
      expect(status).toBe(201);
      expect((await read(String(body['id'])))['recipient']).toEqual(recipient);
    }
  });
});

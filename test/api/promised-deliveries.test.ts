import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import { getDelivery } from '../../lambdas/letters/adapters/records.ts';
import { ADDRESS, type ApiAnswer, type ApiUser, LETTER, someApiUser } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';
import { plentyOfTime } from '../support/table.ts';

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

async function schedule(channel: 'email' | 'mail', part: object = {}): Promise<ApiAnswer> {
  const deliverAt = toIso(postage().clock.now() + HOUR_MS);
  const recipient = channel === 'email' ? { email: 'ada@example.com' } : ADDRESS;
  return ada.call('POST', '/deliveries', { body: { letterId, channel, deliverAt, recipient, ...part } });
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

async function misbehave(manners: object): Promise<Response> {
  return fetch(`${postage().url}/dev/senders`, { method: 'PUT', body: JSON.stringify(manners) });
}

function filesOf(kind: 'emails' | 'mails', id: string): string[] {
  return readdirSync(join(postage().sentFolder ?? '', kind)).filter((file) => file.startsWith(id));
}

async function available(): Promise<unknown> {
  return (await ada.call('GET', '/credits')).body['available'];
}

describe('a wall-clock time', () => {
  const wallTime = (ms: number) => ({
    local: toIso(postage().clock.now() + ms).slice(0, 19),
    zone: 'UTC',
  });

  it('is promised, shown beside its instant, and kept', async () => {
    const deliverAt = wallTime(50 * HOUR_MS);
    const answer = await schedule('email', { deliverAt });
    const shown = { status: 'scheduled', deliverAt: `${deliverAt.local}.000Z`, promisedAt: deliverAt };
    expect(answer).toMatchObject({ status: 201, body: shown });
    const id = String(answer.body['id']);
    expect(await read(id)).toMatchObject(shown);
    // A day before, the reconciler looks at it, and it stays.
    const stored = async () => getDelivery(postage().store, ada.id, id, plentyOfTime());
    expect((await stored())?.promised?.lookAt).toBe(Date.parse(`${deliverAt.local}Z`) - 24 * HOUR_MS);
    await after(27 * HOUR_MS);
    expect(await stored()).toMatchObject({ status: 'scheduled', promised: { ...deliverAt, lookAt: null } });
    await after(24 * HOUR_MS);
    expect(await stored()).toMatchObject({ status: 'sent', promised: deliverAt });
  });

  it.each([
    ['a gap, the first instant after it', '2031-03-30T02:30:00', '2031-03-30T01:00:00.000Z'],
    ['a fold, the earlier one', '2031-10-26T02:30:00', '2031-10-26T00:30:00.000Z'],
  ])('is, in %s', async (_what, local, instant) => {
    const answer = await schedule('email', { deliverAt: { local, zone: 'Europe/Berlin' } });
    expect(answer).toMatchObject({ status: 201, body: { deliverAt: instant } });
  });

  it.each([
    ['an unknown zone', { zone: 'Europe/Atlantis' }, 'deliverAt.zone'],
    ['an offset for a zone', { zone: '+01:00' }, 'deliverAt.zone'],
    ['a day that does not exist', { local: '2031-02-29T00:00:00' }, 'deliverAt.local'],
    ['an instant for a local time', { local: '2031-02-20T00:00:00Z' }, 'deliverAt.local'],
    ['the past', { local: '2001-01-01T00:00:00' }, 'deliverAt'],
  ])('is refused with %s', async (_what, part, path) => {
    const answer = await schedule('email', { deliverAt: { ...wallTime(HOUR_MS), ...part } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  it('G2: is the same request again, until it is another', async () => {
    const deliverAt = { local: '2031-03-30T02:30:00', zone: 'Europe/Berlin' };
    const order = { letterId, channel: 'email', deliverAt, recipient: { email: 'ada@example.com' } };
    const ask = (body: object) =>
      ada.call('POST', '/deliveries', { body, headers: { 'idempotency-key': 'wall' } });
    const first = await ask(order);
    expect(await ask(order)).toMatchObject({ status: 201, body: first.body });
    expect(await ask({ ...order, deliverAt: { ...deliverAt, zone: 'Europe/Paris' } })).toMatchObject({
      status: 409,
    });
  });
});

describe('what the sender of mails takes', () => {
  const recipient = { ...ADDRESS, country: 'US', state: 'IL', postalCode: '62701' };

  it('is kept without the blanks around it', async () => {
    const padded = {
      ...recipient,
      name: ' Ada ',
      state: ' IL',
      postalCode: ' 62701 ',
      line2: ' \u00A0Flat 2',
    };
    const answer = await schedule('mail', { recipient: padded });
    expect(answer.status).toBe(201);
    expect(await read(String(answer.body['id']))).toMatchObject({
      recipient: { ...recipient, name: 'Ada', line2: 'Flat 2' },
    });
  });

  it.each([
    ['a name of 41', { name: 'A'.repeat(41) }, 'recipient.name'],
    ['a line of 65', { line1: 'A'.repeat(65) }, 'recipient.line1'],
    ['a line of 51', { line1: 'A'.repeat(51) }, 'recipient.line1'],
    ['a second line of 65', { line2: 'A'.repeat(65) }, 'recipient.line2'],
    ['two lines of 51 together', { line1: 'A'.repeat(30), line2: 'A'.repeat(21) }, 'recipient.line2'],
    ['a line of blanks', { line1: '   ' }, 'recipient.line1'],
  ])('is said when it is scheduled: %s is refused', async (_what, part, path) => {
    const answer = await schedule('mail', { recipient: { ...recipient, ...part } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path }] } });
  });

  it('is a letter of six pages abroad, and of 60 in the US', async () => {
    letterId = await letterOf(ada, { title: 'Long', body: 'How did it go?\n'.repeat(1_000) });
    const answer = await schedule('mail');
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'letterId' }] } });
    expect(await available()).toBe(10);
    expect(await schedule('mail', { recipient })).toMatchObject({ status: 201 });
    expect(await schedule('email')).toMatchObject({ status: 201 });
    expect(await schedule('mail', { letterId: 'missing' })).toMatchObject({ status: 404 });
  });
});

describe('a delivery that is due', () => {
  it.each([
    ['bounce', 'bounced'],
    ['complain', 'complained'],
  ])('has failed when SES says later: %s', async (email, failure) => {
    await misbehave({ email });
    const id = String((await schedule('email')).body['id']);
    await after(2 * HOUR_MS);
    expect(await read(id)).toMatchObject({ status: 'failed', failure });
    expect(filesOf('emails', id)).toHaveLength(1);
  });

  it.each(['busy', 'unset'])('waits for a provider that is %s, for as long as it takes', async (manner) => {
    await misbehave({ email: manner, mail: manner });
    const ids = [
      String((await schedule('email')).body['id']),
      String((await schedule('mail')).body['id']),
    ] as const;
    await after(2 * HOUR_MS);
    for (let attempt = 2; attempt <= 10; attempt += 1) {
      await after(1.5 * HOUR_MS);
    }
    expect((await Promise.all(ids.map(read))).map(({ status }) => status)).toEqual([
      'dispatched',
      'dispatched',
    ]);
    await misbehave({ email: 'ok', mail: 'ok' });
    await after(1.5 * HOUR_MS);
    expect((await Promise.all(ids.map(read))).map(({ status }) => status)).toEqual(['sent', 'sent']);
    expect([filesOf('emails', ids[0]).length, filesOf('mails', ids[1]).length]).toEqual([1, 1]);
  });
});

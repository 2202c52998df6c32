import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import * as file from '../../examples/letters/postage.config.ts';
import type { ApiAnswer, ApiUser } from '../support/api-client.ts';
import type { Postage } from '../support/server.ts';

const EXTRA_METERS = ['a', 'b', 'c', 'd', 'e', 'f'];

/** The letters app's catalogue with a level, and more meters than one call may count. */
jest.unstable_mockModule('#config', () => {
  const { meters, plans } = file.catalogue;
  const more = Object.fromEntries(EXTRA_METERS.map((id) => [id, 100]));
  return {
    ...file,
    catalogue: {
      ...file.catalogue,
      meters: {
        ...meters,
        ...Object.fromEntries(EXTRA_METERS.map((id) => [id, { title: [id, `${id}s`] }])),
      },
      levels: { seats: { title: ['seat', 'seats'] } },
      plans: plans.map(({ limits, ...plan }) => ({ ...plan, limits: { ...limits, ...more, seats: 3 } })),
    },
  };
});
const { usePostage } = await import('../support/server.ts');
const { commandId } = await import('../../lambdas/http/ids.ts');
const { call, someApiUser } = await import('../support/api-client.ts');

const postage: () => Postage = usePostage();
let service: string;
let ada: ApiUser;

beforeAll(async () => {
  service = await postage().token('shop', 'postage/usage:write');
  ada = await someApiUser(postage(), 'enterprise');
});

async function report(body: object, key: string = randomUUID(), user = ada): Promise<ApiAnswer> {
  return call(postage(), 'POST', `/users/${user.id}/usage`, {
    token: service,
    headers: { 'idempotency-key': key },
    body,
  });
}

async function giveBack(id: unknown, user = ada): Promise<ApiAnswer> {
  return call(postage(), 'DELETE', `/users/${user.id}/usage/${String(id)}`, { token: service });
}

async function accountOf(user: ApiUser): Promise<Record<string, unknown>> {
  return (await user.call('GET', '/account')).body;
}

describe('reported usage', () => {
  it('G2, G3: counts meters and levels together, with the credits that they cost, once', async () => {
    const user = await someApiUser(postage(), 'enterprise');
    const use = { consume: { letters: 2, mails: 3, seats: 1 } };
    const counted = await report(use, 'key-1', user);
    expect(counted).toMatchObject({
      status: 200,
      body: { consumed: use.consume, released: {}, credits: 3 },
    });
    const again = await report(use, 'key-1', user);
    expect([again.headers.get('idempotent-replayed'), again.body]).toEqual(['true', counted.body]);
    expect(await accountOf(user)).toMatchObject({
      meters: { letters: { used: 2 }, mails: { used: 3, today: { used: 3 } } },
      levels: { seats: { held: 1, limit: 3, left: 2 } },
      credits: { available: 7 },
    });
    const other = await report({ consume: { letters: 1 } }, 'key-1', user);
    expect(other.body).toMatchObject({ code: 'idempotency_conflict' });
  });

  it('G1: of a level stays within its limit, and no more is released than is held', async () => {
    const user = await someApiUser(postage(), 'enterprise');
    expect(await report({ release: { seats: 1 } }, 'key-1', user)).toMatchObject({
      body: { status: 409, code: 'illegal_transition' },
    });
    await report({ consume: { seats: 3 } }, 'key-2', user);
    // No meter counts it.
    expect(Object.keys((await accountOf(user))['meters'] ?? {})).not.toContain('seats');
    expect(await report({ consume: { seats: 1 } }, 'key-3', user)).toMatchObject({
      body: { status: 402, code: 'quota_exceeded', meter: 'seats', limit: 3, used: 3, resetsAt: null },
    });
    expect(await report({ release: { seats: 2 } }, 'key-4', user)).toMatchObject({
      status: 200,
      body: { consumed: {}, released: { seats: 2 }, credits: 0 },
    });
    expect(await accountOf(user)).toMatchObject({ levels: { seats: { held: 1, left: 2 } } });
  });

  it.each<[string, object, string]>([
    ['neither', {}, 'consume'],
    ['both', { consume: { letters: 1 }, release: { seats: 1 } }, 'consume'],
    ['nothing', { consume: {} }, 'consume'],
    ['no release', { release: {} }, 'release'],
    ['an unknown meter', { consume: { stamps: 1 } }, 'consume.stamps'],
    ['a level that the catalogue lacks', { release: { desks: 1 } }, 'release.desks'],
    ['the release of a meter', { release: { letters: 1 } }, 'release.letters'],
    ['none of a level', { release: { seats: 0 } }, 'release.seats'],
    ['more than a million', { consume: { seats: 1_000_001 } }, 'consume.seats'],
    ['a list', { consume: [] }, 'consume'],
    ['something else', { consume: { letters: 1 }, note: 'hello' }, 'note'],
    [
      'more than eight parts',
      { consume: Object.fromEntries(['letters', 'emails', 'mails', ...EXTRA_METERS].map((id) => [id, 1])) },
      'consume',
    ],
  ])('is refused with %s, and nothing is written', async (_, body, path) => {
    const user = await someApiUser(postage(), 'enterprise');
    const answer = await report(body, 'key', user);
    expect(answer.body).toMatchObject({ status: 422, code: 'invalid' });
    const errors = answer.body['errors'] as { path: string }[];
    expect(errors.map((each) => each.path)).toContain(path);
    expect(await accountOf(user)).toMatchObject({ meters: { letters: { used: 0 } } });
  });

  it('takes eight parts at once', async () => {
    const eight = ['letters', 'seats', ...EXTRA_METERS];
    const consume = Object.fromEntries(eight.map((id) => [id, 1]));
    expect(await report({ consume })).toMatchObject({ status: 200, body: { consumed: consume } });
  });
});

describe('giving usage back', () => {
  it('G11: brings back counts, levels and credits once; repeated, the answer is the same', async () => {
    const user = await someApiUser(postage(), 'enterprise');
    await report({ consume: { letters: 1 } }, 'before', user);
    const before = await accountOf(user);
    const { body } = await report({ consume: { letters: 2, mails: 3, seats: 2 } }, 'key', user);
    const first = await giveBack(body['id'], user);
    expect(first).toMatchObject({
      status: 200,
      body: { id: body['id'], consumed: body['consumed'], credits: 3, givenBackAt: expect.any(String) },
    });
    expect(first.headers.has('idempotent-replayed')).toBe(false);
    expect(await accountOf(user)).toEqual(before);

    const again = await giveBack(body['id'], user);
    expect([again.status, again.body]).toEqual([200, first.body]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await accountOf(user)).toEqual(before);
  });

  it('G13: of another user is not found, and changes nothing', async () => {
    const bob = await someApiUser(postage(), 'enterprise');
    const { body } = await report({ consume: { emails: 1 } }, 'key', bob);
    expect((await giveBack(body['id'])).body).toMatchObject({ status: 404, code: 'not_found' });
    expect(await accountOf(bob)).toMatchObject({ meters: { emails: { used: 1 } } });
  });

  it('of what was refused, or of a letter, is not found', async () => {
    const user = await someApiUser(postage());
    const body = { title: 'To me', body: 'Still there?' };
    const letter = await user.call('POST', '/letters', { body });
    expect((await giveBack(letter.body['id'], user)).status).toBe(404);
    expect((await report({ consume: { letters: 5 } }, 'key', user)).status).toBe(402);
    const refused = commandId('POST /users/{userId}/usage', user.id, 'key');
    expect((await giveBack(refused, user)).status).toBe(404);
    // The id was the right one: the same key counts now.
    expect((await report({ consume: { letters: 4 } }, 'key', user)).body).toMatchObject({ id: refused });
    expect((await giveBack(refused, user)).status).toBe(200);
  });

  it('of a release, and of a level that is no longer held, is refused', async () => {
    const user = await someApiUser(postage(), 'enterprise');
    const taken = await report({ consume: { seats: 2 } }, 'key-1', user);
    const released = await report({ release: { seats: 1 } }, 'key-2', user);
    for (const { body } of [taken, released]) {
      expect((await giveBack(body['id'], user)).body).toMatchObject({
        status: 409,
        code: 'illegal_transition',
      });
    }
    expect(await accountOf(user)).toMatchObject({ levels: { seats: { held: 1 } } });
  });

  it.each(['', 'usage:read', 'admin'])('G13: is forbidden for the scope %p', async (scope) => {
    const token = await postage().token(ada.id, scope);
    const answer = await call(postage(), 'DELETE', `/users/${ada.id}/usage/${'0'.repeat(32)}`, { token });
    expect(answer.body).toMatchObject({ status: 403, code: 'forbidden' });
  });
});

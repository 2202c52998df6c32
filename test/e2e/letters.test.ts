import { describe, expect, it } from '@jest/globals';
import { LETTER, writeLetter } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import { useWorld } from './support/use-world.ts';

const world = useWorld();

describe('letters', () => {
  it('G1: five are written for free, the sixth is refused with the figures and the date', async () => {
    const user = await world().meet('freeWriter');
    for (let count = 1; count <= 5; count += 1) {
      expectAnswer(await writeLetter(world(), user), 201, { title: LETTER.title });
    }
    const now = new Date(await world().now());
    const nextMonth = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString();
    const figures = { meter: 'letters', limit: 5, used: 5, resetsAt: nextMonth, upgradeTo: 'pro' };
    const refused = await writeLetter(world(), user);
    expectAnswer(refused, 402, { code: 'quota_exceeded', ...figures });
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    // A large one is looked at first, and refused alike.
    const large = { ...LETTER, body: 'x'.repeat(5_000) };
    const question = { token: user.token, json: large };
    expectAnswer(await ask(world(), 'POST /letters', question), 402, { code: 'quota_exceeded', ...figures });

    expect(await get(world(), '/usage', user.token)).toMatchObject({
      usage: { lettersCreated: 5 },
      limits: { maxLetters: 5 },
      utilization: { lettersPercent: 100 },
    });
    expect(await get(world(), '/entitlements', user.token)).toMatchObject({
      limits: { lettersReached: true },
    });
  });

  it('are listed page by page, read, and deleted without freeing quota', async () => {
    const user = await world().meet('freeOwner');
    const { token } = user;
    const ids: unknown[] = [];
    for (let count = 1; count <= 3; count += 1) {
      ids.unshift((await writeLetter(world(), user)).body['id']);
    }
    const whole = await eventually('a list of all three', async () => {
      const { items } = await get(world(), '/letters', token);
      return Array.isArray(items) && items.length === 3 ? items : null;
    });
    expect(whole).toHaveLength(3);
    const first = await get(world(), '/letters?limit=2', token);
    const second = await get(world(), `/letters?limit=2&cursor=${String(first['nextCursor'])}`, token);
    expect([first, second]).toMatchObject([
      { items: [{ id: ids[0] }, { id: ids[1] }] },
      { items: [{ id: ids[2] }], nextCursor: null },
    ]);
    expect(await get(world(), `/letters/${String(ids[0])}`, token)).toMatchObject(LETTER);

    expectAnswer(await ask(world(), `DELETE /letters/${String(ids[0])}`, { token }), 204);
    expectAnswer(await ask(world(), `GET /letters/${String(ids[0])}`, { token }), 404, { code: 'not_found' });
    expect(await get(world(), '/letters', token)).toMatchObject({ items: [{ id: ids[1] }, { id: ids[2] }] });
    expect(await get(world(), '/usage/remaining', token)).toMatchObject({ letters: 2 });

    const stranger = await world().meet('freeStranger');
    for (const method of ['GET', 'DELETE']) {
      const answer = await ask(world(), `${method} /letters/${String(ids[1])}`, { token: stranger.token });
      expectAnswer(answer, 404, { code: 'not_found' });
    }
    expect(await get(world(), '/letters', stranger.token)).toEqual({ items: [], nextCursor: null });
    expect(await get(world(), `/letters/${String(ids[1])}`, token)).toMatchObject(LETTER);
  });

  it('G2: a request with the same key is answered with what it made, as that stands now, and refused with another body', async () => {
    const user = await world().meet('freeRepeater');
    const key = 'the-first-letter';
    const made = await writeLetter(world(), user, key);
    expectAnswer(made, 201);
    expect(made.headers.get('idempotent-replayed')).toBeNull();
    const path = `/letters/${String(made.body['id'])}`;
    expect(made.headers.get('location')).toBe(path);

    const repeated = await writeLetter(world(), user, key);
    expectAnswer(repeated, 201, made.body);
    expect(repeated.headers.get('idempotent-replayed')).toBe('true');

    const json = { ...LETTER, title: 'Another' };
    const other = await ask(world(), 'POST /letters', { token: user.token, key, json });
    expectAnswer(other, 409, { code: 'idempotency_conflict' });

    for (const status of [204, 404]) {
      expectAnswer(await ask(world(), `DELETE ${path}`, { token: user.token }), status);
    }
    const late = { id: made.body['id'], title: '', deletedAt: expect.any(String) };
    expectAnswer(await writeLetter(world(), user, key), 201, late);
    expect(await get(world(), '/usage', user.token)).toMatchObject({ usage: { lettersCreated: 1 } });
  });
});

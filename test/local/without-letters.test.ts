import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Postage, startPostage } from '../support/server.ts';

let postage: Postage;

beforeAll(async () => {
  postage = await startPostage({ hasLetters: false });
});

afterAll(() => postage.stop());

async function get(path: string, scope = ''): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${await postage.token('alice', scope)}` };
  const answer = await fetch(`${postage.url}${path}`, { headers });
  return { status: answer.status, body: await answer.json() };
}

describe('npm start without the letters app', () => {
  it.each([
    ['/health', 200],
    ['/credits', 200],
    ['/admin/reports/mail-credits?month=2026-11', 404],
    ['/letters', 404],
    ['/deliveries', 404],
    ['/entitlements', 404],
    ['/dev/senders', 404],
  ])('answers %s with %i', async (path, status) => {
    expect(await get(path)).toMatchObject({ status });
  });

  it('describes its own routes only', async () => {
    const { body } = await get('/openapi.json');
    const { paths, tags, components } = body as {
      paths: object;
      tags: { name: string }[];
      components: { schemas: object };
    };
    expect(components.schemas).toHaveProperty('UserDetails');
    expect(Object.keys(paths)).toContain('/credits');
    expect(Object.keys(paths).filter((path) => /letter|deliver|mail|entitlement/.test(path))).toEqual([]);
    expect(tags.map(({ name }) => name)).not.toContain('letters');
  });

  it('shows the owner a user, and what all have used, in the words of the core', async () => {
    await postage.followStream();
    const count = async (userId: string): Promise<void> => {
      const answer = await fetch(`${postage.url}/users/${userId}/usage`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await postage.token('shop', 'usage:write')}`,
          'idempotency-key': 'key',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ consume: { letters: 2 } }),
      });
      expect(answer.status).toBe(200);
    };
    await count('carol');
    await count('dave');
    const user = (await get('/admin/users/carol', 'admin')).body;
    const { body: account } = await get('/users/carol/account', 'usage:read');
    expect(user).toEqual({
      userId: 'carol',
      account,
      credits: expect.objectContaining({ available: 0 }),
      purchases: [],
      gifts: [],
    });
    expect(await get('/admin/users/nobody', 'admin')).toMatchObject({ status: 404 });

    const day = new Date(postage.clock.now()).toISOString().slice(0, '2026-11-24'.length);
    const stats = await get(`/admin/usage-stats?start=${day}&end=${day}`, 'admin');
    expect(stats).toEqual({
      status: 200,
      body: { used: { letters: 4 }, creditsUsed: 0, uniqueUsers: 2 },
    });
    expect(await get('/admin/usage-stats?start=2026-01-02&end=2026-01-01', 'admin')).toMatchObject({
      status: 422,
      body: { errors: [{ path: 'end' }] },
    });
    for (const path of [
      '/admin/users/carol',
      `/admin/usage-stats?start=${day}&end=${day}`,
      '/admin/catalogue',
      '/admin/checks',
    ]) {
      expect(await get(path)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  });

  it('follows the stream, and deals with what is due', async () => {
    await postage.followStream();
    await postage.setPlan('alice', 'pro');
    await postage.reconcile();
    const { body } = await get('/admin/audit-events?user=alice&type=SubscriptionChanged', 'admin');
    expect(body).toMatchObject({ items: [{ type: 'SubscriptionChanged', userId: 'alice' }] });
    expect(postage.errors).toEqual([]);
  });

  it('knows only the audit types of the core', async () => {
    expect(await get('/admin/audit-events?user=alice&type=DeliveriesStuck', 'admin')).toMatchObject({
      status: 422,
    });
  });
});

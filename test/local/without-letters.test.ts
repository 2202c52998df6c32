import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Postage, startPostage } from '../support/server.ts';

let postage: Postage;

beforeAll(async () => {
  postage = await startPostage({ hasLetters: false });
}, 60_000);

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
    ['/letters', 404],
    ['/deliveries', 404],
    ['/entitlements', 404],
    ['/dev/senders', 404],
  ])('answers %s with %i', async (path, status) => {
    expect(await get(path)).toMatchObject({ status });
  });

  it('describes its own routes only', async () => {
    const { body } = await get('/openapi.json');
    const { paths, tags } = body as { paths: object; tags: { name: string }[] };
    expect(Object.keys(paths)).toContain('/credits');
    expect(Object.keys(paths).filter((path) => /letter|deliver|mail|entitlement/.test(path))).toEqual([]);
    expect(tags.map(({ name }) => name)).not.toContain('letters');
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

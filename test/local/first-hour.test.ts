import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call, someApiUser } from '../support/api-client.ts';
import { atStripe, sessionIn } from '../support/at-stripe.ts';
import { type Postage, startPostage } from '../support/server.ts';

let postage: Postage;

beforeAll(async () => {
  postage = await startPostage();
  await postage.followStream();
});

afterAll(async () => {
  await postage.stop();
  expect(postage.errors).toEqual([]);
});

describe('a payment at the stand-in for Stripe', () => {
  const subscribe = async (token: string): Promise<string> => {
    const order = { plan: 'pro', interval: 'month' };
    const { body } = await call(postage, 'POST', '/billing/checkout-sessions', { token, body: order });
    return sessionIn(String(body['url']));
  };

  it('is answered when Postage has dealt with its events', async () => {
    const user = await someApiUser(postage);
    const token = await postage.token(user.id);
    await atStripe(postage, 'POST', `/checkout/${await subscribe(token)}/pay`);
    expect((await user.call('GET', '/entitlements')).body).toMatchObject({ plan: 'pro' });
    const order = { plan: 'enterprise', interval: 'month' };
    expect(await user.call('POST', '/billing/plan-changes', { body: order })).toMatchObject({ status: 200 });
    expect((await user.call('GET', '/entitlements')).body).toMatchObject({ plan: 'enterprise' });
  });

  it('is answered before them when they are told to come late', async () => {
    const user = await someApiUser(postage);
    const session = await subscribe(await postage.token(user.id));
    await atStripe(postage, 'PUT', '', { webhooks: { delayMs: 60_000 } });
    await atStripe(postage, 'POST', `/checkout/${session}/pay`);
    expect((await user.call('GET', '/entitlements')).body).toMatchObject({ plan: 'none' });
    await atStripe(postage, 'PUT', '');
  });
});

describe('the audit trail', () => {
  it('has each adjustment as soon as it is answered', async () => {
    const { id } = await someApiUser(postage, 'pro');
    const token = await postage.token('ada', 'admin');
    for (let count = 1; count <= 3; count += 1) {
      const body = { amount: 1, reason: `Lost mail ${count}.` };
      const headers = { 'idempotency-key': `adjustment-${count}` };
      const path = `/admin/users/${id}/credit-adjustments`;
      expect((await call(postage, 'POST', path, { token, headers, body })).status).toBe(201);
      const trail = await call(postage, 'GET', `/admin/audit-events?user=${id}`, { token });
      expect(JSON.stringify(trail.body['items'])).toContain(body.reason);
    }
  });
});

describe('GET /dev/env', () => {
  const environment = async (query = ''): Promise<Record<string, string>> => {
    const text = await (await fetch(`${postage.url}/dev/env${query}`)).text();
    const lines = [...text.matchAll(/^(\w+)='(.*)'$/gm)];
    return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]));
  };

  it('gives a shell everything that the README uses', async () => {
    const variables = await environment();
    expect(variables).toMatchObject({
      URL: postage.url,
      CRON_SECRET: postage.cronSecret,
      STRIPE_URL: postage.stripe.url,
      STRIPE_KEY: postage.stripe.secretKey,
    });
    const { TOKEN: token, ADMIN_TOKEN: adminToken } = variables;
    const entitlements = await call(postage, 'GET', '/entitlements', { token });
    expect(entitlements.body).toMatchObject({ userId: 'alice' });
    const asAdmin = await call(postage, 'GET', '/admin/rollovers', { token: adminToken });
    expect(asAdmin.status).toBe(200);
    const counted = await call(postage, 'POST', '/users/alice/usage', {
      token: variables['SERVICE_TOKEN'],
      headers: { 'idempotency-key': '1' },
      body: { consume: { letters: 1 } },
    });
    expect(counted.status).toBe(200);
  });

  it('takes the user', async () => {
    const { TOKEN: token } = await environment('?user=bob');
    const entitlements = await call(postage, 'GET', '/entitlements', { token });
    expect(entitlements.body).toMatchObject({ userId: 'bob' });
  });
});

describe('a browser', () => {
  it.each(['', '/'])('is led to the page from the address that ends with "%s"', async (path) => {
    const page = await fetch(postage.url + path, { redirect: 'manual' });
    expect(page.status).toBe(302);
    expect(page.headers.get('location')).toBe('/app/');
  });

  it.each(['/docs', '/docs/'])('gets the documentation at the address that ends with "%s"', async (path) => {
    const page = await fetch(postage.url + path);
    expect(page.url).toBe(`${postage.url}/docs`);
    expect(await page.text()).toContain('<title>Postage API</title>');
  });
});

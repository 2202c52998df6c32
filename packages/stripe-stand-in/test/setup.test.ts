import { afterAll, describe, expect, it } from '@jest/globals';
import { Stripe } from 'stripe';
import { sdkFor } from '../src/index.ts';
import { EVENT_NAMES } from '../src/event-names.ts';
import { openStripe, PRO, stripeError } from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const sandbox = await openStripe(NOW);
const { stripe, standIn } = sandbox;
afterAll(() => sandbox.stop());

const MONTHLY = { product: 'prod_pro', currency: 'usd', recurring: { interval: 'month' } } as const;

describe('products', () => {
  it('are made by an id of the owner and found by it again', async () => {
    const product = await stripe.products.create({
      id: 'app_basic',
      name: 'Basic',
      metadata: { plan: 'basic' },
    });
    expect(product).toMatchObject({ id: 'app_basic', metadata: { plan: 'basic' } });
    expect((await stripe.products.list({ ids: ['app_basic'] })).data).toEqual([
      expect.objectContaining({ id: 'app_basic' }),
    ]);
    const again = await stripeError(stripe.products.create({ id: 'app_basic', name: 'Basic' }));
    expect(again).toMatchObject({ statusCode: 400, code: 'resource_already_exists' });
  });

  it('can be renamed and archived', async () => {
    const { id } = await stripe.products.create({ name: 'Old' });
    await stripe.products.update(id, { name: 'New', active: false, metadata: { plan: 'x' } });
    expect(await stripe.products.retrieve(id)).toMatchObject({
      name: 'New',
      active: false,
      metadata: { plan: 'x' },
    });
    expect(standIn.control.events().at(-1)).toMatchObject({
      type: 'product.updated',
      data: { previous_attributes: { name: 'Old', active: true } },
    });
    expect((await stripe.products.list({ active: true })).data.map((one) => one.id)).not.toContain(id);
  });
});

describe('prices', () => {
  it('are found by lookup key, product and activity', async () => {
    const { id } = await stripe.prices.create({
      ...MONTHLY,
      unit_amount: 1_200,
      lookup_key: 'team_month',
      tax_behavior: 'exclusive',
      metadata: { plan: 'team' },
    });
    const { data } = await stripe.prices.list({
      lookup_keys: ['team_month'],
      product: 'prod_pro',
      active: true,
    });
    expect(data).toMatchObject([{ id, tax_behavior: 'exclusive', metadata: { plan: 'team' } }]);
    await stripe.prices.update(id, { active: false });
    expect((await stripe.prices.list({ lookup_keys: ['team_month'], active: true })).data).toEqual([]);
  });

  it('give a lookup key away only when the request says so', async () => {
    const error = await stripeError(
      stripe.prices.create({ ...MONTHLY, unit_amount: 1_000, lookup_key: 'pro_month' }),
    );
    expect(error.statusCode).toBe(400);
    expect(error.message).toContain(PRO);
    const { id } = await stripe.prices.create({
      ...MONTHLY,
      unit_amount: 1_000,
      lookup_key: 'pro_month',
      transfer_lookup_key: true,
    });
    expect((await stripe.prices.retrieve(PRO)).lookup_key).toBeNull();
    expect((await stripe.prices.list({ lookup_keys: ['pro_month'] })).data).toMatchObject([{ id }]);
    await stripe.prices.update(PRO, { lookup_key: 'pro_month', transfer_lookup_key: true });
    expect((await stripe.prices.retrieve(id)).lookup_key).toBeNull();
  });

  it('keep a tax behaviour that was said once', async () => {
    const { id } = await stripe.prices.create({ ...MONTHLY, unit_amount: 1_000 });
    await stripe.prices.update(id, { tax_behavior: 'inclusive' });
    const error = await stripeError(stripe.prices.update(id, { tax_behavior: 'exclusive' }));
    expect(error).toMatchObject({ statusCode: 400, param: 'tax_behavior' });
  });
});

describe('webhook endpoints', () => {
  const url = 'https://example.com/webhooks/stripe';

  it('show their secret when they are made, and never again', async () => {
    const made = await stripe.webhookEndpoints.create({
      url,
      enabled_events: ['invoice.paid'],
      api_version: '2026-10-28.endive',
      metadata: { app: 'one' },
    });
    expect(made).toMatchObject({ secret: expect.stringMatching(/^whsec_/), status: 'enabled' });
    expect(await stripe.webhookEndpoints.retrieve(made.id)).not.toHaveProperty('secret');
    const updated = await stripe.webhookEndpoints.update(made.id, {
      enabled_events: ['invoice.paid', 'charge.refunded'],
      disabled: true,
    });
    expect(updated).toMatchObject({
      status: 'disabled',
      enabled_events: ['invoice.paid', 'charge.refunded'],
    });
    expect((await stripe.webhookEndpoints.list()).data).toHaveLength(1);
    await stripe.webhookEndpoints.del(made.id);
    expect((await stripe.webhookEndpoints.list()).data).toEqual([]);
  });

  it('know no wildcard but the one for everything, and no name that the package does not know', async () => {
    for (const name of ['customer.subscription.*', 'checkout.session.*', 'invoice.payed']) {
      const error = await stripeError(
        stripe.webhookEndpoints.create({
          url,
          // Something that only JavaScript can send.
          enabled_events: [name as 'invoice.paid'],
        }),
      );
      expect(error).toMatchObject({ statusCode: 400, param: 'enabled_events[0]' });
    }
    const missing: Exclude<Stripe.WebhookEndpointCreateParams.EnabledEvent, (typeof EVENT_NAMES)[number]>[] =
      [];
    expect(missing).toEqual([]);
  });

  it('refuse an address and a version that do not exist', async () => {
    const noAddress = await stripeError(
      stripe.webhookEndpoints.create({ url: 'here', enabled_events: ['*'] }),
    );
    expect(noAddress).toMatchObject({ statusCode: 400, param: 'url' });
    const noVersion = await stripeError(
      stripe.webhookEndpoints.create({
        url,
        enabled_events: ['*'],
        api_version: '2030-01-01.zebra' as '2026-10-28.endive',
      }),
    );
    expect(noVersion).toMatchObject({ statusCode: 400, param: 'api_version' });
  });

  it('are at most sixteen', async () => {
    const ids: string[] = [];
    for (let count = 0; count < 16; count += 1) {
      ids.push((await stripe.webhookEndpoints.create({ url, enabled_events: ['*'] })).id);
    }
    const error = await stripeError(stripe.webhookEndpoints.create({ url, enabled_events: ['*'] }));
    expect(error.statusCode).toBe(400);
    for (const id of ids) {
      await stripe.webhookEndpoints.del(id);
    }
  });
});

describe('accounts, modes and rights', () => {
  it('tell who they are', async () => {
    const { id } = await stripe.accounts.retrieveCurrent();
    expect(id).toMatch(/^acct_/);
    const other = await sdkFor(standIn, standIn.otherAccountKey).accounts.retrieveCurrent();
    expect(other.id).not.toBe(id);
    expect((await sdkFor(standIn, standIn.liveKey).accounts.retrieveCurrent()).id).toBe(id);
  });

  it('keep what they have for themselves', async () => {
    const elsewhere = sdkFor(standIn, standIn.otherAccountKey);
    expect((await elsewhere.prices.list()).data).toEqual([]);
    const error = await stripeError(elsewhere.prices.retrieve(PRO));
    expect(error).toMatchObject({
      statusCode: 404,
      code: 'resource_missing',
      message: `No such price: '${PRO}'`,
    });
  });

  it('say when an object is in the other mode', async () => {
    const live = sdkFor(standIn, standIn.liveKey);
    const error = await stripeError(live.prices.retrieve(PRO));
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing' });
    expect(error.message).toBe(
      `No such price: '${PRO}'; a similar object exists in test mode, but a live mode key was used to make this request.`,
    );
    const product = await live.products.create({ name: 'Live' });
    expect(product.livemode).toBe(true);
    const hidden = await stripeError(stripe.products.retrieve(product.id));
    expect(hidden.message).toContain('a similar object exists in live mode, but a test mode key was used');
  });

  it('refuse what a restricted key has no right to', async () => {
    standIn.control.setFaults({ api: { forbidden: ['POST /v1/refunds'] } });
    const error = await stripeError(stripe.refunds.create({ charge: 'ch_1' }));
    expect(error).toBeInstanceOf(Stripe.errors.StripePermissionError);
    expect(error.statusCode).toBe(403);
    await expect(stripe.refunds.list()).resolves.toMatchObject({ data: [] });
    standIn.control.setFaults({});
  });
});

import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Stripe } from 'stripe';
import { openWebhookEndpoint, useStripe, type WebhookEndpoint } from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';

const begin = useStripe();
let first: WebhookEndpoint;
let second: WebhookEndpoint;

beforeEach(async () => {
  first = await openWebhookEndpoint();
  second = await openWebhookEndpoint();
});
afterEach(async () => {
  await first.close();
  await second.close();
});

function typesOf(endpoint: WebhookEndpoint): string[] {
  return endpoint.events().map(({ type }) => type);
}

/** The newest delivery as the SDK reads it, by the clock of the stand-in. */
function construct(stripe: Stripe, { received }: WebhookEndpoint, secret: string | undefined): Stripe.Event {
  const { body, headers } = received.at(-1) ?? { body: '', headers: {} };
  return stripe.webhooks.constructEvent(
    body,
    String(headers['stripe-signature']),
    secret ?? '',
    300,
    undefined,
    Date.parse(NOW),
  );
}

it('an event goes to each endpoint that asked for it, with its own secret and version', async () => {
  const { stripe, standIn } = await begin(NOW);
  const all = await stripe.webhookEndpoints.create({ url: first.url, enabled_events: ['*'] });
  const some = await stripe.webhookEndpoints.create({
    url: second.url,
    enabled_events: ['customer.deleted'],
    api_version: '2025-03-31.basil',
  });
  const { id } = await stripe.customers.create({});
  await standIn.control.settled();
  expect(typesOf(first)).toEqual(['customer.created']);
  expect(typesOf(second)).toEqual([]);

  await stripe.customers.del(id);
  await standIn.control.settled();
  expect(typesOf(second)).toEqual(['customer.deleted']);
  expect(construct(stripe, first, all.secret).api_version).toBe('2026-10-28.endive');
  expect(construct(stripe, second, some.secret).api_version).toBe('2025-03-31.basil');
  expect(() => construct(stripe, second, all.secret)).toThrow(Stripe.errors.StripeSignatureVerificationError);
});

it('an endpoint that is disabled or deleted gets nothing, also nothing that waits', async () => {
  const { stripe, standIn } = await begin(NOW);
  const one = await stripe.webhookEndpoints.create({ url: first.url, enabled_events: ['*'] });
  const two = await stripe.webhookEndpoints.create({ url: second.url, enabled_events: ['*'] });
  await stripe.webhookEndpoints.update(one.id, { disabled: true });
  standIn.control.setFaults({ webhooks: { drop: true } });
  await stripe.customers.create({});
  await stripe.webhookEndpoints.del(two.id);
  await standIn.control.flush();
  expect([...first.received, ...second.received]).toEqual([]);
  await stripe.webhookEndpoints.update(one.id, { disabled: false });
  standIn.control.setFaults({});
  await stripe.customers.create({});
  await standIn.control.settled();
  expect(typesOf(first)).toEqual(['customer.created']);
});

it('one endpoint that fails does not keep an event from the other', async () => {
  const { stripe, standIn } = await begin(NOW);
  await stripe.webhookEndpoints.create({ url: first.url, enabled_events: ['*'] });
  await stripe.webhookEndpoints.create({ url: second.url, enabled_events: ['*'] });
  first.answerWith(500);
  await stripe.customers.create({});
  await standIn.control.settled();
  expect(second.received).toHaveLength(1);
  expect(standIn.control.events().at(-1)?.pending_webhooks).toBe(1);
  first.answerWith(200);
  await standIn.control.flush();
  expect(standIn.control.events().at(-1)?.pending_webhooks).toBe(0);
});

it('a secret that is rolled signs from now on', async () => {
  const { stripe, standIn } = await begin(NOW);
  const made = await stripe.webhookEndpoints.create({ url: first.url, enabled_events: ['*'] });
  const rolled = standIn.control.rollSecret(made.id);
  await stripe.customers.create({});
  await standIn.control.settled();
  expect(construct(stripe, first, rolled.secret).type).toBe('customer.created');
  expect(() => construct(stripe, first, made.secret)).toThrow(Stripe.errors.StripeSignatureVerificationError);
});

it('a thin payload names its object, and the SDK refuses to read it as an event', async () => {
  const { stripe, standIn } = await begin(NOW);
  const { secret } = standIn.control.openThinDestination({ url: first.url, events: ['customer.created'] });
  const { id } = await stripe.customers.create({});
  await standIn.control.settled();
  expect(() => construct(stripe, first, secret)).toThrow('You passed a thin event notification');
  const { body, headers } = first.received[0] ?? { body: '', headers: {} };
  const notification = stripe.parseEventNotification(
    body,
    String(headers['stripe-signature']),
    secret ?? '',
    300,
    undefined,
    Date.parse(NOW),
  );
  expect(notification).toMatchObject({
    type: 'v1.customer.created',
    related_object: { id, type: 'customer', url: `/v1/customers/${id}` },
  });
  expect((await stripe.webhookEndpoints.list()).data).toEqual([]);
});

it('endpoints, and what they still wait for, outlive a restart', async () => {
  const kept = new Map<string, unknown>();
  const data = {
    read: (name: string) => kept.get(name),
    write: (name: string, value: object) => void kept.set(name, JSON.parse(JSON.stringify(value))),
  };
  const before = await begin(NOW, { data });
  const { secret } = await before.stripe.webhookEndpoints.create({
    url: first.url,
    enabled_events: ['customer.created'],
  });
  before.standIn.control.setFaults({ webhooks: { drop: true } });
  await before.stripe.customers.create({});
  await before.stop();
  const after = await begin(NOW, { data });
  await after.standIn.control.flush();
  expect(construct(after.stripe, first, secret).type).toBe('customer.created');
});

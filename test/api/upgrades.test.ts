import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { standInPriceId } from '../../local/stripe-products.ts';
import { type ApiAnswer } from '../support/api-client.ts';
import { atStripe, stripeOf } from '../support/at-stripe.ts';
import { usePostage } from '../support/server.ts';
import {
  account,
  atStripeOf,
  billing,
  CANCELLATION,
  change,
  CHANGES,
  ENTERPRISE,
  passes,
  PRO,
  PRO_YEARLY,
  refusedAs,
  setCard,
  subscriber,
} from '../support/subscribers.ts';

const NEEDS_HOLDER = 'pm_card_authenticationRequired';

const postage = usePostage();
let stripe: Stripe;

beforeAll(() => {
  stripe = stripeOf(postage());
});

/** The holder answers their bank in the dialog of the answer's client secret. */
async function authenticate({ body }: ApiAnswer, approved: boolean): Promise<void> {
  const intent = /pi_\w+?(?=_secret)/.exec(String(body['clientSecret']))?.[0] ?? '';
  await atStripe(postage(), 'POST', `/payment-intents/${intent}/authenticate`, { approved });
  await atStripe(postage(), 'POST', '/flush');
}

describe('a larger plan', () => {
  it('holds at once, and begins a period that is paid', async () => {
    const user = await subscriber(postage());
    const answer = await change(user, ENTERPRISE);
    expect(answer).toMatchObject({
      status: 200,
      body: { ...ENTERPRISE, kind: 'plan_change', status: 'done' },
    });
    expect(await account(user)).toMatchObject({ plan: 'enterprise', credits: { included: 10 } });
    expect(await billing(user)).toMatchObject({ ...ENTERPRISE, scheduled: null, waiting: null });
  });

  it('is also the longer interval of the same plan', async () => {
    const user = await subscriber(postage());
    expect(await change(user, PRO_YEARLY)).toMatchObject({ status: 200 });
    expect(await billing(user)).toMatchObject({ ...PRO_YEARLY, scheduled: null });
  });

  it('G2: is answered from its record under its key, also a month later', async () => {
    const user = await subscriber(postage());
    const headers = { 'idempotency-key': 'larger' };
    const first = await change(user, ENTERPRISE, headers);
    await passes(postage(), user, 32 * DAY_MS);
    const again = await change(user, ENTERPRISE, headers);
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(await change(user, PRO, headers)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_conflict' },
    });
  });

  it('grants nothing when the card is declined, and leaves nothing behind', async () => {
    const user = await subscriber(postage());
    await setCard(postage(), user, 'pm_card_chargeCustomerFail');
    const headers = { 'idempotency-key': 'declined' };
    const declined = { status: 402, body: { code: 'payment_failed', declineCode: 'generic_decline' } };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(declined);
    expect(await account(user)).toMatchObject({ plan: 'pro', status: 'active', credits: { included: 2 } });
    const subscription = await atStripeOf(postage(), user);
    expect(subscription).toMatchObject({ pending_update: null, status: 'active' });
    const { data } = await stripe.invoices.list({ subscription: subscription.id });
    expect(data.map(({ status }) => status)).toEqual(['void', 'paid']);
    await setCard(postage(), user, 'pm_card_visa');
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(declined);
    await passes(postage(), user, 32 * DAY_MS);
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(declined);
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 200 });
  });

  it('puts what was scheduled back when the card is declined', async () => {
    const user = await subscriber(postage(), ENTERPRISE);
    expect(await change(user, PRO)).toMatchObject({ status: 200, body: { status: 'done' } });
    const before = await billing(user);
    expect(before).toMatchObject({ plan: 'enterprise', scheduled: PRO });
    const id = (await atStripeOf(postage(), user)).id;
    const item = (await atStripeOf(postage(), user)).items.data[0]?.id ?? '';
    // Somebody makes the present plan smaller in the Dashboard, so that there is a larger one.
    await stripe.subscriptions.update(id, { items: [{ id: item, price: standInPriceId('pro', 'month') }] });
    await setCard(postage(), user, 'pm_card_chargeCustomerFail');
    expect(await change(user, PRO_YEARLY)).toMatchObject({ status: 402 });
    expect(await billing(user)).toMatchObject({ scheduled: before['scheduled'] });
  });

  it('tells what the holder of the card has to do, and holds once they have', async () => {
    const user = await subscriber(postage(), PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'holder' };
    const asked = await change(user, ENTERPRISE, headers);
    const needed = { code: 'payment_action_required', clientSecret: expect.stringMatching(/^pi_.*_secret_/) };
    expect(asked).toMatchObject({ status: 402, body: needed });
    expect(await account(user)).toMatchObject({ plan: 'pro', credits: { included: 2 } });
    expect(await billing(user)).toMatchObject({
      ...PRO,
      waiting: { ...ENTERPRISE, clientSecret: asked.body['clientSecret'] },
    });
    // The same key, and another request for the same, are told the same.
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402, body: asked.body });
    expect(await change(user, ENTERPRISE)).toMatchObject({ status: 402, body: asked.body });
    await authenticate(asked, true);
    expect(await account(user)).toMatchObject({ plan: 'enterprise', credits: { included: 10 } });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 200, body: { status: 'done' } });
  });

  it('does not happen when the holder says no', async () => {
    const user = await subscriber(postage(), PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'no' };
    await authenticate(await change(user, ENTERPRISE, headers), false);
    expect(await account(user)).toMatchObject({ plan: 'pro' });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({
      status: 402,
      body: { code: 'payment_failed' },
    });
    expect(await billing(user)).toMatchObject({ waiting: null });
  });

  it('is forgotten when nobody answers the bank', async () => {
    const user = await subscriber(postage(), PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'silence' };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402 });
    await passes(postage(), user, DAY_MS);
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({
      status: 402,
      body: { code: 'payment_failed' },
    });
    expect((await atStripeOf(postage(), user)).pending_update).toBeNull();
  });

  it('is one change when two ask for it at once without a key', async () => {
    const user = await subscriber(postage());
    const answers = await Promise.all([change(user, ENTERPRISE), change(user, ENTERPRISE)]);
    expect(answers.map(({ status }) => status)).toContain(200);
    expect(answers.every(({ status }) => status === 200 || status === 409)).toBe(true);
    const { data } = await stripe.invoices.list({ subscription: (await atStripeOf(postage(), user)).id });
    expect(data).toHaveLength(2);
  });

  it.each<[string, object]>([
    ['another larger plan', PRO_YEARLY],
    ['the same subscription as it is', ENTERPRISE],
  ])('that waits for its holder is not overtaken by %s', async (_, other) => {
    const user = await subscriber(postage(), PRO, NEEDS_HOLDER);
    const waits = other === ENTERPRISE ? PRO_YEARLY : ENTERPRISE;
    expect(await change(user, waits)).toMatchObject({ status: 402 });
    expect(await change(user, other)).toMatchObject(refusedAs('change_open'));
  });

  it('that waits for its holder is taken back', async () => {
    const user = await subscriber(postage(), PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'waits' };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402 });
    expect(await user.call('DELETE', CHANGES)).toMatchObject({ status: 200, body: { status: 'done' } });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(refusedAs('taken_back'));
    expect((await atStripeOf(postage(), user)).pending_update).toBeNull();
    expect(await billing(user)).toMatchObject({ ...PRO, waiting: null });
  });

  it('that waits for its holder gives way to a cancellation', async () => {
    const user = await subscriber(postage(), PRO, NEEDS_HOLDER);
    const headers = { 'idempotency-key': 'gives way' };
    expect(await change(user, ENTERPRISE, headers)).toMatchObject({ status: 402 });
    expect(await user.call('POST', CANCELLATION)).toMatchObject({ status: 200 });
    expect(await change(user, ENTERPRISE, headers)).toMatchObject(refusedAs('replaced'));
    expect(await atStripeOf(postage(), user)).toMatchObject({
      pending_update: null,
      cancel_at: expect.any(Number),
    });
  });
});

import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { runInNewContext } from 'node:vm';
import { type TestStripe } from '../src/index.ts';
import { attached, idOf, PAYMENT, payAway, stripeError, typesSince, useStripe } from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';
const RETURN_URL = 'https://example.com/back';
const TYPES: Stripe.PaymentIntentCreateParams['allowed_payment_method_types'] = ['card', 'link'];

const begin = useStripe();

/** Confirms while the customer is there, as an app does that leaves the rest to Stripe.js. */
async function payHere(stripe: Stripe, card: string): Promise<Stripe.PaymentIntent> {
  const { customer, method } = await attached(stripe, card);
  const { id } = await stripe.paymentIntents.create({
    ...PAYMENT,
    customer,
    allowed_payment_method_types: TYPES,
  });
  return stripe.paymentIntents.confirm(id, {
    payment_method: method,
    use_stripe_sdk: true,
    return_url: RETURN_URL,
  });
}

interface Result {
  paymentIntent?: { id: string; status: string } & Record<string, unknown>;
  error?: { code?: string; message: string; payment_intent?: { status: string } };
}
interface StripeJs {
  handleNextAction: (asked: { clientSecret: string | null }) => Promise<Result>;
  confirmCardPayment: (secret: string | null, data?: { payment_method: string }) => Promise<Result>;
  retrievePaymentIntent: (secret: string | null) => Promise<Result>;
}

/** The double of Stripe.js in a page whose reader clicks on a button of the dialog. */
async function openPage(
  { standIn }: TestStripe,
  button: 'Authorize' | 'Fail',
): Promise<(key: string) => StripeJs> {
  const src = `${standIn.url}/v3/stripe.js`;
  const script = await fetch(src);
  expect(script.headers.get('content-type')).toContain('text/javascript');
  const elements: { textContent: string; click: () => void }[] = [];
  const createElement = (): object => {
    const element = {
      textContent: '',
      click: () => undefined,
      append: () => undefined,
      remove: () => undefined,
      addEventListener: (_type: string, listen: () => undefined) => {
        element.click = listen;
      },
      showModal: () => elements.find(({ textContent }) => textContent === button)?.click(),
    };
    elements.push(element);
    return element;
  };
  const document = { currentScript: { src }, createElement, body: { append: () => undefined } };
  const page: { Stripe?: (key: string) => StripeJs } & Record<string, unknown> = {
    document,
    fetch,
    URL,
    URLSearchParams,
  };
  runInNewContext(await script.text(), page);
  if (page.Stripe === undefined) {
    throw new Error('The script defines no Stripe.');
  }
  return page.Stripe;
}

describe('a bank that asks for its holder', () => {
  it('leaves the intent without a method when the holder is away, and names it in the error alone', async () => {
    const { stripe } = await begin(NOW);
    const error = await stripeError(payAway(stripe, 'pm_card_authenticationRequired'));
    expect(error).toMatchObject({ statusCode: 402, code: 'authentication_required' });
    const [intent] = (await stripe.paymentIntents.list()).data;
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      payment_method: null,
      next_action: null,
      last_payment_error: { code: 'authentication_required', payment_method: { type: 'card' } },
    });
  });

  it('leaves the card on the intent when the holder is there, and waits for Stripe.js', async () => {
    const opened = await begin(NOW);
    const intent = await payHere(opened.stripe, 'pm_card_authenticationRequired');
    expect(intent).toMatchObject({
      status: 'requires_action',
      payment_method: expect.stringMatching(/^pm_/),
      next_action: { type: 'use_stripe_sdk' },
    });
    expect(typesSince(opened)).toContain('payment_intent.requires_action');
    const canceled = await opened.stripe.paymentIntents.cancel(intent.id);
    expect(canceled).toMatchObject({ status: 'canceled', next_action: null });
    expect(typesSince(opened).at(-1)).toBe('payment_intent.canceled');
  });

  it('leads to a page of its own when the app does not use Stripe.js', async () => {
    const { stripe } = await begin(NOW);
    const intent = await stripe.paymentIntents.create({
      ...PAYMENT,
      payment_method: 'pm_card_authenticationRequired',
      confirm: true,
      return_url: RETURN_URL,
    });
    expect(intent.next_action).toMatchObject({
      type: 'redirect_to_url',
      redirect_to_url: { return_url: RETURN_URL },
    });
  });

  it('is a decline for an app that can do nothing about it', async () => {
    const { stripe } = await begin(NOW);
    const error = await stripeError(
      stripe.paymentIntents.create({
        ...PAYMENT,
        payment_method: 'pm_card_authenticationRequired',
        confirm: true,
        return_url: RETURN_URL,
        error_on_requires_action: true,
      }),
    );
    expect(error).toMatchObject({ statusCode: 402, code: 'authentication_required' });
  });

  it('does not hear a holder who was away', async () => {
    const { stripe, standIn } = await begin(NOW);
    await stripeError(payAway(stripe, 'pm_card_authenticationRequired'));
    const [intent] = (await stripe.paymentIntents.list()).data;
    expect(() => standIn.control.authenticate(idOf(intent), true)).toThrow(
      'does not wait for authentication',
    );
  });
});

describe('methods that are no card', () => {
  it('pay at once when they are links, also as a default', async () => {
    const { stripe } = await begin(NOW);
    const paid = await payHere(stripe, 'pm_link');
    expect(paid.status).toBe('succeeded');
    const charge = await stripe.charges.retrieve(idOf(paid.latest_charge));
    expect(charge.payment_method_details).toMatchObject({ type: 'link' });
    const { customer, method } = await attached(stripe, 'pm_link');
    await stripe.customers.update(customer, { invoice_settings: { default_payment_method: method } });
    const known = await stripe.customers.retrieve(customer, {
      expand: ['invoice_settings.default_payment_method'],
    });
    expect(known).toMatchObject({ invoice_settings: { default_payment_method: { type: 'link' } } });
  });

  it.each(['pm_paypal', 'pm_cashapp', 'pm_usBankAccount_success'])(
    'are refused when an intent does not allow them: %s',
    async (name) => {
      const named = await begin(NOW);
      const error = await stripeError(payHere(named.stripe, name));
      expect(error).toMatchObject({
        statusCode: 400,
        type: 'StripeInvalidRequestError',
        param: 'payment_method',
      });
      await named.stop();
      const unnamed = await begin(NOW, { plays: { namesRefusedMethod: false } });
      const bare = await stripeError(payHere(unnamed.stripe, name));
      expect(bare).toMatchObject({ statusCode: 400, param: undefined, code: undefined });
      expect(bare.message).toContain('is not allowed for this PaymentIntent');
    },
  );
});

describe('Stripe.js in a page', () => {
  it('finishes with the client secret alone when the holder agrees', async () => {
    const opened = await begin(NOW);
    const intent = await payHere(opened.stripe, 'pm_card_authenticationRequired');
    const stripeJs = (await openPage(opened, 'Authorize'))(opened.standIn.publishableKey);
    const { paymentIntent } = await stripeJs.handleNextAction({ clientSecret: intent.client_secret });
    expect(paymentIntent).toMatchObject({ id: intent.id, status: 'succeeded' });
    expect(paymentIntent).not.toHaveProperty('customer');
    expect(paymentIntent).not.toHaveProperty('metadata');
  });

  it('tells why when the holder does not', async () => {
    const opened = await begin(NOW);
    const intent = await payHere(opened.stripe, 'pm_card_authenticationRequired');
    const stripeJs = (await openPage(opened, 'Fail'))(opened.standIn.publishableKey);
    const { error } = await stripeJs.handleNextAction({ clientSecret: intent.client_secret });
    expect(error).toMatchObject({
      code: 'payment_intent_authentication_failure',
      payment_intent: { status: 'requires_payment_method' },
    });
  });

  it('throws for an intent that does not wait, as one that was declined while its holder was away', async () => {
    const opened = await begin(NOW);
    await stripeError(payAway(opened.stripe, 'pm_card_authenticationRequired'));
    const [intent] = (await opened.stripe.paymentIntents.list()).data;
    const secret = intent?.client_secret ?? null;
    const stripeJs = (await openPage(opened, 'Authorize'))(opened.standIn.publishableKey);
    await expect(stripeJs.handleNextAction({ clientSecret: secret })).rejects.toThrow(
      'is not in the requires_action state',
    );
    const bare = await stripeJs.confirmCardPayment(secret);
    expect(bare.error?.message).toContain('missing a payment method');
    const method = intent?.last_payment_error?.payment_method?.id ?? '';
    const { paymentIntent } = await stripeJs.confirmCardPayment(secret, { payment_method: method });
    expect(paymentIntent?.status).toBe('succeeded');
  });

  it('needs a publishable key, and with it a secret of the intent', async () => {
    const opened = await begin(NOW);
    const { publishableKey, secretKey, url } = opened.standIn;
    const Page = await openPage(opened, 'Authorize');
    expect(() => Page(secretKey)).toThrow('publishable key');
    const intent = await payHere(opened.stripe, 'pm_card_authenticationRequired');
    const wrong = await Page(publishableKey).retrievePaymentIntent(`${intent.id}_secret_other`);
    expect(wrong.error?.message).toContain('does not match');
    const ask = async (path: string): Promise<[number, string | null]> => {
      const response = await fetch(`${url}${path}`, {
        headers: { authorization: `Bearer ${publishableKey}` },
      });
      return [response.status, response.headers.get('access-control-allow-origin')];
    };
    expect(await ask(`/v1/payment_intents/${intent.id}`)).toEqual([400, '*']);
    expect(await ask('/v1/customers')).toEqual([403, '*']);
    const preflight = await fetch(`${url}/v1/payment_intents/${intent.id}`, { method: 'OPTIONS' });
    expect(preflight.headers.get('access-control-allow-headers')).toContain('authorization');
  });
});

describe('a charge that is read with its intent', () => {
  const paid = async (stripe: Stripe): Promise<string> => (await payHere(stripe, 'pm_card_visa')).id;
  const chargeOf = async (stripe: Stripe, id: string): Promise<Stripe.PaymentIntent['latest_charge']> =>
    (await stripe.paymentIntents.retrieve(id, { expand: ['latest_charge'] })).latest_charge;

  it('shows what was refunded by hand, in part and in full', async () => {
    const opened = await begin(NOW);
    const id = await paid(opened.stripe);
    await opened.stripe.refunds.create({ payment_intent: id, amount: 100 });
    expect(await chargeOf(opened.stripe, id)).toMatchObject({ amount_refunded: 100, refunded: false });
    await opened.stripe.refunds.create({ payment_intent: id });
    expect(await chargeOf(opened.stripe, id)).toMatchObject({ amount_refunded: 300, refunded: true });
    expect(typesSince(opened).slice(-4)).toEqual([
      'refund.created',
      'charge.refunded',
      'refund.created',
      'charge.refunded',
    ]);
  });

  it('shows that it is disputed, also after the dispute was won', async () => {
    const { stripe, standIn } = await begin(NOW);
    const id = await paid(stripe);
    const dispute = standIn.control.openDispute({ paymentIntent: id });
    expect(await chargeOf(stripe, id)).toMatchObject({ disputed: true, refunded: false });
    expect((await stripe.disputes.list({ payment_intent: id })).data).toMatchObject([
      { id: dispute.id, status: 'needs_response' },
    ]);
    standIn.control.closeDispute(dispute.id, 'won');
    expect(await chargeOf(stripe, id)).toMatchObject({ disputed: true });
  });

  it('shows the statement of its holder', async () => {
    const { stripe } = await begin(NOW);
    const create = (suffix: string): Promise<Stripe.PaymentIntent> =>
      stripe.paymentIntents.create({
        ...PAYMENT,
        payment_method: 'pm_card_visa',
        confirm: true,
        return_url: RETURN_URL,
        statement_descriptor_suffix: suffix,
        receipt_email: 'ada@example.com',
      });
    const { id } = await create('LETTERS');
    expect(await chargeOf(stripe, id)).toMatchObject({
      calculated_statement_descriptor: 'STAND-IN* LETTERS',
      statement_descriptor_suffix: 'LETTERS',
      receipt_email: 'ada@example.com',
    });
    const error = await stripeError(create('A SUFFIX THAT IS TOO LONG'));
    expect(error).toMatchObject({ statusCode: 400, param: 'statement_descriptor_suffix' });
  });
});

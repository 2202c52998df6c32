import { describe, expect, it } from '@jest/globals';
import { type Stripe } from 'stripe';
import { customerWith, idOf, PRO, stripeError, typesSince, useStripe } from './support.ts';

const NOW = '2026-11-24T10:00:00.000Z';
const SUCCESS = { success_url: 'https://example.com/done' };

const begin = useStripe();

/** A bundle for $20 with a price of its own. */
async function bundle(
  stripe: Stripe,
  tax_behavior: Stripe.PriceCreateParams.TaxBehavior = 'exclusive',
): Promise<Stripe.Checkout.SessionCreateParams> {
  const product = await stripe.products.create({ name: 'Ten letters' });
  const price = await stripe.prices.create({
    product: product.id,
    currency: 'usd',
    unit_amount: 2_000,
    tax_behavior,
  });
  return { ...SUCCESS, mode: 'payment', line_items: [{ price: price.id, quantity: 1 }] };
}

async function code(stripe: Stripe, off: Stripe.CouponCreateParams, name: string): Promise<string> {
  const { id: coupon } = await stripe.coupons.create(off);
  await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon }, code: name });
  return name;
}

describe('tax', () => {
  it('comes on top of what is compared, and is charged', async () => {
    const { stripe, standIn } = await begin(NOW);
    const customer = await customerWith(stripe, null);
    const session = await stripe.checkout.sessions.create({
      ...(await bundle(stripe)),
      customer,
      customer_update: { address: 'auto', name: 'auto' },
      automatic_tax: { enabled: true },
      tax_id_collection: { enabled: true },
    });
    expect(session).toMatchObject({
      amount_total: 2_000,
      automatic_tax: { enabled: true, status: 'requires_location_inputs' },
      tax_id_collection: { enabled: true },
    });
    const paid = standIn.control.payCheckout(session.id, { name: 'Ada', taxId: 'DE123456789' });
    expect(paid).toMatchObject({
      amount_subtotal: 2_000,
      amount_total: 2_200,
      total_details: { amount_tax: 200, amount_discount: 0 },
      automatic_tax: { status: 'complete' },
      customer_details: { address: { country: 'DE' }, tax_ids: [{ value: 'DE123456789' }] },
    });
    expect(await stripe.paymentIntents.retrieve(idOf(paid.payment_intent))).toMatchObject({ amount: 2_200 });
    expect(await stripe.customers.retrieve(customer)).toMatchObject({
      name: 'Ada',
      address: { country: 'DE' },
    });
  });

  it('can be in the price, at a rate of one’s own', async () => {
    const { stripe, standIn } = await begin(NOW, { plays: { taxPercent: 25 } });
    const asked = { ...(await bundle(stripe, 'inclusive')), automatic_tax: { enabled: true } };
    const { id } = await stripe.checkout.sessions.create(asked);
    expect(standIn.control.payCheckout(id)).toMatchObject({
      amount_total: 2_000,
      total_details: { amount_tax: 400 },
    });
  });

  it('needs to write the address and the name of a customer who exists', async () => {
    const { stripe } = await begin(NOW);
    const asked = { ...(await bundle(stripe)), customer: await customerWith(stripe, null) };
    const noAddress = await stripeError(
      stripe.checkout.sessions.create({ ...asked, automatic_tax: { enabled: true } }),
    );
    expect(noAddress).toMatchObject({ statusCode: 400, code: 'customer_tax_location_invalid' });
    const noName = await stripeError(
      stripe.checkout.sessions.create({ ...asked, tax_id_collection: { enabled: true } }),
    );
    expect(noName.message).toContain('`customer_update[name]`');
    const nobody = await stripeError(
      stripe.checkout.sessions.create({ ...(await bundle(stripe)), customer_update: { name: 'auto' } }),
    );
    expect(nobody).toMatchObject({ statusCode: 400, param: 'customer_update' });
  });
});

describe('promotion codes', () => {
  it('take a share or a sum off, before tax', async () => {
    const { stripe, standIn } = await begin(NOW);
    await code(stripe, { percent_off: 25 }, 'SPRING');
    await code(stripe, { amount_off: 500, currency: 'usd' }, 'FIVE');
    const pay = async (promotionCode: string): Promise<Stripe.Checkout.Session> => {
      const asked = {
        ...(await bundle(stripe)),
        allow_promotion_codes: true,
        automatic_tax: { enabled: true },
      };
      const { id } = await stripe.checkout.sessions.create(asked);
      return standIn.control.payCheckout(id, { promotionCode });
    };
    expect(await pay('spring')).toMatchObject({
      amount_subtotal: 2_000,
      amount_total: 1_650,
      total_details: { amount_discount: 500, amount_tax: 150 },
      discounts: [{ promotion_code: expect.stringMatching(/^promo_/) }],
    });
    expect((await pay('FIVE')).total_details).toMatchObject({ amount_discount: 500 });
    expect((await stripe.promotionCodes.list({ code: 'SPRING' })).data).toMatchObject([
      { times_redeemed: 1 },
    ]);
  });

  it('that take everything leave no payment, and a session that says so', async () => {
    for (const freeOrder of ['no_payment_required', 'paid'] as const) {
      const opened = await begin(NOW, { plays: { freeOrder } });
      await code(opened.stripe, { percent_off: 100 }, 'FREE');
      const { id } = await opened.stripe.checkout.sessions.create({
        ...(await bundle(opened.stripe)),
        allow_promotion_codes: true,
      });
      const session = opened.standIn.control.payCheckout(id, { promotionCode: 'FREE', paymentMethod: null });
      expect(session).toMatchObject({
        status: 'complete',
        payment_status: freeOrder,
        payment_intent: null,
        amount_subtotal: 2_000,
        amount_total: 0,
        customer: expect.stringMatching(/^cus_/),
      });
      expect(typesSince(opened)).not.toContain('payment_intent.created');
      await opened.stop();
    }
  });

  it('are refused when they are unknown, used up, or not asked for', async () => {
    const { stripe, standIn } = await begin(NOW);
    const { id: coupon } = await stripe.coupons.create({ percent_off: 50, max_redemptions: 1 });
    await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon }, code: 'ONCE' });
    const open = async (allow_promotion_codes: boolean): Promise<string> =>
      (await stripe.checkout.sessions.create({ ...(await bundle(stripe)), allow_promotion_codes })).id;
    const first = await open(true);
    expect(() => standIn.control.payCheckout(first, { promotionCode: 'NONE' })).toThrow(
      'This code is invalid.',
    );
    standIn.control.payCheckout(first, { promotionCode: 'ONCE' });
    const second = await open(true);
    expect(() => standIn.control.payCheckout(second, { promotionCode: 'ONCE' })).toThrow('invalid');
    const third = await open(false);
    expect(() => standIn.control.payCheckout(third, { promotionCode: 'ONCE' })).toThrow('takes no codes');
    await stripeError(stripe.coupons.create({ percent_off: 120 }));
    await stripeError(stripe.coupons.create({ amount_off: 100 }));
  });
});

describe('a single payment', () => {
  it('makes a paid invoice without a subscription when it is asked to', async () => {
    const opened = await begin(NOW);
    const { stripe, standIn } = opened;
    const { id } = await stripe.checkout.sessions.create({
      ...(await bundle(stripe)),
      invoice_creation: { enabled: true, invoice_data: { metadata: { order: '7' } } },
    });
    const session = standIn.control.payCheckout(id);
    const invoice = await stripe.invoices.retrieve(idOf(session.invoice), { expand: ['payments'] });
    expect(invoice).toMatchObject({
      status: 'paid',
      total: 2_000,
      amount_paid: 2_000,
      billing_reason: 'manual',
      parent: null,
      metadata: { order: '7' },
      payments: { data: [{ status: 'paid', payment: { payment_intent: idOf(session.payment_intent) } }] },
    });
    expect(typesSince(opened)).toEqual(expect.arrayContaining(['invoice.created', 'invoice.paid']));
    expect(typesSince(opened).at(-1)).toBe('checkout.session.completed');
  });

  it('asks for consent to terms that the account names', async () => {
    const named = await begin(NOW);
    const consent = { consent_collection: { terms_of_service: 'required' } } as const;
    const { id } = await named.stripe.checkout.sessions.create({
      ...(await bundle(named.stripe)),
      ...consent,
    });
    expect(() => named.standIn.control.payCheckout(id, { acceptTerms: false })).toThrow('terms of service');
    expect(named.standIn.control.payCheckout(id)).toMatchObject({
      consent: { terms_of_service: 'accepted' },
    });
    await named.stop();
    const { stripe } = await begin(NOW, { plays: { hasTermsUrl: false } });
    const asked = { ...(await bundle(stripe)), ...consent };
    const error = await stripeError(stripe.checkout.sessions.create(asked));
    expect(error).toMatchObject({ statusCode: 400, param: 'consent_collection[terms_of_service]' });
  });

  it('hands receipt and statement to its intent', async () => {
    const { stripe, standIn } = await begin(NOW);
    const { id } = await stripe.checkout.sessions.create({
      ...(await bundle(stripe)),
      payment_intent_data: { receipt_email: 'ada@example.com', statement_descriptor_suffix: 'LETTERS' },
    });
    const { payment_intent: intent } = standIn.control.payCheckout(id);
    expect(await stripe.paymentIntents.retrieve(idOf(intent))).toMatchObject({
      receipt_email: 'ada@example.com',
      statement_descriptor_suffix: 'LETTERS',
    });
  });

  it('needs a price that is active', async () => {
    const { stripe } = await begin(NOW);
    const asked = await bundle(stripe);
    await stripe.prices.update(asked.line_items?.[0]?.price ?? '', { active: false });
    const error = await stripeError(stripe.checkout.sessions.create(asked));
    expect(error).toMatchObject({ statusCode: 400, param: 'line_items[0][price]' });
  });
});

describe('sessions', () => {
  it('of a customer are listed, and an open one can be ended before its time', async () => {
    const opened = await begin(NOW);
    const { stripe } = opened;
    const customer = await customerWith(stripe, null);
    const { id } = await stripe.checkout.sessions.create({ ...(await bundle(stripe)), customer });
    const open = await stripe.checkout.sessions.list({ customer, status: 'open' });
    expect(open.data.map((one) => one.id)).toEqual([id]);
    await stripe.checkout.sessions.expire(id);
    expect(typesSince(opened).at(-1)).toBe('checkout.session.expired');
    const error = await stripeError(stripe.checkout.sessions.expire(id));
    expect(error.statusCode).toBe(400);
  });

  it('take Link where the Dashboard has it, which becomes the method of the subscription', async () => {
    const { stripe, standIn } = await begin(NOW);
    const asked: Stripe.Checkout.SessionCreateParams = {
      ...SUCCESS,
      mode: 'subscription',
      line_items: [{ price: PRO, quantity: 1 }],
    };
    const session = await stripe.checkout.sessions.create(asked);
    expect(session.payment_method_types).toContain('link');
    const paid = standIn.control.payCheckout(session.id, { paymentMethod: 'pm_link' });
    const subscription = await stripe.subscriptions.retrieve(idOf(paid.subscription), {
      expand: ['default_payment_method'],
    });
    expect(subscription).toMatchObject({ status: 'active', default_payment_method: { type: 'link' } });
    const cardsOnly = await stripe.checkout.sessions.create({
      ...asked,
      allowed_payment_method_types: ['card'],
    });
    expect(() => standIn.control.payCheckout(cardsOnly.id, { paymentMethod: 'pm_link' })).toThrow(
      'does not take link',
    );
  });

  it('make no invoices of their own for subscriptions', async () => {
    const { stripe } = await begin(NOW);
    const error = await stripeError(
      stripe.checkout.sessions.create({
        ...SUCCESS,
        mode: 'subscription',
        line_items: [{ price: PRO, quantity: 1 }],
        invoice_creation: { enabled: true },
      }),
    );
    expect(error).toMatchObject({ statusCode: 400, param: 'invoice_creation' });
  });
});

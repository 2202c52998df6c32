import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { openPurchase } from '../../lambdas/commands/open-purchase.ts';
import { checkOutBundle, checkOutSubscription } from '../../lambdas/adapters/stripe/checkout.ts';
import { type Checkout } from '../../lambdas/domain/catalogue.ts';
import { bundlePrice, LETTERS } from '../support/catalogues.ts';
import { PRO } from '../support/payments.ts';
import { sessionIn, usePurchases } from '../support/purchases.ts';
import { idOf } from '../support/stripe.ts';
import { plentyOfTime } from '../support/table.ts';

const suite = usePurchases('2026-02-10T09:00:00Z');
const ID = 'purchase1';

async function begin(settings: Partial<Checkout>, shop = suite): Promise<Stripe.Checkout.Session> {
  const { userId, customerId } = shop.buyer();
  const deadline = plentyOfTime();
  const request = { userId, id: ID, fingerprint: 'a bundle', now: shop.at().clock.now(), deadline };
  await openPurchase(shop.store(), request, { credits: 10, ...bundlePrice(10), customerId });
  const checkout = { ...LETTERS.checkout, ...settings };
  const order = {
    userId,
    customerId,
    purchaseId: ID,
    priceId: 'price_bundle_10',
    appUrl: 'https://app.test/',
    checkout,
  };
  const url = await checkOutBundle(shop.services().stripe, order, deadline);
  return shop.stripe().checkout.sessions.retrieve(sessionIn(url));
}

async function code(off: Stripe.CouponCreateParams, shop = suite): Promise<string> {
  const { id: coupon } = await shop.stripe().coupons.create(off);
  return (await shop.stripe().promotionCodes.create({ promotion: { type: 'coupon', coupon } })).code;
}

const pay = (
  session: Stripe.Checkout.Session,
  promotionCode?: string,
  shop = suite,
): Stripe.Checkout.Session => shop.at().standIn.control.payCheckout(session.id, { promotionCode });

async function refund(session: Stripe.Checkout.Session, share: number): Promise<void> {
  const intent = await suite.stripe().paymentIntents.retrieve(idOf(session.payment_intent));
  const amount = Math.round(intent.amount * share);
  await suite.stripe().refunds.create({ payment_intent: intent.id, amount });
  await suite.followAll();
}

describe('the page of a bundle', () => {
  it('has nothing of all that where the catalogue sets nothing', async () => {
    expect(await begin({})).toMatchObject({
      automatic_tax: { enabled: false },
      allow_promotion_codes: null,
      consent_collection: null,
      invoice_creation: { enabled: false },
    });
  });

  it('counts tax on top, and takes back the share that is refunded', async () => {
    const session = await begin({ tax: 'exclusive' });
    expect(session).toMatchObject({ automatic_tax: { enabled: true }, tax_id_collection: { enabled: true } });
    const paid = pay(session);
    expect(paid).toMatchObject({ amount_subtotal: 2_700, amount_total: 2_970 });
    await suite.followAll();
    expect(await suite.booked()).toEqual([10, 0, 0]);
    await refund(paid, 0.5);
    expect(await suite.booked()).toEqual([5, 0, 5]);
    await refund(paid, 0.5);
    expect(await suite.booked()).toEqual([0, 0, 10]);
    expect(await suite.purchase({ id: ID })).toMatchObject({ status: 'paid', returnedCents: 2_700 });
  });

  it('takes a code, and grants the whole bundle for less', async () => {
    const paid = pay(await begin({ takesCodes: true }), await code({ percent_off: 25 }));
    expect(paid).toMatchObject({ amount_subtotal: 2_700, amount_total: 2_025 });
    await suite.followAll();
    expect(await suite.booked()).toEqual([10, 0, 0]);
    await refund(paid, 1);
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it('makes an invoice, and names what is paid on the statement', async () => {
    const paid = pay(await begin({ makesInvoices: true, statementDescriptor: 'CREDITS' }));
    expect(await suite.stripe().invoices.retrieve(idOf(paid.invoice))).toMatchObject({
      status: 'paid',
      metadata: { purchaseId: ID },
    });
    const intent = await suite.stripe().paymentIntents.retrieve(idOf(paid.payment_intent));
    expect(intent.statement_descriptor_suffix).toBe('CREDITS');
    await suite.followAll();
    expect(await suite.booked()).toEqual([10, 0, 0]);
    expect(await suite.failed()).toEqual([]);
  });

  it('asks for consent to the terms', async () => {
    const session = await begin({ termsUrl: 'https://example.com/terms' });
    expect(session.consent_collection).toMatchObject({ terms_of_service: 'required' });
  });
});

// Stripe's documentation does not say which of the two a free payment shows.
describe.each(['no_payment_required', 'paid'] as const)(
  'a bundle that a code makes free (%s)',
  (freeOrder) => {
    const shop = usePurchases('2026-02-10T09:00:00Z', { plays: { freeOrder } });

    it.each([1, 2])('G10: is granted once, in whichever order (%#)', async (times) => {
      const free = await code({ percent_off: 100 }, shop);
      const paid = pay(await begin({ takesCodes: true }, shop), free, shop);
      expect(paid).toMatchObject({ payment_status: freeOrder, payment_intent: null });
      const events = shop.newEvents();
      for (let time = 0; time < times; time += 1) {
        const again = events.map((event) => ({ ...event, id: `${event.id}${String(time)}` }));
        expect(await shop.follow(again.toReversed())).toEqual([]);
      }
      expect(await shop.booked()).toEqual([10, 0, 0]);
      expect(await shop.purchase({ id: ID })).toMatchObject({ status: 'paid', paymentIntentId: null });
      expect(await shop.failed()).toEqual([]);
    });
  },
);

it('the page of a subscription has the settings too', async () => {
  const { userId, customerId } = suite.buyer();
  const checkout: Checkout = {
    ...LETTERS.checkout,
    tax: 'inclusive',
    takesCodes: true,
    termsUrl: 'https://example.com/terms',
  };
  const order = {
    userId,
    customerId,
    priceId: PRO,
    trialDays: 0,
    appUrl: 'https://app.test/',
    checkout,
    requestId: null,
  };
  const { url } = await checkOutSubscription(suite.services().stripe, order, plentyOfTime());
  expect(await suite.stripe().checkout.sessions.retrieve(sessionIn(url))).toMatchObject({
    automatic_tax: { enabled: true },
    allow_promotion_codes: true,
    consent_collection: { terms_of_service: 'required' },
  });
});

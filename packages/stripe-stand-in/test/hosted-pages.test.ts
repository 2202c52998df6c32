/** Checkout and the Portal as pages, which a person clicks through. */
import { expect, it } from '@jest/globals';
import { openStripe } from '../src/index.ts';

it('sells by a page, shows a decline on it, and lets a card be changed', async () => {
  const { stripe, stop } = await openStripe('2027-01-31T09:00:00.000Z', {
    hostsPages: true,
    products: [
      {
        id: 'prod_1',
        name: '<Pro>',
        prices: [
          {
            id: 'price_1',
            currency: 'usd',
            unit_amount: 900,
            recurring: { interval: 'month' },
            lookup_key: 'pro',
          },
        ],
      },
    ],
  });
  const customer = await stripe.customers.create({ email: 'ada@example.com' });
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: customer.id,
    line_items: [{ price: 'price_1', quantity: 1 }],
    success_url: 'https://example.com/done',
  });
  const url = session.url ?? '';
  const shown = await (await fetch(url)).text();
  expect(shown).toContain('$9.00 a month');
  expect(shown).not.toContain('<Pro>');
  const pay = (card: string): Promise<Response> =>
    fetch(url, { method: 'POST', body: new URLSearchParams({ card }), redirect: 'manual' });
  expect(await (await pay('pm_card_visa_chargeDeclinedInsufficientFunds')).text()).toContain(
    'insufficient funds',
  );
  const paid = await pay('pm_card_visa');
  expect([paid.status, paid.headers.get('location')]).toEqual([303, 'https://example.com/done']);

  const configuration = await stripe.billingPortal.configurations.create({
    features: { payment_method_update: { enabled: true } },
  });
  const portal = await stripe.billingPortal.sessions.create({
    customer: customer.id,
    configuration: configuration.id,
    return_url: 'https://example.com/',
  });
  const changed = await fetch(portal.url, {
    method: 'POST',
    body: new URLSearchParams({ card: 'pm_card_mastercard' }),
  });
  expect(await changed.text()).toContain('The card is changed.');
  expect((await fetch(`${new URL(url).origin}/c/pay/cs_none`)).status).toBe(404);
  await stop();
});

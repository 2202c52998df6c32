import '../support/silent-functions.ts';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { type Account } from '../../lambdas/domain/account.ts';
import { withCustomer } from '../../lambdas/commands/with-customer.ts';
import { checkOutSubscription } from '../../lambdas/adapters/stripe/checkout.ts';
import { NotConfiguredError } from '../../lambdas/adapters/stripe/errors.ts';
import { type StripeServices } from '../../lambdas/commands/stripe-handler.ts';
import { gatedConnection, PRO, usePayments } from '../support/payments.ts';
import { openStripe, type TestStripe } from '../support/stripe.ts';
import { plentyOfTime } from '../support/table.ts';

const NOW = '2026-01-31T09:00:00Z';
const suite = usePayments(NOW);

let other: TestStripe;
let user: { userId: string; customerId: string };

beforeEach(async () => {
  other = await openStripe(NOW, { seed: 2 });
  user = await suite.givenCustomer();
});
afterEach(() => other.stop());

function withOtherKeys(): StripeServices {
  return { ...suite.services(), stripe: gatedConnection(other.standIn, () => null) };
}

async function givenSubscription(): Promise<Stripe.Subscription> {
  const { customerId: customer } = user;
  const subscription = await suite.stripe().subscriptions.create({ customer, items: [{ price: PRO }] });
  await suite.followAll();
  return subscription;
}

/** Begins a Checkout with the other keys, as the route does. @returns the address of its page */
async function checkOut(seen?: Account): Promise<string> {
  const services = withOtherKeys();
  const account = seen ?? (await suite.account(user.userId));
  const { checkout } = services.store.catalogue;
  const order = {
    ...user,
    priceId: PRO,
    checkout,
    trialDays: 0,
    appUrl: 'https://app.test/',
    requestId: null,
  };
  return withCustomer(services, account, suite.at().clock.now(), plentyOfTime(), async (customerId) => {
    const { url } = await checkOutSubscription(services.stripe, { ...order, customerId }, plentyOfTime());
    return url;
  });
}

describe('keys of another account at Stripe', () => {
  it('G10: end no plan: events wait until the keys are right', async () => {
    const { id } = await givenSubscription();
    await suite.stripe().subscriptions.update(id, { metadata: { note: 'changed' } });
    const events = suite.newEvents();
    expect(await suite.follow(events, withOtherKeys())).toEqual(['customer.subscription.updated']);
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro' });
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro' });
  });

  it('G10: replace no customer who has subscribed since the account was read', async () => {
    const seen = await suite.account(user.userId);
    await givenSubscription();
    await expect(checkOut(seen)).rejects.toThrow(NotConfiguredError);
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', customerId: user.customerId });
  });

  it('G10: replace no customer who subscribes', async () => {
    await givenSubscription();
    await expect(checkOut()).rejects.toThrow(NotConfiguredError);
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', customerId: user.customerId });
  });

  it('G12: lose no event of a customer who was made elsewhere', async () => {
    const userId = 'made-elsewhere';
    const customer = await suite.stripe().customers.create({
      metadata: { userId },
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    await suite.stripe().subscriptions.create({ customer: customer.id, items: [{ price: PRO }] });
    const events = suite.newEvents().filter(({ type }) => type === 'customer.subscription.created');
    expect(await suite.follow(events, withOtherKeys())).toEqual(['customer.subscription.created']);
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.account(userId)).toMatchObject({ plan: 'pro', customerId: customer.id });
  });

  it('replace a customer who does not subscribe, as after a sandbox has lost its data', async () => {
    expect(await checkOut()).toContain('cs_test_');
    expect((await suite.account(user.userId)).customerId).not.toBe(user.customerId);
  });
});

/** What is scheduled, put aside or put back keeps what its subscription has beside its plan. */
import '../support/silent-functions.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { type AskedChange } from '../../lambdas/domain/plan-changes.ts';
import { askFor, CANCEL, changeTo, ENTERPRISE_OFFER, KEEP, PRO_OFFER } from '../support/changes.ts';
import { PRO_YEARLY, usePayments } from '../support/payments.ts';
import { idOf } from '../support/stripe.ts';

const suite = usePayments('2026-01-31T09:00:00Z');

let user: { userId: string; customerId: string };
let id: string;

async function terms(): Promise<object> {
  const subscription = await suite.stripe().subscriptions.retrieve(id);
  const { discounts, default_tax_rates: rates, automatic_tax: tax } = subscription;
  return {
    discounts: discounts.map(idOf),
    rates: (rates ?? []).map((rate) => rate.id),
    isTaxed: tax.enabled,
    method: subscription.default_payment_method,
    metadata: subscription.metadata,
  };
}

let before: object;

/** Pro by the year, with a coupon, a tax rate, tax, and a card that is not the customer's default. */
beforeEach(async () => {
  user = await suite.givenCustomer('pm_card_chargeCustomerFail');
  const stripe = suite.stripe();
  const { id: coupon } = await stripe.coupons.create({ percent_off: 50, duration: 'forever' });
  const { id: rate } = await stripe.taxRates.create({ display_name: 'VAT', inclusive: true, percentage: 19 });
  const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: user.customerId });
  const params: Stripe.SubscriptionCreateParams = {
    customer: user.customerId,
    items: [{ price: PRO_YEARLY }],
    default_payment_method: card.id,
    discounts: [{ coupon }],
    default_tax_rates: [rate],
    automatic_tax: { enabled: true },
    metadata: { of: 'the owner' },
  };
  ({ id } = await stripe.subscriptions.create(params));
  await suite.followAll();
  before = await terms();
});

async function ask(asked: AskedChange): Promise<void> {
  const answer = await askFor(suite.services(), asked, { userId: user.userId, now: suite.at().clock.now() });
  expect(answer).toMatchObject({ record: { status: 'done' } });
}

async function yearPasses(): Promise<void> {
  suite.at().moveTo('2027-02-01T09:00:00Z');
  await suite.followAll();
}

describe('discounts, tax and method of a subscription', () => {
  it('stay after a shorter interval that was scheduled', async () => {
    await ask(changeTo(PRO_OFFER));
    expect(await terms()).toEqual(before);
    await yearPasses();
    const { items, status } = await suite.stripe().subscriptions.retrieve(id);
    expect([items.data[0]?.price.recurring?.interval, status]).toEqual(['month', 'active']);
    expect(await terms()).toEqual(before);
    expect(await suite.account(user.userId)).toMatchObject({
      plan: 'pro',
      subscription: { status: 'active' },
    });
  });

  it('stay when a cancellation replaces what was scheduled, and is taken back', async () => {
    await ask(changeTo(PRO_OFFER));
    await ask(CANCEL);
    expect(await terms()).toEqual(before);
    await ask(KEEP);
    await yearPasses();
    expect(await terms()).toEqual(before);
  });

  it('stay when what was scheduled is put back after a declined upgrade', async () => {
    await ask(changeTo(PRO_OFFER));
    // What is unused of a year pays for most of a larger plan.
    suite.at().moveTo('2026-12-31T09:00:00Z');
    const { customerId } = user;
    const declining = await suite
      .stripe()
      .paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customerId });
    await suite.stripe().subscriptions.update(id, { default_payment_method: declining.id });
    const upgrade = await askFor(suite.services(), changeTo(ENTERPRISE_OFFER), {
      userId: user.userId,
      now: suite.at().clock.now(),
    });
    expect(upgrade).toMatchObject({ record: { status: 'refused', failure: 'payment_failed' } });
    const { schedule } = await suite.stripe().subscriptions.retrieve(id, { expand: ['schedule'] });
    expect(schedule).toMatchObject({ phases: [{}, { items: [{ price: 'price_pro_month' }] }] });
    const since = await terms();
    await yearPasses();
    expect(await terms()).toEqual(since);
  });

  it('are those that the owner has given it since', async () => {
    await ask(changeTo(PRO_OFFER));
    const { id: coupon } = await suite.stripe().coupons.create({ percent_off: 10, duration: 'forever' });
    await suite.stripe().subscriptions.update(id, { discounts: [{ coupon }], default_tax_rates: '' });
    const since = await terms();
    await ask(CANCEL);
    expect(await terms()).toEqual(since);
  });

  it('are not undone where its user has given another card since', async () => {
    await ask(changeTo(PRO_OFFER));
    suite.at().standIn.control.changeCardInPortal(user.customerId, 'pm_card_mastercard');
    const since = await terms();
    expect(since).not.toEqual(before);
    await ask(CANCEL);
    expect(await terms()).toEqual(since);
    await ask(KEEP);
    await ask(changeTo(PRO_OFFER));
    await yearPasses();
    expect(await terms()).toEqual(since);
  });
});

it('an upgrade keeps them too', async () => {
  await ask(changeTo(ENTERPRISE_OFFER));
  expect(await terms()).toEqual(before);
});

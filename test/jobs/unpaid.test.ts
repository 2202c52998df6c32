import '../support/silent-functions.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { available } from '../../lambdas/domain/credits.ts';
import { at, shown } from '../support/accounts.ts';
import { ENTERPRISE, eventAbout, PRO, type StripeGate, usePayments } from '../support/payments.ts';
import { expectClosedBooks, request, scheduleMail, wholeLedger, writeLetter } from '../support/users.ts';

const suite = usePayments('2026-01-31T09:00:00Z');

let user: { userId: string; customerId: string };

beforeEach(async () => {
  user = await suite.givenCustomer();
});

async function subscribe(price = PRO): Promise<string> {
  const { id } = await suite.stripe().subscriptions.create({ customer: user.customerId, items: [{ price }] });
  await suite.followAll();
  return id;
}

async function moveTo(iso: string): Promise<void> {
  suite.at().moveTo(iso);
  await suite.followAll();
}

function useCard(card: string): void {
  suite.at().standIn.control.changeCardInPortal(user.customerId, card);
}

async function seen(): Promise<object> {
  const { plan, subscription, credits, periodStart } = await suite.account(user.userId);
  const { withheld } = credits;
  return {
    plan,
    status: subscription.status,
    available: available(credits),
    withheld,
    since: shown(periodStart),
  };
}

async function openInvoice(): Promise<Stripe.Invoice> {
  const [invoice] = (await suite.stripe().invoices.list({ customer: user.customerId, status: 'open' })).data;
  if (invoice === undefined) {
    throw new Error('An invoice is open.');
  }
  return invoice;
}

async function upgradeUnpaid(id: string): Promise<void> {
  useCard('pm_card_chargeCustomerFail');
  const [item] = (await suite.stripe().subscriptions.retrieve(id)).items.data;
  const { status } = await suite.stripe().subscriptions.update(id, {
    items: [{ id: item?.id ?? '', price: ENTERPRISE }],
    billing_cycle_anchor: { type: 'now' },
    proration_behavior: 'always_invoice',
    payment_behavior: 'allow_incomplete',
  });
  expect(status).toBe('past_due');
  await suite.followAll();
}

/** The worker follows, and Stripe's lists of open invoices and of subscriptions are altered on the way. */
async function followAltered(
  alter: (list: { url: string; data: Record<string, unknown>[] }) => Record<string, unknown>[],
): Promise<void> {
  const gate: StripeGate = async (send) => {
    const body = (await (await send()).json()) as Parameters<typeof alter>[0];
    return Response.json('data' in body ? { ...body, data: alter(body) } : body);
  };
  const told = { object: 'invoice', customer: user.customerId };
  const event = eventAbout('invoice.payment_failed', told, suite.at().clock.now());
  expect(await suite.follow([event], suite.services(gate))).toEqual([]);
}

describe('a renewal that nobody pays', () => {
  beforeEach(async () => {
    await subscribe();
    useCard('pm_card_chargeCustomerFail');
    await moveTo('2026-02-28T12:00:00Z');
  });

  const LAPSED = {
    plan: 'pro',
    status: 'past_due',
    available: 0,
    withheld: 2,
    since: '2026-02-28T09:00:00.000Z',
  };

  it('withholds its allowance, and keeps the plan and its limits', async () => {
    expect(await seen()).toEqual(LAPSED);
    await expectClosedBooks(suite.store(), user.userId, suite.at().clock.now());
    const letter = await writeLetter(suite.store(), request(user.userId, suite.at().clock.now()));
    expect(letter).toMatchObject({ outcome: 'created' });
    const mail = await scheduleMail(
      suite.store(),
      request(user.userId, suite.at().clock.now()),
      letter.outcome === 'created' ? letter.record.id : '',
    );
    expect(mail).toMatchObject({ outcome: 'refused', refusal: { refusal: 'insufficient_credits' } });
  });

  it.each(['paid', 'voided', 'written off'])('gives it back once it is %s', async (how) => {
    const { id } = await openInvoice();
    // The ledger tells movements of one instant in no order.
    suite.at().moveTo(new Date(suite.at().clock.now() + 60_000).toISOString());
    const { invoices } = suite.stripe();
    switch (how) {
      case 'paid':
        suite.at().standIn.control.payInvoice(id, 'pm_card_visa');
        break;
      case 'voided':
        await invoices.voidInvoice(id);
        break;
      default:
        await invoices.markUncollectible(id);
    }
    // Stripe tells of invoices that are voided or written off by events that the endpoint may not ask for yet.
    await suite.follow([
      eventAbout('invoice.paid', { object: 'invoice', customer: user.customerId }, suite.at().clock.now()),
    ]);
    expect(await seen()).toEqual({ ...LAPSED, status: 'active', available: 2, withheld: 0 });
    const lines = await wholeLedger(suite.store(), user.userId, suite.at().clock.now());
    expect(lines.slice(0, 2)).toMatchObject([
      { kind: 'made_good', amount: 2 },
      { kind: 'withheld', amount: -2 },
    ]);
    await expectClosedBooks(suite.store(), user.userId, suite.at().clock.now());
  });

  it.each<[string, number | null, string]>([
    ['from its due date', at('2026-03-01T00:00:00Z') / 1_000, '2026-03-08'],
    ['from when it was finalized, where it has none', null, '2026-03-07T10:00:00.000Z'],
  ])('counts grace %s', async (_, due, expected) => {
    await followAltered(({ url, data }) =>
      url === '/v1/invoices' ? data.map((invoice) => ({ ...invoice, due_date: due })) : data,
    );
    const { subscription } = await suite.account(user.userId);
    expect(subscription.status === 'past_due' ? shown(subscription.graceEndsAt) : subscription).toBe(
      expected,
    );
  });

  it('counts grace from no invoice of a pending update', async () => {
    const { subscription: before } = await suite.account(user.userId);
    await followAltered(({ url, data }) => {
      const [first] = data;
      return url === '/v1/invoices'
        ? [
            {
              ...first,
              id: 'in_pending',
              billing_reason: 'subscription_update',
              status_transitions: { finalized_at: at('2026-02-20T00:00:00Z') / 1_000 },
            },
            ...data,
          ]
        : data.map((each) => ({
            ...each,
            pending_update: { expires_at: at('2026-02-28T23:00:00Z') / 1_000 },
          }));
    });
    expect((await suite.account(user.userId)).subscription).toEqual(before);
  });
});

describe('an upgrade that nobody pays', () => {
  it('gives neither the larger plan nor its allowance', async () => {
    const id = await subscribe();
    await moveTo('2026-02-10T00:00:00Z');
    await upgradeUnpaid(id);
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'past_due', available: 0, withheld: 2 });
  });

  it('gives them once it is paid', async () => {
    const id = await subscribe();
    await moveTo('2026-02-10T00:00:00Z');
    await upgradeUnpaid(id);
    suite.at().standIn.control.payInvoice((await openInvoice()).id, 'pm_card_visa');
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'enterprise', status: 'active', available: 10, withheld: 0 });
    // From then on its own renewal, unpaid, keeps it through the days of grace. Ten are carried.
    useCard('pm_card_chargeCustomerFail');
    await moveTo('2026-03-10T12:00:00Z');
    expect(await seen()).toMatchObject({
      plan: 'enterprise',
      status: 'past_due',
      available: 10,
      withheld: 10,
    });
  });

  it('G10: gives the same, whether or not Postage had heard of the subscription before', async () => {
    const { id } = await suite
      .stripe()
      .subscriptions.create({ customer: user.customerId, items: [{ price: PRO }] });
    suite.at().moveTo('2026-02-10T00:00:00Z');
    await upgradeUnpaid(id);
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'past_due', available: 0, withheld: 2 });
  });

  it('in a trial keeps the plan that was tried', async () => {
    const trial = { trial_period_days: 30 };
    const { id } = await suite
      .stripe()
      .subscriptions.create({ customer: user.customerId, items: [{ price: PRO }], ...trial });
    await suite.followAll();
    useCard('pm_card_chargeCustomerFail');
    await suite.stripe().subscriptions.update(id, { trial_end: 'now' });
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'past_due', withheld: 2 });
  });
});

describe("another product's subscription of the same customer", () => {
  async function subscribeToOther(): Promise<string> {
    const { products, prices, subscriptions } = suite.stripe();
    const product = await products.create({ name: 'Another product' });
    const price = await prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 500,
      recurring: { interval: 'month' },
    });
    const { id } = await subscriptions.create({ customer: user.customerId, items: [{ price: price.id }] });
    await suite.followAll();
    return id;
  }

  it('gives no plan', async () => {
    await subscribeToOther();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'none' });
  });

  it('keeps no plan when the own subscription ends', async () => {
    const own = await subscribe();
    await subscribeToOther();
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'active' });
    await suite.stripe().subscriptions.cancel(own);
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
    await moveTo('2026-04-15T00:00:00Z');
    expect(await seen()).toMatchObject({ plan: 'none', available: 0 });
    expect(await suite.failed()).toEqual([]);
  });
});

describe('the now of a worker', () => {
  it('is never before the anchor: a period that opened before it would be granted twice', async () => {
    await suite.stripe().subscriptions.create({ customer: user.customerId, items: [{ price: PRO }] });
    const later = at('2026-01-31T09:00:05Z');
    await followAltered(({ data }) =>
      data.map((each) =>
        'billing_cycle_anchor' in each ? { ...each, billing_cycle_anchor: later / 1_000 } : each,
      ),
    );
    expect(await suite.account(user.userId)).toMatchObject({
      periodStart: later + 1,
      periodEnd: at('2026-02-28T09:00:05Z'),
      credits: { included: 2, granted: 2 },
    });
  });
});

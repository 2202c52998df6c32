import '../support/silent-functions.ts';
import { sumLots } from '../../lambdas/domain/lots.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { openUntil } from '../../lambdas/domain/account.ts';
import { toIso } from '../../lambdas/domain/instants.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { at, leftOf, shown } from '../support/accounts.ts';
import { type AskedChange } from '../../lambdas/domain/plan-changes.ts';
import {
  askFor,
  CANCEL,
  changeTo,
  ENTERPRISE_OFFER,
  PRO_OFFER,
  PRO_YEARLY_OFFER,
} from '../support/changes.ts';
import { ENTERPRISE, eventAbout, PRO, PRO_YEARLY, usePayments } from '../support/payments.ts';
import { LETTERS } from '../support/catalogues.ts';

const suite = usePayments('2026-01-31T09:00:00Z');

let user: { userId: string; customerId: string };

beforeEach(async () => {
  user = await suite.givenCustomer();
});

async function subscribe(params: Partial<Stripe.SubscriptionCreateParams> = {}): Promise<string> {
  const { id } = await suite
    .stripe()
    .subscriptions.create({ customer: user.customerId, items: [{ price: PRO }], ...params });
  await suite.followAll();
  return id;
}

/** Moves Stripe's clock, and lets the worker follow what has happened by then. */
async function moveTo(iso: string): Promise<void> {
  suite.at().moveTo(iso);
  await suite.followAll();
}

interface Shown {
  plan: string;
  status: string;
  anchor: string;
  period: [string, string];
  endsAt?: string;
}

/** The account as anybody sees it at Stripe's now. */
async function seen(): Promise<Shown> {
  const stored = await suite.account(user.userId);
  const { account } = rollForward(stored, suite.at().clock.now(), LETTERS);
  const { subscription } = account;
  const ending = openUntil(account) < account.periodEnd ? { endsAt: shown(openUntil(account)) } : {};
  return {
    plan: account.plan,
    status: subscription.status,
    anchor: toIso(account.anchor).slice(0, 10),
    period: [toIso(account.periodStart).slice(0, 10), toIso(account.periodEnd).slice(0, 10)],
    ...ending,
  };
}

async function creditsLeft(): Promise<number> {
  const { account } = rollForward(await suite.account(user.userId), suite.at().clock.now(), LETTERS);
  const { lots, included } = leftOf(account);
  return sumLots(lots) + included;
}

describe('a subscription', () => {
  it('begins', async () => {
    await subscribe();
    expect(await seen()).toEqual({
      plan: 'pro',
      status: 'active',
      anchor: '2026-01-31',
      period: ['2026-01-31', '2026-02-28'],
    });
    expect(await creditsLeft()).toBe(2);
  });

  it('begins for a user who is named only in the metadata at Stripe', async () => {
    const stripe = suite.stripe();
    const customer = await stripe.customers.create({
      metadata: { userId: 'user-of-old' },
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    user = { userId: 'user-of-old', customerId: customer.id };
    await subscribe();
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'active' });
    expect(await suite.account('user-of-old')).toMatchObject({ customerId: customer.id });
  });

  it('has monthly usage periods where it is paid by the year', async () => {
    await subscribe({ items: [{ price: PRO_YEARLY }] });
    await moveTo('2026-04-15');
    expect(await seen()).toMatchObject({ plan: 'pro', period: ['2026-03-31', '2026-04-30'] });
    expect(await creditsLeft()).toBe(2);
  });

  it('renews, whether or not its events come', async () => {
    await subscribe();
    suite.at().moveTo('2026-03-15T00:00:00Z');
    const expected = { plan: 'pro', status: 'active', period: ['2026-02-28', '2026-03-31'] };
    expect(await seen()).toMatchObject(expected);
    await suite.followAll();
    expect(await seen()).toMatchObject(expected);
    expect(await creditsLeft()).toBe(2);
  });

  it('does not count before its first payment has succeeded, nor after Stripe has given that up', async () => {
    await suite.stripe().subscriptions.create({
      customer: user.customerId,
      items: [{ price: PRO }],
      payment_behavior: 'default_incomplete',
    });
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'none' });
    await moveTo('2026-02-02');
    expect(await seen()).toMatchObject({ plan: 'none', status: 'none' });
  });

  it('is canceled at once', async () => {
    const id = await subscribe();
    await suite.stripe().subscriptions.cancel(id);
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
    expect(await creditsLeft()).toBe(0);
  });

  it.each([
    ['by the flag', { cancel_at_period_end: true }],
    ['by a date, as flexible billing has it', { cancel_at: 'max_period_end' as const }],
  ])('is canceled at the end of its period %s, and kept until then', async (_, params) => {
    const id = await subscribe();
    await suite.stripe().subscriptions.update(id, params);
    await moveTo('2026-02-10');
    expect(await suite.account(user.userId)).toMatchObject({
      plan: 'pro',
      subscription: { status: 'active', endsAt: at('2026-02-28T09:00:00Z') },
    });
    await moveTo('2026-03-01');
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
  });

  it('is kept after all', async () => {
    const id = await subscribe();
    await suite.stripe().subscriptions.update(id, { cancel_at_period_end: true });
    await suite.followAll();
    await suite.stripe().subscriptions.update(id, { cancel_at_period_end: false });
    await moveTo('2026-03-01');
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'active' });
  });

  it('goes on while its collection is paused', async () => {
    const id = await subscribe();
    await suite.stripe().subscriptions.update(id, { pause_collection: { behavior: 'void' } });
    await moveTo('2026-03-05');
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'active' });
  });

  it('ends with its customer', async () => {
    await subscribe();
    await suite.stripe().customers.del(user.customerId);
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
  });

  it('G10: ends with its customer, even when the user has another one before its events come', async () => {
    await subscribe();
    await suite.stripe().customers.del(user.customerId);
    const { id: customerId } = await suite.stripe().customers.create({});
    await suite.replaceCustomer(user, customerId);
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
  });

  it.each(['followed', 'replaced'])('G10: is canceled, even if nobody had heard of it (%s)', async (how) => {
    await suite.stripe().subscriptions.create({ customer: user.customerId, items: [{ price: PRO }] });
    await suite.stripe().customers.del(user.customerId);
    if (how === 'replaced') {
      const { id: customerId } = await suite.stripe().customers.create({});
      await suite.replaceCustomer(user, customerId);
    }
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
  });

  it('is replaced by another', async () => {
    const id = await subscribe();
    await suite.stripe().subscriptions.cancel(id);
    await suite.stripe().subscriptions.create({ customer: user.customerId, items: [{ price: ENTERPRISE }] });
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'enterprise', status: 'active' });
    expect(await creditsLeft()).toBe(10);
  });
});

describe('a trial', () => {
  const THIRTY_DAYS = { trial_period_days: 30 };

  it('is a period of its own, and becomes a paid one', async () => {
    await subscribe(THIRTY_DAYS);
    expect(await seen()).toMatchObject({ status: 'trialing', period: ['2026-01-31', '2026-03-02'] });
    await moveTo('2026-03-10');
    expect(await seen()).toMatchObject({
      status: 'active',
      anchor: '2026-03-02',
      period: ['2026-03-02', '2026-04-02'],
    });
  });

  it.each(['cancel', 'pause'] as const)('without a card ends, to %s', async (behavior) => {
    user = await suite.givenCustomer(null);
    await subscribe({
      ...THIRTY_DAYS,
      trial_settings: { end_behavior: { missing_payment_method: behavior } },
    });
    expect(await seen()).toMatchObject({ status: 'trialing' });
    expect(await suite.account(user.userId)).toMatchObject({
      subscription: { endsAt: at('2026-03-02T09:00:00Z') },
    });
    suite.at().moveTo('2026-03-03T00:00:00Z');
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
  });

  it('with a card that comes in time goes on', async () => {
    user = await suite.givenCustomer(null);
    await subscribe({
      ...THIRTY_DAYS,
      trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
    });
    suite.at().standIn.control.changeCardInPortal(user.customerId, 'pm_card_visa');
    await moveTo('2026-03-10');
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'active' });
  });

  it('that was paused is resumed', async () => {
    user = await suite.givenCustomer(null);
    const id = await subscribe({
      ...THIRTY_DAYS,
      trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
    });
    await moveTo('2026-03-03');
    suite.at().standIn.control.changeCardInPortal(user.customerId, 'pm_card_visa');
    await suite.stripe().subscriptions.resume(id);
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'active', anchor: '2026-03-03' });
  });

  it('that is extended stays one period', async () => {
    const id = await subscribe(THIRTY_DAYS);
    await suite.stripe().subscriptions.update(id, { trial_end: at('2026-03-20') / 1_000 });
    await suite.followAll();
    expect(await seen()).toMatchObject({ status: 'trialing', period: ['2026-01-31', '2026-03-20'] });
    expect(await creditsLeft()).toBe(2);
  });
});

describe('a change of plan', () => {
  it('upwards holds at once, with the larger allowance', async () => {
    const id = await subscribe();
    const [item] = (await suite.stripe().subscriptions.retrieve(id)).items.data;
    await suite.stripe().subscriptions.update(id, { items: [{ id: item?.id ?? '', price: ENTERPRISE }] });
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'enterprise', period: ['2026-01-31', '2026-02-28'] });
    expect(await creditsLeft()).toBe(10);
  });

  describe('that its user asks for', () => {
    const ask = (asked: AskedChange): Promise<unknown> =>
      askFor(suite.services(), asked, { userId: user.userId, now: suite.at().clock.now() });

    it('upwards begins a new period that is paid at once', async () => {
      await subscribe();
      await moveTo('2026-02-10T00:00:00Z');
      await ask(changeTo(ENTERPRISE_OFFER));
      const upgraded = {
        plan: 'enterprise',
        status: 'active',
        anchor: '2026-02-10',
        period: ['2026-02-10', '2026-03-10'],
      };
      expect(await seen()).toEqual(upgraded);
      expect(await creditsLeft()).toBe(10);
      await suite.followAll();
      expect(await seen()).toEqual(upgraded);
      expect(await creditsLeft()).toBe(10);
    });

    it('to a year begins a new period', async () => {
      await subscribe();
      await moveTo('2026-02-10T00:00:00Z');
      await ask(changeTo(PRO_YEARLY_OFFER));
      expect(await suite.account(user.userId)).toMatchObject({
        plan: 'pro',
        subscription: { interval: 'year' },
        anchor: at('2026-02-10'),
      });
    });

    it('downwards waits for the end of the period', async () => {
      await subscribe({ items: [{ price: ENTERPRISE }] });
      await ask(changeTo(PRO_OFFER));
      await moveTo('2026-02-10');
      expect(await seen()).toMatchObject({ plan: 'enterprise' });
      await moveTo('2026-03-01');
      expect(await seen()).toMatchObject({ plan: 'pro', period: ['2026-02-28', '2026-03-31'] });
    });

    it('cancels at the end of the period', async () => {
      await subscribe();
      await ask(CANCEL);
      await moveTo('2026-02-10');
      expect(await seen()).toMatchObject({ plan: 'pro' });
      await moveTo('2026-03-01');
      expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
    });
  });
});

describe('a failed payment', () => {
  async function failRenewal(): Promise<string> {
    const id = await subscribe();
    suite.at().standIn.control.changeCardInPortal(user.customerId, 'pm_card_chargeCustomerFail');
    await suite.followAll();
    // The draft is finalized after an hour.
    await moveTo('2026-02-28T12:00:00Z');
    return id;
  }

  it('keeps the plan for seven days from when the invoice was finalized', async () => {
    await failRenewal();
    expect(await suite.account(user.userId)).toMatchObject({
      plan: 'pro',
      subscription: { status: 'past_due', graceEndsAt: at('2026-03-07T10:00:00Z') },
    });
  });

  it.each(['first', 'last'])(
    'counts grace from the oldest of its open invoices, be it listed %s',
    async (where) => {
      await failRenewal();
      const [invoice] = (await suite.stripe().invoices.list({ status: 'open' })).data;
      const finalized_at = at('2026-02-26T10:00:00Z') / 1_000;
      const older = { ...invoice, id: 'in_older', status_transitions: { finalized_at } };
      const both = suite.services(async (send) => {
        const body = (await (await send()).json()) as { url?: string };
        const data = where === 'first' ? [older, invoice] : [invoice, older];
        return Response.json(body.url === '/v1/invoices' ? { ...body, data } : body);
      });
      const told = { object: 'invoice', customer: user.customerId };
      const event = eventAbout('invoice.payment_failed', told, suite.at().clock.now());
      expect(await suite.follow([event], both)).toEqual([]);
      expect(await suite.account(user.userId)).toMatchObject({
        subscription: { status: 'past_due', graceEndsAt: at('2026-03-05T10:00:00Z') },
      });
    },
  );

  it('G7: ends the plan when grace is over, whether or not an event comes', async () => {
    await failRenewal();
    suite.at().moveTo('2026-03-07T09:59:59Z');
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'past_due' });
    suite.at().moveTo('2026-03-07T10:00:00Z');
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'none', status: 'canceled' });
  });

  it('is made good within grace', async () => {
    const id = await failRenewal();
    await moveTo('2026-03-02T12:00:00Z');
    const [invoice] = (await suite.stripe().invoices.list({ subscription: id, status: 'open' })).data;
    suite.at().standIn.control.payInvoice(invoice?.id ?? '', 'pm_card_visa');
    await suite.followAll();
    expect(await seen()).toMatchObject({
      plan: 'pro',
      status: 'active',
      period: ['2026-02-28', '2026-03-31'],
    });
    expect(await creditsLeft()).toBe(2);
  });

  it('is made good after grace, within the interval: the allowance comes once', async () => {
    const id = await failRenewal();
    await moveTo('2026-03-07T12:00:00Z');
    expect(await seen()).toMatchObject({ plan: 'none' });
    const [invoice] = (await suite.stripe().invoices.list({ subscription: id, status: 'open' })).data;
    suite.at().standIn.control.payInvoice(invoice?.id ?? '', 'pm_card_visa');
    await suite.followAll();
    expect(await seen()).toMatchObject({ plan: 'pro', status: 'active', anchor: '2026-01-31' });
    expect(await creditsLeft()).toBe(2);
  });
});

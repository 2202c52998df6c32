import '../support/silent-functions.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { processStripeEvents } from '../support/as-deployed.ts';
import { cancelled, isTransaction } from '../support/faulty-dynamodb.ts';
import { eventAbout, messageOf, PRO, usePayments } from '../support/payments.ts';

const suite = usePayments('2026-01-31T09:00:00Z');

let user: { userId: string; customerId: string };

beforeEach(async () => {
  user = await suite.givenCustomer();
});

async function subscribe(): Promise<Stripe.Subscription> {
  return suite.stripe().subscriptions.create({ customer: user.customerId, items: [{ price: PRO }] });
}

function eventOf(type: string): Stripe.Event {
  return eventAbout(type, { object: 'invoice', customer: user.customerId }, suite.at().clock.now());
}

async function planOf(): Promise<[string, string]> {
  const { plan, subscription } = await suite.account(user.userId);
  return [plan, subscription.status];
}

describe('when Stripe fails', () => {
  const json = (status: number, body: object): (() => Response) => {
    return () => Response.json(body, { status });
  };
  const answers: [string, () => Response][] = [
    [
      '429',
      json(429, { error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Slow down.' } }),
    ],
    ['500', json(500, { error: { type: 'api_error', message: 'Sorry.' } })],
    ['garbage', () => new Response('<html>', { status: 502 })],
    ['garbage with 200', () => new Response('<html>', { status: 200 })],
    [
      'that the key is wrong',
      json(401, { error: { type: 'invalid_request_error', message: 'Invalid key.' } }),
    ],
  ];

  it.each(answers)('G12: with %s, the event comes again, and nothing is written', async (_, answer) => {
    await subscribe();
    const event = eventOf('invoice.paid');
    const before = await suite.account(user.userId);
    expect(await suite.follow([event], suite.services(answer))).toEqual(['invoice.paid']);
    expect(await suite.account(user.userId)).toEqual(before);
    expect(await suite.follow([event])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
  });

  it.each(answers.slice(0, 4))('with %s once, it is asked again at once', async (_, answer) => {
    await subscribe();
    let isFirst = true;
    const services = suite.services(() => {
      const fails = isFirst;
      isFirst = false;
      return fails ? answer() : null;
    });
    expect(await suite.follow([eventOf('invoice.paid')], services)).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
  });

  it('G12: with silence, the event comes again', async () => {
    await subscribe();
    suite.at().standIn.control.setFaults({ api: { errorRate: 1, errors: ['hang'] } });
    const event = eventOf('invoice.paid');
    const message = messageOf(JSON.stringify(event), suite.at().clock.now());
    expect(await processStripeEvents(suite.services(), [message], 500)).toEqual({
      batchItemFailures: [{ itemIdentifier: message.messageId }],
    });
    suite.at().standIn.control.setFaults({});
    expect(await suite.follow([event])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
  });

  it('G12: past due without an open invoice, and without a stored grace, the event comes again', async () => {
    await subscribe();
    const { control } = suite.at().standIn;
    control.changeCardInPortal(user.customerId, 'pm_card_chargeCustomerFail');
    suite.at().moveTo('2026-02-28T12:00:00Z');
    let requests = 0;
    const withoutInvoices = suite.services(() => {
      requests += 1;
      return requests % 2 === 0
        ? Response.json({ object: 'list', data: [], has_more: false, url: '/v1/invoices' })
        : null;
    });
    const event = eventOf('invoice.payment_failed');
    expect(await suite.follow([event], withoutInvoices)).toEqual(['invoice.payment_failed']);
    expect(await suite.follow([event])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'past_due']);
    // From now on the stored one does.
    expect(await suite.follow([eventOf('invoice.payment_failed')], withoutInvoices)).toEqual([]);
  });
});

describe('when DynamoDB fails', () => {
  it('G10: with a lost answer, the change is made once', async () => {
    await subscribe();
    let isFirst = true;
    suite.proxy().inject((request) => {
      const fails = isFirst && isTransaction(request);
      isFirst = isFirst && !fails;
      return fails ? { fault: 'lose the answer' } : null;
    });
    expect(await suite.follow([eventOf('invoice.paid')])).toEqual([]);
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', billingVersion: 1 });
  });

  it('with a conflict, it is tried again', async () => {
    await subscribe();
    let conflicts = 3;
    suite.proxy().inject((request) => {
      conflicts -= isTransaction(request) ? 1 : 0;
      return isTransaction(request) && conflicts >= 0 ? cancelled(request, 1, 'TransactionConflict') : null;
    });
    expect(await suite.follow([eventOf('invoice.paid')])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
  });
});

import '../support/silent-functions.ts';
import { using } from '../support/users.ts';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Stripe } from 'stripe';
import { eraseUser } from '../support/as-deployed.ts';
import { isProcessed } from '../../lambdas/adapters/dynamodb/processed-events.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { PLAN_METADATA } from '../../lambdas/adapters/stripe/prices.ts';
import { processStripeEvents } from '../support/as-deployed.ts';
import { at } from '../support/accounts.ts';
import { exception, isTransaction } from '../support/faulty-dynamodb.ts';
import { ENTERPRISE, eventAbout, messageOf, PRO, usePayments } from '../support/payments.ts';
import { plentyOfTime } from '../support/table.ts';

const suite = usePayments('2026-01-31T09:00:00Z');

let user: { userId: string; customerId: string };
/** The metrics that were written to the log, from which CloudWatch takes them. */
const written: object[] = [];

beforeEach(async () => {
  const write = process.stdout.write.bind(process.stdout);
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    if (!String(text).startsWith('{"_aws"')) {
      return write(text);
    }
    written.push(JSON.parse(String(text)) as object);
    return true;
  });
  user = await suite.givenCustomer();
});

async function subscribe(price = PRO): Promise<Stripe.Subscription> {
  return suite.stripe().subscriptions.create({ customer: user.customerId, items: [{ price }] });
}

function eventOf(
  type: string,
  object: object = { object: 'invoice', customer: user.customerId },
): Stripe.Event {
  return eventAbout(type, object, suite.at().clock.now());
}

async function planOf(userId = user.userId): Promise<[string, string]> {
  const { plan, subscription } = await suite.account(userId);
  return [plan, subscription.status];
}

/** Deletes the user's customer at Stripe, and gives them another one as a Checkout does. */
async function replaceCustomer(): Promise<string> {
  const { customers } = suite.stripe();
  await customers.del(user.customerId);
  const card = 'pm_card_visa';
  const { id: customerId } = await customers.create({
    payment_method: card,
    invoice_settings: { default_payment_method: card },
  });
  return suite.replaceCustomer(user, customerId);
}

describe('each type of event', () => {
  const SUBSCRIPTION = [
    'customer.subscription.created',
    'customer.subscription.updated',
    'customer.subscription.deleted',
    'customer.subscription.trial_will_end',
    'customer.subscription.paused',
    'customer.subscription.resumed',
    'invoice.paid',
    'invoice.payment_failed',
    'checkout.session.completed',
  ];

  it.each(SUBSCRIPTION)('G10: %s is a hint to ask Stripe, whatever it says itself', async (type) => {
    await subscribe();
    const event = eventOf(type, { object: 'subscription', status: 'canceled', customer: user.customerId });
    expect(await suite.follow([event])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
    expect(await isProcessed(suite.store(), event.id, plentyOfTime())).toBe(true);
  });

  it('customer.deleted names the customer by its own id', async () => {
    await subscribe();
    await suite.followAll();
    await suite.stripe().customers.del(user.customerId);
    const event = eventOf('customer.deleted', { object: 'customer', id: user.customerId });
    expect(await suite.follow([event])).toEqual([]);
    expect(await planOf()).toEqual(['none', 'canceled']);
  });

  it('a customer may come expanded', async () => {
    await subscribe();
    const customer = { id: user.customerId, object: 'customer' };
    await suite.follow([eventOf('invoice.paid', { object: 'invoice', customer })]);
    expect(await planOf()).toEqual(['pro', 'active']);
  });

  it.each(['price.created', 'something.nobody.knows', 'constructor', '__proto__'])(
    'G12: %s is acknowledged and recorded, and changes nothing',
    async (type) => {
      await subscribe();
      const event = eventOf(type);
      expect(await suite.follow([event])).toEqual([]);
      expect(await isProcessed(suite.store(), event.id, plentyOfTime())).toBe(true);
      expect(await planOf()).toEqual(['none', 'none']);
    },
  );

  it('one that names no customer changes nothing', async () => {
    const event = eventOf('checkout.session.completed', { object: 'checkout.session', customer: null });
    expect(await suite.follow([event])).toEqual([]);
    expect(await isProcessed(suite.store(), event.id, plentyOfTime())).toBe(true);
  });
});

describe('an event that comes again', () => {
  it('G10: changes nothing and asks nothing', async () => {
    await subscribe();
    const [event] = suite.newEvents().filter(({ type }) => type === 'customer.subscription.created');
    if (event === undefined) {
      throw new Error('Stripe tells of a new subscription.');
    }
    await suite.follow([event]);
    const before = await suite.account(user.userId);
    let asked = 0;
    const counting = suite.services(() => {
      asked += 1;
      return null;
    });
    expect(await suite.follow([event, event], counting)).toEqual([]);
    expect(asked).toBe(0);
    expect(await suite.account(user.userId)).toEqual(before);
  });

  it('G10: twice at once is followed once', async () => {
    await subscribe();
    const event = eventOf('invoice.paid');
    const results = await Promise.all([suite.follow([event]), suite.follow([event]), suite.follow([event])]);
    expect(results).toEqual([[], [], []]);
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', billingVersion: 1 });
  });
});

describe('two workers at once', () => {
  /** Lets something happen after a worker has asked Stripe, and before it writes. @returns whether it has happened */
  function beforeFirstWrite(act: () => Promise<unknown>): () => boolean {
    let hasHappened = false;
    suite.proxy().inject((request) => {
      if (!isTransaction(request) || hasHappened) {
        return null;
      }
      hasHappened = true;
      return { fault: 'wait', until: act };
    });
    return () => hasHappened;
  }

  it('G10: what was asked earlier does not overwrite what was learnt later', async () => {
    const subscription = await subscribe();
    const { promise: held, resolve: release } = Promise.withResolvers<null>();
    const { promise: asked, resolve: hasAsked } = Promise.withResolvers<null>();
    // The first worker knows of an active subscription, and is held up before it writes.
    suite.proxy().inject((request) => {
      if (!isTransaction(request) || !JSON.stringify(request.body).includes('evt_slow')) {
        return null;
      }
      hasAsked(null);
      return { fault: 'wait', until: () => held };
    });
    const slow = suite.follow([{ ...eventOf('invoice.paid'), id: 'evt_slow' }]);
    await asked;
    await suite.stripe().subscriptions.cancel(subscription.id);
    await suite.follow([eventOf('customer.subscription.deleted')]);
    release(null);
    expect(await slow).toEqual([]);
    expect(await planOf()).toEqual(['none', 'canceled']);
    suite.proxy().reset();
    await suite.followAll();
    expect(await planOf()).toEqual(['none', 'canceled']);
  });

  it('G10: a worker that asked for a customer who was replaced since does not overwrite it either', async () => {
    await subscribe();
    const [event] = suite.newEvents().filter(({ type }) => type === 'customer.subscription.created');
    const hasHappened = beforeFirstWrite(replaceCustomer);
    expect(await suite.follow(event === undefined ? [] : [event])).toEqual([]);
    expect(hasHappened()).toBe(true);
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'none' });
  });

  it('G10: a worker that finds the customer gone does not end what the user has begun under another', async () => {
    await subscribe();
    const [event] = suite.newEvents().filter(({ type }) => type === 'customer.subscription.created');
    const hasHappened = beforeFirstWrite(async () => {
      const customer = await replaceCustomer();
      await suite.stripe().subscriptions.create({ customer, items: [{ price: ENTERPRISE }] });
      await suite.follow([eventOf('invoice.paid', { object: 'invoice', customer })]);
    });
    expect(await suite.follow(event === undefined ? [] : [event])).toEqual([]);
    expect(hasHappened()).toBe(true);
    expect(await planOf()).toEqual(['enterprise', 'active']);
  });

  it('G3: a command between asking and writing is not overwritten', async () => {
    await subscribe();
    const letter = {
      userId: user.userId,
      id: randomUUID(),
      fingerprint: 'f',
      now: suite.at().clock.now(),
      deadline: plentyOfTime(),
    };
    beforeFirstWrite(() => trackConsumption(suite.store(), letter, using({ letters: 1 })));
    expect(await suite.follow([eventOf('invoice.paid')])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
    const { version } = await suite.account(user.userId);
    // The customer's link, the letter, and the subscription.
    expect(version).toBe(3);
  });
});

describe('the now of a worker', () => {
  it('is the date of Stripe’s answer where that is later than the message', async () => {
    await subscribe();
    suite.at().moveTo('2026-02-10T00:00:00Z');
    await processStripeEvents(suite.services(), [
      messageOf(JSON.stringify(eventOf('invoice.paid')), at('2026-02-01')),
    ]);
    expect(await suite.account(user.userId)).toMatchObject({ periodStart: at('2026-02-10T00:00:00.001Z') });
  });

  it('is when the message was sent where that is later', async () => {
    await subscribe();
    await processStripeEvents(suite.services(), [
      messageOf(JSON.stringify(eventOf('invoice.paid')), at('2026-02-20')),
    ]);
    expect(await suite.account(user.userId)).toMatchObject({ periodStart: at('2026-02-20T00:00:00.001Z') });
  });
});

/** What the owner writes into a price's metadata; empty: nothing any more. */
async function markPrice(price: string, plan: string): Promise<void> {
  await suite.stripe().prices.update(price, { metadata: { [PLAN_METADATA]: plan } });
}

describe('an unknown price', () => {
  it('G12: of the own subscription keeps what is stored and the event, until it is configured', async () => {
    await subscribe();
    await suite.followAll();
    await markPrice(PRO, '');
    const event = eventOf('customer.subscription.updated');
    expect(await suite.follow([event])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
    expect(await suite.failed()).toContainEqual({
      id: event.id,
      type: event.type,
      reason: 'unknown_price',
      failedAt: suite.at().clock.now(),
    });
    expect(await isProcessed(suite.store(), event.id, plentyOfTime())).toBe(false);
    await markPrice(PRO, 'pro');
    await suite.follow([event]);
    expect(await planOf()).toEqual(['pro', 'active']);
  });

  it('of another product does not keep the user from their plan', async () => {
    await subscribe(ENTERPRISE);
    await subscribe(PRO);
    await markPrice(ENTERPRISE, '');
    expect(await suite.follow([eventOf('invoice.paid')])).toEqual([]);
    expect(await planOf()).toEqual(['pro', 'active']);
  });
});

describe('two live subscriptions', () => {
  it('give the larger plan', async () => {
    await subscribe(PRO);
    await subscribe(ENTERPRISE);
    await suite.followAll();
    expect(await planOf()).toEqual(['enterprise', 'active']);
  });
});

describe('a customer without a user', () => {
  async function stranger(metadata: Record<string, string> = {}): Promise<string> {
    const { id } = await suite.stripe().customers.create({ metadata });
    return id;
  }

  it.each<[string, Record<string, string>]>([
    ['without metadata', {}],
    ['with a name that is none', { userId: 'user#1' }],
  ])('G12: %s: the event is kept', async (_, metadata) => {
    const event = eventOf('invoice.paid', { object: 'invoice', customer: await stranger(metadata) });
    expect(await suite.follow([event])).toEqual([]);
    expect(await suite.failed()).toContainEqual(
      expect.objectContaining({ id: event.id, reason: 'customer_without_user' }),
    );
  });

  it('G12: who names a user that has another customer: the event is kept, and the plan stays', async () => {
    await subscribe();
    await suite.followAll();
    const customer = await stranger({ userId: user.userId });
    const event = eventOf('invoice.paid', { object: 'invoice', customer });
    expect(await suite.follow([event])).toEqual([]);
    expect(await suite.failed()).toContainEqual(expect.objectContaining({ id: event.id }));
    expect(await planOf()).toEqual(['pro', 'active']);
  });

  it('G12: whose user was erased: the event is kept', async () => {
    await subscribe();
    await suite.followAll();
    await eraseUser(suite.store(), user.userId, suite.at().clock.now(), plentyOfTime());
    const event = eventOf('invoice.paid');
    expect(await suite.follow([event])).toEqual([]);
    expect(await suite.failed()).toContainEqual(expect.objectContaining({ id: event.id }));
  });

  it('who was deleted is nobody’s any more', async () => {
    const deleted = await stranger();
    await suite.stripe().customers.del(deleted);
    const event = eventOf('invoice.paid', { object: 'invoice', customer: deleted });
    expect(await suite.follow([event])).toEqual([]);
    expect(await isProcessed(suite.store(), event.id, plentyOfTime())).toBe(true);
  });

  it('G12: whom Stripe never had: the event comes again until the keys are right', async () => {
    const event = eventOf('invoice.paid', { object: 'invoice', customer: 'cus_of_another_account' });
    expect(await suite.follow([event])).toEqual(['invoice.paid']);
    expect(await isProcessed(suite.store(), event.id, plentyOfTime())).toBe(false);
  });
});

describe('what is no event', () => {
  it.each(['', '{', 'null', '{}', '{"id":"evt_1"}', '[]'])('G12: %j is kept as it is', async (body) => {
    const message = messageOf(body, at('2026-01-31'));
    expect(await processStripeEvents(suite.services(), [message])).toEqual({ batchItemFailures: [] });
    expect(await suite.failed()).toContainEqual(
      expect.objectContaining({ id: message.messageId, reason: 'unreadable', type: 'unknown' }),
    );
  });
});

describe('a batch', () => {
  it('G12: reports the messages that failed, and no others', async () => {
    await subscribe();
    const other = await suite.givenCustomer();
    const bad = eventOf('invoice.paid', { object: 'invoice', customer: other.customerId });
    const good = eventOf('customer.subscription.updated');
    suite
      .proxy()
      .inject(({ body }) =>
        JSON.stringify(body).includes(other.userId) ? exception('AccessDeniedException') : null,
      );
    expect(await suite.follow([bad, good])).toEqual(['invoice.paid']);
    expect(await planOf()).toEqual(['pro', 'active']);
  });
});

describe('what somebody has to be told of', () => {
  /** The names of the metrics that are written meanwhile. */
  async function metricsOf(act: () => Promise<unknown>): Promise<string[]> {
    written.length = 0;
    await act();
    expect(written).toEqual(written.map(() => expect.objectContaining({ stage: 'test' })));
    return written.flatMap((metrics) => Object.keys(metrics).filter((name) => name.startsWith('Stripe')));
  }

  it('is counted, and nothing is counted when all is well', async () => {
    await subscribe();
    expect(await metricsOf(() => suite.followAll())).toEqual([]);
    await subscribe();
    const { id } = await suite.stripe().customers.create({});
    const counted = [
      await metricsOf(() => suite.follow([eventOf('invoice.paid')])),
      await metricsOf(async () => {
        await markPrice(PRO, '');
        await suite.follow([eventOf('invoice.paid')]);
      }),
      await metricsOf(() => suite.follow([eventOf('invoice.paid', { object: 'invoice', customer: id })])),
    ];
    expect(counted).toEqual([
      ['StripeTwoSubscriptions'],
      ['StripeFailedEvents', 'StripeUnknownPrices'],
      ['StripeFailedEvents', 'StripeCustomersWithoutUser'],
    ]);
  });
});

import { LETTERS } from '../support/catalogues.ts';
import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { ErasedAccountError } from '../../lambdas/commands/change-account.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { isProcessed } from '../../lambdas/adapters/dynamodb/processed-events.ts';
import { openPurchase } from '../../lambdas/commands/open-purchase.ts';
import { readPurchase } from '../../lambdas/adapters/dynamodb/purchase-item.ts';
import { createStore, type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { exception, isTransaction } from '../support/faulty-dynamodb.ts';
import { usePurchases } from '../support/purchases.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';

const suite = usePurchases('2026-02-10T09:00:00Z');

describe('G12: a payment that does not fit is kept, and grants nothing', () => {
  async function expectFailed(event: Stripe.Event, reason: string): Promise<void> {
    expect(await suite.follow([event])).toEqual([]);
    expect(await suite.failed()).toContainEqual(expect.objectContaining({ id: event.id, reason }));
    expect(await suite.booked()).toEqual([0, 0, 0]);
  }

  async function paid(change: object): Promise<Stripe.Event> {
    const { id } = await suite.begin();
    const intent = await suite.stripe().paymentIntents.create({
      amount: 2_700,
      currency: 'usd',
      customer: suite.buyer().customerId,
      payment_method: 'pm_card_visa',
      confirm: true,
      off_session: true,
      metadata: { userId: suite.buyer().userId, purchaseId: id },
      ...change,
    });
    return suite.about('payment_intent.succeeded', intent);
  }

  it('of another amount', async () => {
    await expectFailed(await paid({ amount: 2_600 }), 'purchase_mismatch');
  });

  it('in another currency', async () => {
    const event = await paid({});
    const intent = { ...event.data.object, currency: 'eur' };
    const answers = [Response.json(intent)];
    const abroad = suite.services(() => answers.shift() ?? null);
    expect(await suite.follow([event], abroad)).toEqual([]);
    expect(await suite.failed()).toContainEqual(
      expect.objectContaining({ id: event.id, reason: 'purchase_mismatch' }),
    );
    expect(await suite.booked()).toEqual([0, 0, 0]);
  });

  it('of another account’s customer', async () => {
    const other = await suite.givenCustomer();
    await expectFailed(await paid({ customer: other.customerId }), 'purchase_mismatch');
  });

  it('of another purchase than the event says', async () => {
    const { userId } = suite.buyer();
    const { id: other } = await suite.begin();
    const event = await paid({});
    const told = { ...event.data.object, metadata: { userId, purchaseId: other } };
    await expectFailed(suite.about('payment_intent.succeeded', told), 'purchase_mismatch');
    expect(await suite.purchase({ id: other })).toMatchObject({ status: 'open' });
  });

  it('of a purchase that nobody has begun', async () => {
    const metadata = { userId: suite.buyer().userId, purchaseId: 'p1' };
    await expectFailed(await paid({ metadata }), 'unknown_purchase');
  });

  it.each(['user-nobody-knows', '', 'a user#'])('of a customer without a user (%j)', async (userId) => {
    await expectFailed(await paid({ metadata: { userId, purchaseId: 'p1' } }), 'customer_without_user');
  });

  it('is not begun by a user who was erased meanwhile', async () => {
    const { userId, customerId } = suite.buyer();
    const now = suite.at().clock.now();
    await eraseUser(suite.store(), userId, now, plentyOfTime());
    const context = { userId, id: 'p-erased', fingerprint: 'a bundle', now, deadline: deadlineIn(2_000) };
    const order = { credits: 10, amountCents: 2_700, currency: 'usd' as const, customerId };
    await expect(openPurchase(suite.store(), context, order)).rejects.toThrow(ErasedAccountError);
    expect(await readPurchase(suite.store(), userId, 'p-erased', plentyOfTime())).toBeNull();
  });

  it('of a user who was erased', async () => {
    const bought = await suite.buy();
    await eraseUser(suite.store(), suite.buyer().userId, suite.at().clock.now(), plentyOfTime());
    expect(await suite.follow(bought.events)).toEqual([]);
    const failed = await suite.failed();
    for (const { id } of bought.events.filter(({ type }) => type.startsWith('checkout'))) {
      expect(failed).toContainEqual(expect.objectContaining({ id, reason: 'customer_without_user' }));
    }
  });

  it('of a user who was erased is over once it has gone back', async () => {
    const bought = await suite.buy();
    await eraseUser(suite.store(), suite.buyer().userId, suite.at().clock.now(), plentyOfTime());
    await suite.at().stripe.refunds.create({ payment_intent: bought.intent });
    expect(await suite.follow(bought.events)).toEqual([]);
    const failed = (await suite.failed()).map(({ id }) => id);
    const kept = bought.events.filter(({ id }) => failed.includes(id)).map(({ type }) => type);
    expect(kept.filter((type) => !/^(customer|invoice)/.test(type))).toEqual([]);
  });

  it('a second time', async () => {
    const bought = await suite.boughtAndGranted();
    const metadata = { userId: suite.buyer().userId, purchaseId: bought.id };
    const second = await paid({ metadata });
    expect(await suite.follow([second])).toEqual([]);
    expect(await suite.failed()).toContainEqual(
      expect.objectContaining({ id: second.id, reason: 'purchase_mismatch' }),
    );
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it.each([
    ['payment_intent.succeeded', 'payment_intent'],
    ['charge.refunded', 'charge'],
    ['charge.dispute.created', 'dispute'],
  ])('that another Stripe knows comes again, until the keys are right (%s)', async (type, object) => {
    const { id } = await suite.begin();
    const metadata = object === 'dispute' ? {} : { userId: suite.buyer().userId, purchaseId: id };
    const event = suite.about(type, { object, id: 'pi_other', payment_intent: 'pi_other', metadata });
    expect(await suite.follow([event])).toEqual([type]);
    expect(await isProcessed(suite.store(), event.id, plentyOfTime())).toBe(false);
    expect(await suite.purchase({ id })).toMatchObject({ status: 'open' });
  });
});

describe('G12: an event comes again when', () => {
  it.each<[string, () => Response]>([
    ['Stripe is busy', () => new Response('{"error": {}}', { status: 429 })],
    ['Stripe fails', () => new Response('{"error": {}}', { status: 500 })],
    ['Stripe answers with garbage', () => new Response('<html>', { status: 200 })],
    [
      'Stripe does not answer',
      () => {
        throw new TypeError('fetch failed');
      },
    ],
  ])('%s', async (_, answer) => {
    const { events } = await suite.buy();
    const completed = events.filter(({ type }) => type === 'checkout.session.completed');
    expect(await suite.follow(completed, suite.services(answer))).toEqual(['checkout.session.completed']);
    expect(await suite.booked()).toEqual([0, 0, 0]);
    expect(await suite.follow(completed)).toEqual([]);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });

  it('DynamoDB fails', async () => {
    const { events } = await suite.buy();
    suite.proxy().inject((call) => (isTransaction(call) ? exception('AccessDeniedException') : null));
    expect((await suite.follow(events)).length).toBeGreaterThan(0);
    suite.proxy().reset();
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });
});

describe('what another worker has learnt meanwhile', () => {
  it('G10: is not overwritten by what is older', async () => {
    const { intent } = await suite.boughtAndGranted();
    const { metadata } = await suite.stripe().paymentIntents.retrieve(intent);
    const event = suite.about('charge.refunded', { object: 'charge', payment_intent: intent, metadata });
    let overtaken = 0;
    const store = storeThat(suite.store(), 'TransactWriteItemsCommand', async () => {
      overtaken += 1;
      // The worker has asked for everything, and is about to write.
      if (overtaken === 1) {
        await suite.stripe().refunds.create({ payment_intent: intent });
        await suite.followAll();
      }
    });
    expect(await suite.follow([event], { ...suite.services(), store })).toEqual([]);
    expect(overtaken).toBe(2);
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it('G10: is not overwritten when it is written before the purchase is read either', async () => {
    const { intent } = await suite.boughtAndGranted();
    const { metadata } = await suite.stripe().paymentIntents.retrieve(intent);
    const event = suite.about('charge.refunded', { object: 'charge', payment_intent: intent, metadata });
    let reads = 0;
    // The account is read first, and the purchase last; what Stripe says must be asked after both.
    const store = storeThat(suite.store(), 'GetItemCommand', async (input) => {
      if (JSON.stringify(input).includes('PURCHASE#') && (reads += 1) === 1) {
        await suite.stripe().refunds.create({ payment_intent: intent });
        await suite.followAll();
      }
    });
    expect(await suite.follow([event], { ...suite.services(), store })).toEqual([]);
    expect(reads).toBe(1);
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });
});

/** A store that lets something happen before its requests of one kind. */
function storeThat(store: Store, command: string, before: (input: object) => Promise<void>): Store {
  const client = createStore(store.table, LETTERS, { endpoint: suite.endpoint(), ...LOCAL_AWS }).client;
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        if (commandName === command) {
          await before(args.input);
        }
        return next(args);
      },
    { step: 'initialize' },
  );
  return { ...store, client };
}

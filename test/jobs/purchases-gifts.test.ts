/** Refunds and disputes of credits that have been given away. */
import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import { claimGift } from '../../lambdas/commands/claim-gift.ts';
import { createGift } from '../../lambdas/commands/create-gift.ts';
import { exception, isTransaction } from '../support/faulty-dynamodb.ts';
import { usePurchases } from '../support/purchases.ts';
import { expectClosedBooks, itemsOf, request, someUser, storedAccount } from '../support/users.ts';

const suite = usePurchases('2026-02-10T09:00:00Z');

function now(): number {
  return suite.at().clock.now();
}

async function give(count: number): Promise<string> {
  const id = randomUUID();
  const context = request(suite.buyer().userId, now(), { id });
  const { outcome } = await createGift(suite.store(), context, { count, codeHash: id });
  expect(outcome).toBe('created');
  suite.at().clock.moveTo(new Date(now() + 1_000).toISOString());
  return id;
}

async function claim(gift: string): Promise<string> {
  const receiver = someUser();
  const { outcome } = await claimGift(suite.store(), request(receiver, now()), gift);
  expect(outcome).toBe('created');
  return receiver;
}

async function statusOf(gift: string): Promise<string> {
  const item = (await itemsOf(suite.store(), suite.buyer().userId)).get(`GIFT#${gift}`);
  const { status, because } = z.parse(
    z.object({ status: z.string(), because: z.optional(z.string()) }),
    item,
  );
  return because === undefined ? status : `${status} ${because}`;
}

async function refund(intent: string, amount?: number): Promise<void> {
  const order = { payment_intent: intent, ...(amount === undefined ? {} : { amount }) };
  await suite.stripe().refunds.create(order);
}

describe('a refund of what was given away', () => {
  it('takes what is unspent first, and no gift when that is enough', async () => {
    const { intent } = await suite.boughtAndGranted();
    const gift = await give(4);
    await refund(intent, 1_620);
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 0, 10]);
    expect(await statusOf(gift)).toBe('open');
  });

  it('then takes unclaimed gifts, the youngest first, each whole, and no more than it needs', async () => {
    const { intent } = await suite.boughtAndGranted();
    const gifts = [await give(2), await give(3), await give(4)];
    // Six are due: one is unspent, one gift of four comes back, and another of three, of which two are left.
    await refund(intent, 1_620);
    await suite.followAll();
    expect(await Promise.all(gifts.map(statusOf))).toEqual([
      'open',
      'returned claw_back',
      'returned claw_back',
    ]);
    expect(await suite.booked()).toEqual([2, 0, 8]);
    await expectClosedBooks(suite.store(), suite.buyer().userId, now());
  });

  it('takes nothing from whoever has claimed one: the giver owes it', async () => {
    const { intent } = await suite.boughtAndGranted();
    const receiver = await claim(await give(4));
    await refund(intent);
    await suite.followAll();
    expect(await suite.booked()).toEqual([0, 4, 10]);
    expect((await storedAccount(suite.store(), receiver)).credits.purchased).toBe(4);
    await expectClosedBooks(suite.store(), receiver, now());
  });

  it('G10: goes on where a worker has died', async () => {
    const { intent } = await suite.boughtAndGranted();
    const gifts = [await give(5), await give(5)];
    await refund(intent);
    const events = suite.newEvents();
    for (const deadAfter of [1, 2]) {
      let transactions = 0;
      suite.proxy().inject((call) => {
        transactions += isTransaction(call) ? 1 : 0;
        return transactions > deadAfter ? exception('AccessDeniedException') : null;
      });
      expect((await suite.follow(events)).length).toBeGreaterThan(0);
    }
    suite.proxy().reset();
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.booked()).toEqual([0, 0, 10]);
    expect(await Promise.all(gifts.map(statusOf))).toEqual(['returned claw_back', 'returned claw_back']);
    await expectClosedBooks(suite.store(), suite.buyer().userId, now());
  });

  it('G10: takes no gift for what it has taken already, when its answer is lost', async () => {
    const { intent } = await suite.boughtAndGranted();
    const gift = await give(4);
    await refund(intent, 1_620);
    let lost = 0;
    // Not that of the note about an event which changes nothing.
    suite.proxy().inject((call) => {
      const isOfPurchase = isTransaction(call) && JSON.stringify(call.body).includes('PURCHASE#');
      return isOfPurchase && (lost += 1) === 1 ? { fault: 'lose the answer' } : null;
    });
    expect(await suite.follow(suite.newEvents())).toEqual([]);
    expect(await suite.booked()).toEqual([0, 0, 10]);
    expect(await statusOf(gift)).toBe('open');
  });

  it('G10: takes one gift where one is enough, when the answer to its return is lost', async () => {
    const { intent } = await suite.boughtAndGranted();
    const gifts = [await give(5), await give(5)];
    await refund(intent, 1_350);
    let lost = 0;
    suite.proxy().inject((call) => {
      const isOfGift = isTransaction(call) && JSON.stringify(call.body).includes('GIFT#');
      return isOfGift && (lost += 1) === 1 ? { fault: 'lose the answer' } : null;
    });
    expect(await suite.follow(suite.newEvents())).toEqual([]);
    expect((await Promise.all(gifts.map(statusOf))).sort()).toEqual(['open', 'returned claw_back']);
    expect(await suite.booked()).toEqual([0, 0, 10]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'G1: and a claim at the same instant: the gift is the receiver’s, or it has come back (%i)',
    async () => {
      const { intent } = await suite.boughtAndGranted(5);
      const gift = await give(5);
      await refund(intent);
      const receiver = someUser();
      const [claimed] = await Promise.all([
        claimGift(suite.store(), request(receiver, now()), gift),
        suite.followAll(),
      ]);
      const isClaimed = claimed.outcome === 'created';
      expect(await statusOf(gift)).toBe(isClaimed ? 'claimed' : 'returned claw_back');
      expect(await suite.booked()).toEqual(isClaimed ? [0, 5, 5] : [0, 0, 5]);
      await expectClosedBooks(suite.store(), suite.buyer().userId, now());
      expect(isClaimed ? (await storedAccount(suite.store(), receiver)).credits.purchased : 5).toBe(5);
    },
  );

  it('that is undone leaves the giver with what came back', async () => {
    const { intent } = await suite.boughtAndGranted();
    const gift = await give(4);
    const { id } = suite.at().standIn.control.openDispute({ paymentIntent: intent });
    await suite.followAll();
    expect(await statusOf(gift)).toBe('returned claw_back');
    suite.at().standIn.control.closeDispute(id, 'won');
    await suite.followAll();
    expect(await suite.booked()).toEqual([10, 0, 0]);
  });
});

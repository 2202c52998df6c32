import { describe, expect, it } from '@jest/globals';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { addCredits } from '../../lambdas/commands/add-credits.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { noBelongings } from '../../lambdas/adapters/dynamodb/belongings.ts';
import { exportUser } from '../../lambdas/commands/export-user.ts';
import { codeItemKey } from '../../lambdas/adapters/dynamodb/gift-item.ts';
import { claimGift, type ClaimOutcome } from '../../lambdas/commands/claim-gift.ts';
import { createGift, type GiftOutcome } from '../../lambdas/commands/create-gift.ts';
import { CORE_SETTLERS, settleDue } from '../../lambdas/commands/settle-due.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { DAY_MS, type Instant, toIso } from '../../lambdas/domain/instants.ts';
import { active, at } from '../support/accounts.ts';
import { cancelled, isTransaction } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
import { expectClosedBooks, givenPlan, itemsOf, request, someUser, storedAccount } from '../support/users.ts';

const table = useFaultyTable();
const NOW = '2026-02-10T12:00:00.000Z';

/** A subscriber with so many purchased credits. */
async function givenGiver(purchased = 10): Promise<string> {
  const userId = someUser();
  await givenPlan(table.store(), userId, active({}), NOW);
  if (purchased > 0) {
    await addCredits(table.store(), request(userId, NOW), {
      amount: purchased,
      reason: 'test',
      actor: 'a',
    });
  }
  return userId;
}

interface Sent {
  giverId: string;
  id: string;
  codeHash: string;
}

async function send(
  giverId: string,
  count: number,
  { id = randomUUID(), now = NOW, store = table.store() }: { id?: string; now?: string; store?: Store } = {},
): Promise<GiftOutcome> {
  const context = request(giverId, now, { id, fingerprint: `${String(count)} credits` });
  return createGift(store, context, { count, codeHash: `hash-of-${id}` });
}

async function givenGift(count = 3, giverId?: string): Promise<Sent> {
  const giver = giverId ?? (await givenGiver());
  const id = randomUUID();
  expect(await send(giver, count, { id })).toMatchObject({ outcome: 'created' });
  return { giverId: giver, id, codeHash: `hash-of-${id}` };
}

async function claim(
  userId: string,
  codeHash: string,
  { id = randomUUID(), now = NOW, store = table.store() }: { id?: string; now?: string; store?: Store } = {},
): Promise<ClaimOutcome> {
  return claimGift(store, request(userId, now, { id }), codeHash);
}

async function purchased(userId: string): Promise<number> {
  return (await storedAccount(table.store(), userId)).credits.purchased;
}

async function statusOf({ giverId, id }: Sent): Promise<unknown> {
  return (await itemsOf(table.store(), giverId)).get(`GIFT#${id}`)?.['status'];
}

async function codeIsKept(codeHash: string): Promise<boolean> {
  const { Item } = await table
    .store()
    .client.send(new GetItemCommand({ TableName: table.store().table, Key: codeItemKey(codeHash) }));
  return Item !== undefined;
}

/** What the reconciler does at that time. */
async function runAt(now: Instant): Promise<void> {
  const { failures } = await settleDue(table.store(), CORE_SETTLERS, now, plentyOfTime());
  expect(failures).toEqual([]);
}

describe('giving', () => {
  it('takes purchased credits out of the account, and keeps the code as a hash only', async () => {
    const { giverId, id } = await givenGift(3);
    expect(await purchased(giverId)).toBe(7);
    const items = await itemsOf(table.store(), giverId);
    expect(items.get(`GIFT#${id}`)).toMatchObject({ count: 3, status: 'open', dueAt: at(NOW) + 90 * DAY_MS });
    expect([...items.values()].filter(({ kind }) => kind === 'gift_given')).toMatchObject([
      { amount: -3, source: `gift:${id}` },
    ]);
    await expectClosedBooks(table.store(), giverId, NOW);
  });

  it.each([
    [0, 1, 0],
    [10, 11, 10],
  ])('of %i purchased credits is refused for %i', async (held, count, takeable) => {
    const giver = await givenGiver(held);
    expect(await send(giver, count)).toEqual({ outcome: 'below_balance', takeable });
    // The plan's own two can't be given away.
    expect(await purchased(giver)).toBe(held);
  });

  it('is refused to an unknown user', async () => {
    expect(await send(someUser(), 1)).toEqual({ outcome: 'below_balance', takeable: 0 });
  });

  it('G2: is done once for a key, and refused for another count', async () => {
    const giver = await givenGiver(4);
    const id = randomUUID();
    const all = await Promise.all(Array.from({ length: 4 }, () => send(giver, 4, { id })));
    expect(all.map(({ outcome }) => outcome).sort()).toEqual(['created', 'replayed', 'replayed', 'replayed']);
    expect(await send(giver, 3, { id })).toEqual({ outcome: 'idempotency_conflict' });
    expect(await purchased(giver)).toBe(0);
  });

  it('G1: never gives more than there is, however many gifts are made at once', async () => {
    const giver = await givenGiver(10);
    const all = await Promise.all(Array.from({ length: 8 }, () => send(giver, 3)));
    expect(all.filter(({ outcome }) => outcome === 'created')).toHaveLength(3);
    expect(await purchased(giver)).toBe(1);
    await expectClosedBooks(table.store(), giver, NOW);
  });

  it('G3: is done wholly when the answer is lost', async () => {
    const giver = await givenGiver(10);
    let lost = 0;
    table
      .proxy()
      .inject((call) => (isTransaction(call) && (lost += 1) === 1 ? { fault: 'lose the answer' } : null));
    expect(await send(giver, 3, { store: table.faultyStore() })).toMatchObject({ outcome: 'replayed' });
    expect(await purchased(giver)).toBe(7);
  });
});

describe('claiming', () => {
  it('adds the credits as purchased ones, for an unknown user too', async () => {
    const gift = await givenGift(3);
    const receiver = someUser();
    expect(await claim(receiver, gift.codeHash)).toMatchObject({ outcome: 'created', record: { count: 3 } });
    expect(await purchased(receiver)).toBe(3);
    expect(await statusOf(gift)).toBe('claimed');
    const item = (await itemsOf(table.store(), gift.giverId)).get(`GIFT#${gift.id}`);
    expect(item).not.toHaveProperty('dueShard');
    expect(JSON.stringify(item)).not.toContain(receiver);
    await expectClosedBooks(table.store(), receiver, NOW);
    await expectClosedBooks(table.store(), gift.giverId, NOW);
  });

  it('G1: at the same instant gives it to one of many', async () => {
    const gift = await givenGift(3);
    const receivers = Array.from({ length: 8 }, () => someUser());
    const outcomes = await Promise.all(receivers.map((receiver) => claim(receiver, gift.codeHash)));
    expect(outcomes.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'refused')).toEqual(
      Array.from({ length: 7 }, () => ({ outcome: 'refused', reason: 'already_claimed' })),
    );
  });

  it('G2: is answered again with its key; without the key the gift counts as claimed', async () => {
    const gift = await givenGift(3);
    const receiver = someUser();
    const id = randomUUID();
    const all = await Promise.all(Array.from({ length: 4 }, () => claim(receiver, gift.codeHash, { id })));
    expect(all.map(({ outcome }) => outcome).sort()).toEqual(['created', 'replayed', 'replayed', 'replayed']);
    expect(await claim(receiver, gift.codeHash)).toEqual({ outcome: 'refused', reason: 'already_claimed' });
    const other = await givenGift(1);
    expect(await claim(receiver, other.codeHash, { id })).toEqual({ outcome: 'idempotency_conflict' });
    expect(await purchased(receiver)).toBe(3);
  });

  it('of one’s own gift is refused', async () => {
    const { giverId, codeHash } = await givenGift(3);
    expect(await claim(giverId, codeHash)).toEqual({ outcome: 'refused', reason: 'own' });
    expect(await purchased(giverId)).toBe(7);
  });

  it('G2: is done once when the answer is lost', async () => {
    const gift = await givenGift(3);
    const receiver = someUser();
    let lost = 0;
    table
      .proxy()
      .inject((call) => (isTransaction(call) && (lost += 1) === 1 ? { fault: 'lose the answer' } : null));
    const outcome = await claim(receiver, gift.codeHash, { store: table.faultyStore() });
    expect(outcome).toMatchObject({ outcome: 'replayed', record: { count: 3 } });
    expect(await purchased(receiver)).toBe(3);
  });

  it('G7: is refused from the 90th day on, whether or not it has gone back', async () => {
    const { codeHash } = await givenGift(3);
    const now = toIso(at(NOW) + 90 * DAY_MS);
    expect(await claim(someUser(), codeHash, { now })).toEqual({ outcome: 'refused', reason: 'gone_back' });
    const justInTime = toIso(at(NOW) + 90 * DAY_MS - 1);
    expect(await claim(someUser(), codeHash, { now: justInTime })).toMatchObject({ outcome: 'created' });
  });
});

describe('codes that nobody was given', () => {
  const LIMIT = { outcome: 'too_many_guesses', limit: 10, resetsAt: at('2026-02-11') };

  it('can be tried ten times in a day', async () => {
    const gift = await givenGift(3);
    const receiver = someUser();
    for (let guess = 0; guess < 10; guess += 1) {
      expect(await claim(receiver, `wrong-${String(guess)}`)).toEqual({ outcome: 'unknown' });
    }
    expect(await claim(receiver, 'wrong')).toEqual(LIMIT);
    expect(await claim(receiver, gift.codeHash)).toEqual(LIMIT);
    expect(await claim(someUser(), 'wrong')).toEqual({ outcome: 'unknown' });
    expect(await claim(receiver, gift.codeHash, { now: '2026-02-11T00:00:00.000Z' })).toMatchObject({
      outcome: 'created',
    });
  });

  it('can be tried no more often when all come at once', async () => {
    const receiver = someUser();
    const all = await Promise.all(
      Array.from({ length: 30 }, (_, index) => claim(receiver, `at once ${String(index)}`)),
    );
    expect(all.filter(({ outcome }) => outcome === 'unknown')).toHaveLength(10);
    expect(all.filter(({ outcome }) => outcome === 'too_many_guesses')).toHaveLength(20);
  });

  it('do not include those on which DynamoDB was busy', async () => {
    const gift = await givenGift(3);
    const receiver = someUser();
    table.proxy().inject((call) => (isTransaction(call) ? cancelled(call, 0, 'TransactionConflict') : null));
    for (let tries = 0; tries < 10; tries += 1) {
      const context = request(receiver, NOW, { deadline: deadlineIn(200) });
      const claiming = claimGift(table.faultyStore(), context, gift.codeHash);
      await expect(claiming).rejects.toMatchObject({ name: 'BusyError' });
    }
    expect(await claim(receiver, gift.codeHash)).toMatchObject({ outcome: 'created' });
  });

  it('do not include right ones, which leave no guess that names the user', async () => {
    const receiver = someUser();
    const giver = await givenGiver(12);
    for (let gift = 0; gift < 12; gift += 1) {
      const { codeHash } = await givenGift(1, giver);
      expect(await claim(receiver, codeHash)).toMatchObject({ outcome: 'created' });
    }
    expect(await claim(receiver, 'wrong')).toEqual({ outcome: 'unknown' });
    expect([...(await itemsOf(table.store(), receiver)).keys()].some((key) => key.includes('GUESS'))).toBe(
      false,
    );
  });
});

describe('a gift that nobody claims', () => {
  it('goes back after 90 days, once', async () => {
    const gift = await givenGift(3);
    await runAt(at(NOW) + 90 * DAY_MS - 1);
    expect(await purchased(gift.giverId)).toBe(7);
    await Promise.all([runAt(at(NOW) + 90 * DAY_MS), runAt(at(NOW) + 91 * DAY_MS)]);
    await runAt(at(NOW) + 92 * DAY_MS);
    expect(await purchased(gift.giverId)).toBe(10);
    const item = (await itemsOf(table.store(), gift.giverId)).get(`GIFT#${gift.id}`);
    expect(item).toMatchObject({ status: 'returned', because: 'expired' });
    expect(item).not.toHaveProperty('dueShard');
    await expectClosedBooks(table.store(), gift.giverId, at(NOW) + 92 * DAY_MS);
  });

  it('that is claimed before stays claimed', async () => {
    const gift = await givenGift(3);
    await claim(someUser(), gift.codeHash);
    await runAt(at(NOW) + 100 * DAY_MS);
    expect(await purchased(gift.giverId)).toBe(7);
  });

  it('G1: claimed at the instant of its end is claimed, or goes back, and never both', async () => {
    const giver = await givenGiver(40);
    const gifts = [];
    for (let index = 0; index < 20; index += 1) {
      gifts.push(await givenGift(1, giver));
    }
    const receiver = someUser();
    const end = at(NOW) + 90 * DAY_MS;
    // Gateways' clocks need not agree with the schedule's time.
    await Promise.all([
      runAt(end),
      ...gifts.map(({ codeHash }) => claim(receiver, codeHash, { now: toIso(end - 1) })),
    ]);
    const claimed = await Promise.all(gifts.map(async (gift) => (await statusOf(gift)) === 'claimed'));
    const count = claimed.filter(Boolean).length;
    expect(await purchased(giver)).toBe(40 - count);
    const items = await itemsOf(table.store(), receiver);
    expect([...items.keys()].filter((key) => key.startsWith('CLAIM#'))).toHaveLength(count);
  });
});

describe('an erased user', () => {
  it('who had given: the gift is gone, and its code with it', async () => {
    const gift = await givenGift(3);
    await eraseUser(table.store(), gift.giverId, at(NOW), plentyOfTime());
    expect(await codeIsKept(gift.codeHash)).toBe(false);
    expect(await claim(someUser(), gift.codeHash)).toEqual({ outcome: 'unknown' });
    await runAt(at(NOW) + 91 * DAY_MS);
  });

  it('who had claimed: nothing is left of it, and the giver’s books hold', async () => {
    const gift = await givenGift(3);
    const receiver = someUser();
    await claim(receiver, gift.codeHash);
    await eraseUser(table.store(), receiver, at(NOW), plentyOfTime());
    expect([...(await itemsOf(table.store(), receiver)).keys()]).toEqual(['ACCOUNT']);
    expect(await claim(someUser(), gift.codeHash)).toEqual({ outcome: 'refused', reason: 'already_claimed' });
    await expectClosedBooks(table.store(), gift.giverId, NOW);
    await expect(claim(receiver, gift.codeHash)).rejects.toMatchObject({ name: 'ErasedAccountError' });
    await expect(send(receiver, 1)).rejects.toMatchObject({ name: 'ErasedAccountError' });
  });

  it('gets no gift back while the erasure goes on', async () => {
    const gift = await givenGift(3);
    await eraseUser(table.store(), gift.giverId, at(NOW), { remainingMs: () => 0 }).catch(() => undefined);
    await runAt(at(NOW) + 91 * DAY_MS);
    await eraseUser(table.store(), gift.giverId, at(NOW), plentyOfTime());
    expect([...(await itemsOf(table.store(), gift.giverId)).keys()]).toEqual(['ACCOUNT']);
  });

  it('had gifts and claims in the export before', async () => {
    const gift = await givenGift(3);
    const receiver = someUser();
    await claim(receiver, gift.codeHash);
    const all = { limit: 100, after: null };
    const kindsOf = async (userId: string): Promise<string[]> => {
      const page = await exportUser(table.store(), userId, all, noBelongings, plentyOfTime());
      expect(JSON.stringify(page.items)).not.toContain(gift.codeHash);
      return page.items.map(({ kind }) => kind);
    };
    expect(await kindsOf(gift.giverId)).toContain('GIFT');
    expect(await kindsOf(receiver)).toContain('CLAIM');
  });
});

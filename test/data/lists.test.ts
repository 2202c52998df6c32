import { describe, expect, it } from '@jest/globals';
import { listRecords, type PageRequest } from '../../lambdas/adapters/dynamodb/lists.ts';
import { DELIVERIES } from '../../lambdas/letters/adapters/delivery-item.ts';
import { LETTERS } from '../../lambdas/letters/adapters/letter-item.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { deleteLetter } from '../../lambdas/letters/commands/delete-letter.ts';
import { getDelivery, getLetter } from '../../lambdas/letters/adapters/records.ts';
import { active, at } from '../support/accounts.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
import {
  ADDRESS,
  allPages,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  request,
  scheduleEmail,
  scheduleMail,
  someUser,
  storedAccount,
  writeLetter,
} from '../support/users.ts';

const table = useFaultyTable();
const NOW = '2026-03-10';
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });

async function givenLetters(count: number): Promise<{ userId: string; ids: string[] }> {
  const userId = someUser();
  await givenPlan(table.store(), userId, ENTERPRISE, NOW);
  const ids: string[] = [];
  for (let letter = 0; letter < count; letter += 1) {
    // Two letters at each instant: their ids decide the order.
    const context = request(userId, at(NOW) + Math.floor(letter / 2));
    await writeLetter(table.store(), context);
    ids.push(context.id);
  }
  return { userId, ids };
}

const lettersOf = (userId: string, page: PageRequest) =>
  listRecords(table.store(), userId, LETTERS, page, plentyOfTime());
const deliveriesOf = (userId: string, page: PageRequest) =>
  listRecords(table.store(), userId, DELIVERIES, page, plentyOfTime());
const letterPages = (userId: string, limit: number) => allPages((page) => lettersOf(userId, page), limit);

describe('lists', () => {
  it('give every letter once, newest first, whatever the size of their pages', async () => {
    const { userId, ids } = await givenLetters(23);
    const whole = await letterPages(userId, 100);
    expect(whole.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
    const instants = whole.map(({ createdAt }) => createdAt);
    expect(instants).toEqual(instants.toSorted((one, other) => other - one));
    for (const limit of [1, 2, 3, 7, 22, 23, 24]) {
      expect(await letterPages(userId, limit)).toEqual(whole);
    }
  });

  it('have no last page that is empty, and no page beyond a limit', async () => {
    const { userId } = await givenLetters(4);
    const first = await lettersOf(userId, { limit: 2, after: null });
    const second = await lettersOf(userId, { limit: 2, after: first.next });
    expect([first.items.length, second.items.length, second.next]).toEqual([2, 2, null]);
  });

  it('show no letter twice and miss none while others are written and deleted', async () => {
    const { userId } = await givenLetters(12);
    const before = await letterPages(userId, 100);
    let pages = 0;
    const seen = await allPages(async (page) => {
      const answer = await lettersOf(userId, page);
      pages += 1;
      await writeLetter(table.store(), request(userId, at('2026-03-11') + pages));
      // The letter that ended the page is deleted: the next page still begins after its place.
      await deleteLetter(
        table.store(),
        userId,
        answer.items.at(-1)?.id ?? '',
        at('2026-03-11'),
        plentyOfTime(),
      );
      return answer;
    }, 3);
    expect(pages).toBe(4);
    expect(seen).toEqual(before);
  });

  it('show nothing that is gone while the index lags, and end only without a cursor', async () => {
    const { userId, ids } = await givenLetters(4);
    const [oldest = '', , third = ''] = (await letterPages(userId, 100)).map(({ id }) => id).toReversed();
    await deleteLetter(table.store(), userId, third, at('2026-03-11'), plentyOfTime());
    const wire = (id: string, instant: string) =>
      toWire({ pk: `USER#${userId}`, sk: `LETTER#${id}`, listKey: `LETTER#${instant}#${id}` });
    // The index names a letter that was never there, and still the one that has been deleted.
    const stale = [wire('lost', '2026-03-10T00:00:00.009Z'), wire(third, '2026-03-10T00:00:00.001Z')];
    table.proxy().inject(({ operation, body }) => {
      const isFirst = operation === 'Query' && JSON.stringify(body).includes('LETTER#~');
      const Items = [...stale, wire(oldest, '2026-03-10T00:00:00.000Z')];
      return isFirst ? { fault: 'answer', status: 200, body: { Items, Count: 3 } } : null;
    });
    const first = await listRecords(
      table.faultyStore(),
      userId,
      LETTERS,
      { limit: 2, after: null },
      plentyOfTime(),
    );
    expect(first.items).toEqual([]);
    expect(first.next).toBe(`LETTER#2026-03-10T00:00:00.001Z#${third}`);
    const rest = await lettersOf(userId, { limit: 100, after: first.next });
    expect(rest.items.map(({ id }) => id)).not.toContain(third);
    expect(rest.items.map(({ id }) => id)).toContain(oldest);
    expect(ids).toHaveLength(4);
  });

  it('leave deleted letters out, which keep their place as tombstones', async () => {
    const { userId, ids } = await givenLetters(3);
    const [first = '', second = '', third = ''] = ids;
    expect(await deleteLetter(table.store(), userId, second, at('2026-03-11'), plentyOfTime())).toEqual({
      outcome: 'deleted',
    });
    expect((await letterPages(userId, 1)).map(({ id }) => id).toSorted()).toEqual([first, third].toSorted());
    const items = await itemsOf(table.store(), userId);
    expect(Object.keys(items.get(`LETTER#${second}`) ?? {}).toSorted()).toEqual(
      ['createdAt', 'deletedAt', 'fingerprint', 'id', 'pk', 'sk'].toSorted(),
    );
  });

  it('give deliveries of both channels, newest first, as they were scheduled', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    for (let delivery = 0; delivery < 7; delivery += 1) {
      const context = request(userId, at(NOW) + delivery);
      await (delivery % 2 === 0 ? scheduleMail : scheduleEmail)(table.store(), context, letterId);
    }
    const read = (limit: number) => allPages((page) => deliveriesOf(userId, page), limit);
    const whole = await read(100);
    expect(whole.map(({ channel }) => channel)).toEqual([
      'mail',
      'email',
      'mail',
      'email',
      'mail',
      'email',
      'mail',
    ]);
    expect(whole[0]?.recipient).toEqual({ ...ADDRESS, line2: undefined, state: undefined });
    for (const limit of [1, 2, 6, 7]) {
      expect(await read(limit)).toEqual(whole);
    }
    for (const delivery of whole) {
      expect(await getDelivery(table.store(), userId, delivery.id, plentyOfTime())).toEqual(delivery);
    }
  });

  it('G13: show nobody else’s letters and deliveries', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    const mail = request(userId, NOW);
    await scheduleMail(table.store(), mail, letterId);
    const other = someUser();
    const none = { items: [], next: null };
    const page = { limit: 10, after: null };
    expect(await lettersOf(other, page)).toEqual(none);
    expect(await deliveriesOf(other, page)).toEqual(none);
    expect(await getLetter(table.store(), other, letterId, plentyOfTime())).toBeNull();
    expect(await getDelivery(table.store(), other, mail.id, plentyOfTime())).toBeNull();
    expect(await deleteLetter(table.store(), other, letterId, at(NOW), plentyOfTime())).toEqual({
      outcome: 'missing',
    });
    // A user whose id begins like this one's is another user.
    expect(await lettersOf(userId.slice(0, -1), page)).toEqual(none);
  });
});

describe('records', () => {
  it('come back as they were written, whatever is in them', async () => {
    const userId = someUser();
    const letter = request(userId, NOW);
    const text = { title: '“Ünï©ødé” 👩‍🚀', body: `${'é'.repeat(60_000)}\n\u0000\u2028` };
    await writeLetter(table.store(), letter, text);
    expect(await getLetter(table.store(), userId, letter.id, plentyOfTime())).toEqual({
      letter: { id: letter.id, title: text.title, createdAt: at(NOW), deletedAt: null },
      body: text.body,
    });
  });

  it('of letters with open deliveries stay; what a deleted one has counted stays counted', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    const remove = (id: string) => deleteLetter(table.store(), userId, id, at(NOW), plentyOfTime());
    await scheduleEmail(table.store(), request(userId, NOW), letterId);
    await scheduleMail(table.store(), request(userId, NOW), letterId);
    expect(await remove(letterId)).toEqual({ outcome: 'has_open_deliveries', openDeliveries: 2 });
    expect(await getLetter(table.store(), userId, letterId, plentyOfTime())).not.toBeNull();

    const other = request(userId, NOW);
    await writeLetter(table.store(), other);
    expect(await remove(other.id)).toEqual({ outcome: 'deleted' });
    expect(await getLetter(table.store(), userId, other.id, plentyOfTime())).toBeNull();
    expect((await storedAccount(table.store(), userId)).meters['letters']?.used).toBe(2);
    expect(await scheduleEmail(table.store(), request(userId, NOW), other.id)).toEqual({
      outcome: 'letter_missing',
    });
    expect(await remove(someUser())).toEqual({ outcome: 'missing' });
  });
});

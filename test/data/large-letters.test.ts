import { describe, expect, it } from '@jest/globals';
import { trackLetterCreation } from '../../lambdas/letters/commands/create-letter.ts';
import { active, at } from '../support/accounts.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import {
  countOf,
  expectClosedBooks,
  givenPlan,
  itemsOf,
  putTombstone,
  request,
  someUser,
  tallyOf,
  writeLetter,
} from '../support/users.ts';

const table = useFaultyTable({ measuresCapacity: true });
const NOW = '2026-03-10';
const LARGE = { title: 'Long', body: 'x'.repeat(65_536) };
const COUNT_AND_LOOK = { UpdateItem: 1, GetItem: 1 };

async function givenFreeUser(letters: number): Promise<string> {
  const userId = someUser();
  for (let letter = 0; letter < letters; letter += 1) {
    await writeLetter(table.store(), request(userId, NOW));
  }
  return userId;
}

describe('a large letter', () => {
  it('is written after a look at the account', async () => {
    const userId = someUser();
    await givenPlan(table.store(), userId, active({ plan: 'pro', anchor: '2026-03-01' }), NOW);
    const written = await writeLetter(table.faultyStore(), request(userId, '2026-03-11'), LARGE);
    expect(written.outcome).toBe('created');
    expect(table.proxy().requests()).toEqual({ ...COUNT_AND_LOOK, TransactWriteItems: 1 });
  });

  it('is written for a user who has no account yet', async () => {
    const userId = someUser();
    expect((await writeLetter(table.store(), request(userId, NOW), LARGE)).outcome).toBe('created');
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('that is refused is not billed at its size', async () => {
    const userId = await givenFreeUser(5);
    expect(await writeLetter(table.faultyStore(), request(userId, NOW), LARGE)).toMatchObject({
      outcome: 'refused',
      refusal: { refusal: 'quota_exceeded' },
    });
    expect(table.proxy().requests()).toEqual({ ...COUNT_AND_LOOK, TransactGetItems: 1 });
    // One unit to count it, one to look, and four to be sure.
    expect(table.proxy().consumedUnits()).toBeLessThanOrEqual(6);
    // What is not large is refused by its write, as ever.
    table.proxy().reset();
    await writeLetter(table.faultyStore(), request(userId, NOW));
    expect(table.proxy().requests()).toEqual({ TransactWriteItems: 1 });
  });

  it('G7: is judged by the period that is open now', async () => {
    const userId = await givenFreeUser(5);
    expect((await writeLetter(table.store(), request(userId, '2026-04-01'), LARGE)).outcome).toBe('created');
  });

  it('G2: is answered from its record, though it was the last one', async () => {
    const userId = await givenFreeUser(4);
    const last = request(userId, NOW);
    expect((await writeLetter(table.store(), last, LARGE)).outcome).toBe('created');
    expect((await writeLetter(table.store(), last, LARGE)).outcome).toBe('replayed');
    const other = { ...last, fingerprint: 'another body' };
    expect((await writeLetter(table.store(), other, LARGE)).outcome).toBe('idempotency_conflict');
    expect((await writeLetter(table.store(), request(userId, NOW), LARGE)).outcome).toBe('refused');
  });

  it('G1, G2: counts once and is refused to nobody who made it, 15 times at once for the last of the period', async () => {
    const userId = await givenFreeUser(4);
    const context = request(userId, NOW);
    const answers = await Promise.all(
      Array.from({ length: 15 }, () => writeLetter(table.store(), context, LARGE)),
    );
    expect(tallyOf(answers)).toEqual({ created: 1, replayed: 14 });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('of an erased user is refused', async () => {
    const userId = someUser();
    await putTombstone(table.store(), userId);
    expect(await writeLetter(table.store(), request(userId, NOW), LARGE)).toMatchObject({
      outcome: 'refused',
      refusal: { refusal: 'account_erased' },
    });
  });
});

describe('large letters in a minute', () => {
  it('are limited by user, and those that are refused cost one unit', async () => {
    const userId = someUser();
    await givenPlan(table.store(), userId, active({ plan: 'pro', anchor: '2026-03-01' }), NOW);
    const write = (now: number, text = LARGE) =>
      trackLetterCreation(table.faultyStore(), request(userId, now), text, 3);
    const minute = at('2026-03-11T09:30:00Z');
    const outcomes = await Promise.all([0, 1, 2, 3, 59_999].map((ms) => write(minute + ms)));
    expect(tallyOf(outcomes)).toEqual({ created: 3, too_many: 2 });
    table.proxy().reset();
    expect(await write(minute + 30_000)).toEqual({
      outcome: 'too_many',
      limit: 3,
      resetsAt: minute + 60_000,
    });
    expect(table.proxy().requests()).toEqual({ UpdateItem: 1 });
    expect((await write(minute + 30_000, { title: 'Short', body: 'x'.repeat(4_096) })).outcome).toBe(
      'created',
    );
    expect((await write(minute + 60_000)).outcome).toBe('created');
    expect(countOf(await itemsOf(table.store(), userId), 'LETTER')).toBe(5);
  });
});

import { describe, expect, it } from '@jest/globals';
import { deleteLetter } from '../../lambdas/letters/commands/delete-letter.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { active, at } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import {
  expectClosedBooks,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  using,
  putTombstone,
  request,
  scheduleMail,
  someUser,
  writeLetter,
} from '../support/users.ts';

const table = useTable();
const NOW = '2026-03-10';
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });

/** The same request, later, with as much time as the first. */
function again(context: CommandContext, now: string = NOW): CommandContext {
  return { ...context, now: at(now), deadline: plentyOfTime() };
}

describe('G2: exactly once', () => {
  const later: [string, (userId: string, letterId: string) => Promise<unknown>, string][] = [
    ['at once', async () => null, NOW],
    [
      'when the last credit is gone',
      async (userId, letterId) => scheduleMail(table.store(), request(userId, NOW), letterId),
      NOW,
    ],
    ['after the period has ended', async () => null, '2026-04-01'],
    ['ten years later', async () => null, '2036-04-01'],
    [
      'after the period has been closed',
      async (userId, letterId) => scheduleMail(table.store(), request(userId, '2026-05-05'), letterId),
      '2026-05-06',
    ],
    [
      'after the plan has gone',
      async (userId) => givenPlan(table.store(), userId, null, '2026-03-11'),
      '2026-03-12',
    ],
    ['by a clock that lags behind the period', async () => null, '2026-02-28'],
    ['after the user was erased', async (userId) => putTombstone(table.store(), userId), NOW],
  ];
  it.each(later)(
    'G2: a repeated request changes nothing and is answered from its record, %s',
    async (_when, meanwhile, now) => {
      const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
      const mail = request(userId, NOW);
      const created = await scheduleMail(table.store(), mail, letterId);
      expect(created.outcome).toBe('created');
      await meanwhile(userId, letterId);
      const before = await itemsOf(table.store(), userId);
      expect(await scheduleMail(table.store(), again(mail, now), letterId)).toEqual({
        ...created,
        outcome: 'replayed',
      });
      const anotherBody = { ...again(mail, now), fingerprint: 'another body' };
      expect(await scheduleMail(table.store(), anotherBody, letterId)).toEqual({
        outcome: 'idempotency_conflict',
      });
      expect(await itemsOf(table.store(), userId)).toEqual(before);
    },
  );

  it('G2: a repeated letter is answered as it stands now, deleted', async () => {
    const letter = request(someUser(), NOW);
    const created = await writeLetter(table.store(), letter);
    expect(created).toMatchObject({ outcome: 'created', record: { title: 'To myself', deletedAt: null } });
    await deleteLetter(table.store(), letter.userId, letter.id, at('2026-03-11'), plentyOfTime());
    const before = await itemsOf(table.store(), letter.userId);
    expect(await writeLetter(table.store(), again(letter, '2026-03-12'))).toEqual({
      outcome: 'replayed',
      record: { id: letter.id, title: '', createdAt: at(NOW), deletedAt: at('2026-03-11') },
    });
    expect(await writeLetter(table.store(), { ...again(letter), fingerprint: 'another' })).toEqual({
      outcome: 'idempotency_conflict',
    });
    expect(await itemsOf(table.store(), letter.userId)).toEqual(before);
    await expectClosedBooks(table.store(), letter.userId, NOW);
  });

  it('G2: a repeated consumption is answered from its record, though a day allows less by now', async () => {
    const allowing = (perDay: number): Store => {
      const meters = LETTERS.meters.map((meter) => ({ ...meter, perDay }));
      return { ...table.store(), catalogue: { ...LETTERS, meters } };
    };
    const consumption = request(someUser(), NOW);
    const use = using({ letters: 3 });
    const created = await trackConsumption(allowing(3), consumption, use);
    expect(created.outcome).toBe('created');
    const repeated = trackConsumption(allowing(2), again(consumption), use);
    expect(await repeated).toEqual({ ...created, outcome: 'replayed' });
    expect(await trackConsumption(allowing(2), request(someUser(), NOW), use)).toMatchObject({
      refusal: { refusal: 'rate_limited' },
    });
  });

  it('G2: a repeated consumption is answered with what it consumed', async () => {
    const consumption = request(someUser(), NOW);
    const use = using({ letters: 3 });
    const record = { id: consumption.id, consumed: use.consume, released: {}, credits: 0, levels: [] };
    expect(await trackConsumption(table.store(), consumption, use)).toEqual({ outcome: 'created', record });
    expect(await trackConsumption(table.store(), again(consumption), use)).toEqual({
      outcome: 'replayed',
      record,
    });
    await expectClosedBooks(table.store(), consumption.userId, NOW);
  });

  it.each([
    ['of an account that exists', NOW],
    ['of an account whose period has ended', '2026-04-02'],
  ])('G2: of 50 identical requests at once one is carried out, %s', async (_title, now) => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const mail = request(userId, now);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => scheduleMail(table.store(), mail, letterId)),
    );
    const outcomes = answers.map(({ outcome }) => outcome).toSorted();
    expect(outcomes).toEqual(['created', ...Array.from({ length: 49 }, () => 'replayed')]);
    await expectClosedBooks(table.store(), userId, now);
  });

  it('G2: of 50 identical first requests at once one makes the account', async () => {
    const letter = request(someUser(), NOW);
    const answers = await Promise.all(Array.from({ length: 50 }, () => writeLetter(table.store(), letter)));
    expect(answers.filter(({ outcome }) => outcome === 'created')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'replayed')).toHaveLength(49);
    await expectClosedBooks(table.store(), letter.userId, NOW);
  });

  it('G2: a refusal makes no record and is judged afresh', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    await scheduleMail(table.store(), request(userId, NOW), letterId);
    await scheduleMail(table.store(), request(userId, NOW), letterId);
    const mail = request(userId, NOW);
    const before = await itemsOf(table.store(), userId);
    expect(await scheduleMail(table.store(), mail, letterId)).toMatchObject({ outcome: 'refused' });
    expect(await scheduleMail(table.store(), again(mail), 'no letter')).toEqual({
      outcome: 'letter_missing',
    });
    expect(await itemsOf(table.store(), userId)).toEqual(before);
    // Another body under the same key is no conflict either: nothing has been done under it.
    const changed = { ...again(mail, '2026-04-01'), fingerprint: 'another body' };
    expect(await scheduleMail(table.store(), changed, letterId)).toMatchObject({ outcome: 'created' });
    expect(await scheduleMail(table.store(), again(mail), letterId)).toEqual({
      outcome: 'idempotency_conflict',
    });
  });

  it('G13: the same id of two users is two requests', async () => {
    const mine = request(someUser(), NOW);
    const theirs = { ...mine, userId: someUser(), fingerprint: 'another body' };
    expect(await writeLetter(table.store(), mine)).toMatchObject({ outcome: 'created' });
    expect(await writeLetter(table.store(), theirs)).toMatchObject({ outcome: 'created' });
  });
});

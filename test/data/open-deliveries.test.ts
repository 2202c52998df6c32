import { describe, expect, it } from '@jest/globals';
import { getItem } from '../../lambdas/adapters/dynamodb/get-item.ts';
import { letterKey, parseOpenDeliveries } from '../../lambdas/letters/adapters/letter-item.ts';
import { getDelivery } from '../../lambdas/letters/adapters/records.ts';
import { deleteLetterAndCancel } from '../../lambdas/letters/commands/delete-letter.ts';
import { takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { cancelDelivery } from '../../lambdas/letters/domain/delivery-life.ts';
import { active, at } from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import {
  expectClosedBooks,
  givenSubscriberWithLetter,
  request,
  scheduleEmail,
  scheduleMail,
  tallyOf,
} from '../support/users.ts';

const table = useTable();
const NOW = '2026-03-10';
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });

async function openOf(userId: string, letterId: string): Promise<string[]> {
  const letter = await getItem(table.store(), letterKey(userId, letterId), plentyOfTime());
  return letter === null ? [] : parseOpenDeliveries(letter);
}

describe('a letter', () => {
  it('has at most 20 open deliveries, and takes another when one has ended', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const contexts = Array.from({ length: 25 }, () => request(userId, NOW));
    const answers = await Promise.all(
      contexts.map((context) => scheduleEmail(table.store(), context, letterId)),
    );
    expect(tallyOf(answers)).toEqual({ created: 20, letter_full: 5 });
    expect(await scheduleMail(table.store(), request(userId, NOW), letterId)).toEqual({
      outcome: 'letter_full',
      openDeliveries: 20,
    });
    const open = await openOf(userId, letterId);
    expect(open).toHaveLength(20);
    // A repeated request is answered from its record, full or not (G2).
    const made = contexts.find(({ id }) => open.includes(id)) ?? request(userId, NOW);
    expect((await scheduleEmail(table.store(), made, letterId)).outcome).toBe('replayed');
    const step = { userId, id: made.id, now: at(NOW), deadline: plentyOfTime() };
    await takeStep(table.store(), step, (delivery) => cancelDelivery(delivery, at(NOW)));
    expect((await scheduleEmail(table.store(), request(userId, NOW), letterId)).outcome).toBe('created');
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('goes with all of them, which it knows itself', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const contexts = Array.from({ length: 20 }, () => request(userId, NOW));
    await Promise.all(contexts.map((context) => scheduleEmail(table.store(), context, letterId)));
    const deletion = await deleteLetterAndCancel(table.store(), userId, letterId, at(NOW), plentyOfTime());
    expect(deletion).toEqual({ outcome: 'deleted' });
    expect(await openOf(userId, letterId)).toEqual([]);
    const ended = await Promise.all(
      contexts.map(({ id }) => getDelivery(table.store(), userId, id, plentyOfTime())),
    );
    expect(new Set(ended.map((delivery) => delivery?.status))).toEqual(new Set(['cancelled']));
  });
});

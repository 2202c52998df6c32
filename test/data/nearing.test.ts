import { describe, expect, it } from '@jest/globals';
import { noteNearing, listNearingNotes } from '../../lambdas/adapters/dynamodb/nearing-notes.ts';
import { listNearing } from '../../lambdas/commands/list-nearing.ts';
import { type NearingStep } from '../../lambdas/domain/nearing.ts';
import { at } from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import { request, someUser, writeLetter } from '../support/users.ts';

const table = useTable();
const NOW = '2026-02-10T00:00:00.000Z';
const UNTIL = at('2026-03-01');
const ALL = { limit: 100, after: null };

function note(userId: string, percent: 80 | 100 | null, version: number): Promise<void> {
  const step: NearingStep = { note: percent === null ? null : { percent, until: UNTIL }, version };
  return noteNearing(table.store(), userId, step, plentyOfTime());
}

async function noted(least: 80 | 100 = 80): Promise<string[]> {
  return (await listNearingNotes(table.store(), least, ALL, plentyOfTime())).items;
}

describe('notes of who is near a limit', () => {
  it('list who has reached one first, and each user once', async () => {
    await note('near', 80, 1);
    await note('there', 80, 1);
    await note('there', 100, 2);
    expect(await noted()).toEqual(['there', 'near']);
    expect(await noted(100)).toEqual(['there']);
    await note('there', null, 3);
    await note('near', null, 3);
    expect(await noted()).toEqual([]);
  });

  it('keep the newer of two changes that are told in the wrong order', async () => {
    await note('late', 100, 5);
    await note('late', null, 4);
    await note('late', 100, 4);
    expect(await noted()).toEqual(['late']);
    await note('late', null, 6);
  });

  it('come page by page', async () => {
    for (const userId of ['a', 'b', 'c']) {
      await note(userId, 80, 1);
    }
    const first = await listNearingNotes(table.store(), 80, { limit: 2, after: null }, plentyOfTime());
    const second = await listNearingNotes(table.store(), 80, { limit: 2, after: first.next }, plentyOfTime());
    expect([...first.items, ...second.items]).toEqual(['a', 'b', 'c']);
    for (const userId of ['a', 'b', 'c']) {
      await note(userId, null, 2);
    }
  });
});

describe('users near a limit', () => {
  it('are shown by what their accounts are now', async () => {
    const [near, reset] = [someUser(), someUser()];
    for (const userId of [near, reset]) {
      for (let letters = 0; letters < 4; letters += 1) {
        await writeLetter(table.store(), request(userId, NOW));
      }
      await note(userId, 80, 1);
    }
    await note('nobody', 80, 1);
    const now = await listNearing(table.store(), 0.8, ALL, at(NOW), plentyOfTime());
    expect(now.items.map(({ account }) => account.userId).sort()).toEqual([near, reset].sort());
    expect(now.items[0]?.limits).toEqual([{ of: 'letters', used: 4, limit: 5, percent: 80 }]);
    // Above its share, or once the period has ended, nobody is near.
    for (const [share, instant] of [
      [0.9, NOW],
      [0.8, '2026-03-02'],
    ] as const) {
      const later = await listNearing(table.store(), share, ALL, at(instant), plentyOfTime());
      expect(later.items).toEqual([]);
    }
  });
});

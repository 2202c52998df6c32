import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { addCredits } from '../../lambdas/commands/add-credits.ts';
import { appendAudit } from '../../lambdas/adapters/dynamodb/audit.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { type ExportedItem, exportUser } from '../../lambdas/commands/export-user.ts';
import { textsOf } from '../../lambdas/letters/adapters/letter-item.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { active, at } from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import {
  ADDRESS,
  allPages,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  using,
  request,
  scheduleMail,
  someUser,
  writeLetter,
} from '../support/users.ts';

const table = useTable();
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });
const NOW = '2026-04-10';

async function exported(userId: string, limit: number): Promise<ExportedItem[]> {
  return allPages((page) => exportUser(table.store(), userId, page, textsOf, plentyOfTime()), limit);
}

async function givenUser(): Promise<{ userId: string; letterId: string; auditKey: string }> {
  const store = table.store();
  const { userId, letterId } = await givenSubscriberWithLetter(store, PRO, '2026-03-10');
  await scheduleMail(store, request(userId, '2026-03-10'), letterId);
  await trackConsumption(store, request(userId, NOW), using({ letters: 2 }));
  const byHand = { actor: 'admin-1', reason: 'They asked nicely.' };
  await addCredits(store, request(userId, NOW), { amount: 1, ...byHand });
  const id = randomUUID();
  const audit = { id, at: at(NOW), type: 'CreditsAdjusted', userId, ...byHand, data: {} } as const;
  await appendAudit(store, audit, plentyOfTime());
  return { userId, letterId, auditKey: `2026-04-10T00:00:00.000Z#${id}` };
}

describe('an export', () => {
  it.each([1, 3, 100])('holds everything that is kept about a user, %i at a time', async (limit) => {
    const { userId, letterId, auditKey } = await givenUser();
    const items = await exported(userId, limit);
    const keys = [...(await itemsOf(table.store(), userId)).keys()];
    expect(items.map(({ key }) => key)).toEqual([...keys, auditKey]);
    const kinds = new Set(items.map(({ kind }) => kind));
    expect(kinds).toEqual(
      new Set(['ACCOUNT', 'ADJUSTMENT', 'DELIVERY', 'LEDGER', 'LETTER', 'PERIOD', 'USAGE', 'AUDIT']),
    );
    const find = (key: string): ExportedItem | undefined => items.find((item) => item.key === key);
    expect(find(`LETTER#${letterId}`)?.data).toMatchObject({ body: 'Did you learn to swim?' });
    expect(find('ACCOUNT')?.data).toMatchObject({ plan: 'pro', purchased: 1 });
    expect(items.find(({ kind }) => kind === 'DELIVERY')?.data).toMatchObject({ recipient: ADDRESS });
    expect(items.find(({ kind }) => kind === 'AUDIT')?.data).toMatchObject({ reason: 'They asked nicely.' });
  });

  it('holds no attribute of the table’s own, and names no administrator', async () => {
    const { userId } = await givenUser();
    const text = JSON.stringify(await exported(userId, 100));
    for (const internal of ['"pk"', '"sk"', 'listKey', 'dueShard', 'fingerprint', 'admin-1']) {
      expect(text).not.toContain(internal);
    }
  });

  it('G13: holds nothing about anybody else', async () => {
    const { userId } = await givenUser();
    const stranger = `${userId}0`;
    await givenPlan(table.store(), stranger, PRO, NOW);
    await writeLetter(table.store(), request(stranger, NOW), { title: 'Mine', body: 'Keep out.' });
    expect(JSON.stringify(await exported(userId, 5))).not.toContain('Keep out.');
    expect(await exported(someUser(), 5)).toEqual([]);
  });

  it('of an erased user holds what is left: the tombstone and the audit trail', async () => {
    const { userId, auditKey } = await givenUser();
    await eraseUser(table.store(), userId, at(NOW), plentyOfTime());
    expect(await exported(userId, 5)).toEqual([
      { kind: 'ACCOUNT', key: 'ACCOUNT', data: expect.objectContaining({ erasedAt: at(NOW) }) },
      { kind: 'AUDIT', key: auditKey, data: expect.anything() },
    ]);
  });
});

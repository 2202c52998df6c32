import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { appendAudit } from '../../lambdas/adapters/dynamodb/audit.ts';
import type { Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { proveLedgerOf } from '../../lambdas/commands/prove-ledger.ts';
import { eraseAgain, usersErased } from '../../local/restore-catch-up.ts';
import { active, at } from '../support/accounts.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { copyTable, itemsOf } from '../support/copy-table.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import { givenPlan, givenSubscriberWithLetter, request, scheduleMail, someUser } from '../support/users.ts';

const table = useTable();
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });
const NOW = '2026-03-10';
const POINT_IN_TIME = at('2026-03-11');

async function copyOf(store: Store): Promise<Store> {
  const copy = { ...store, table: `restored-${randomUUID()}` };
  await copyTable(store, copy.table);
  return copy;
}

async function erase(store: Store, userId: string, instant: string): Promise<void> {
  const about = { id: `UserErased:${randomUUID()}`, at: at(instant), type: 'UserErased' as const };
  await appendAudit(store, { ...about, actor: 'owner', userId, data: {} }, plentyOfTime());
  await eraseUser(store, userId, at(instant), plentyOfTime());
}

describe('a table that was restored', () => {
  it('loses again whom it brought back although they were erased since, and its books hold', async () => {
    const former = table.store();
    const [before, stays] = [someUser(), someUser()];
    await givenPlan(former, before, PRO, NOW);
    await givenPlan(former, stays, PRO, NOW);
    const { userId: since, letterId } = await givenSubscriberWithLetter(former, PRO, NOW);
    await scheduleMail(former, request(since, NOW), letterId);
    await erase(former, before, NOW);
    const restored = await copyOf(former);
    await erase(former, since, '2026-03-12');

    const erased = await usersErased(former, POINT_IN_TIME, at('2026-03-13'));
    expect(erased).toEqual([since]);
    for (let times = 0; times < 2; times += 1) {
      expect(await eraseAgain(restored, since, at('2026-03-13'))).toBe(true);
    }

    expect(await proveLedgerOf(restored, `USER#${since}`, plentyOfTime())).toBeNull();
    expect(await proveLedgerOf(restored, `USER#${stays}`, plentyOfTime())).toMatchObject({ holds: true });
    const items = await itemsOf(restored);
    const belonging = items.filter(({ pk, sk }) => pk?.S?.includes(since) && sk?.S !== 'ACCOUNT');
    expect(belonging.map(({ pk, sk }) => `${pk?.S ?? ''} ${sk?.S ?? ''}`)).toEqual([]);
    const anonymous = items.flatMap(({ pk }) => (pk?.S?.startsWith('ANON') ? [pk.S] : []));
    for (const partition of new Set(anonymous)) {
      expect(await proveLedgerOf(restored, partition, plentyOfTime())).toMatchObject({ holds: true });
    }
  });
});

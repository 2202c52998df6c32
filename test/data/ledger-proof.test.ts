import { describe, expect, it } from '@jest/globals';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { CorruptItemError } from '../../lambdas/adapters/dynamodb/items.ts';
import { proveLedgerOf, type ProvenLedger } from '../../lambdas/commands/prove-ledger.ts';
import { BusyError } from '../../lambdas/adapters/dynamodb/retry.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { active, at } from '../support/accounts.ts';
import { exception } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { rollEverything } from '../support/rollovers.ts';
import { plentyOfTime } from '../support/table.ts';
import {
  givenPlan,
  givenSubscriberWithLetter,
  putTombstone,
  request,
  scheduleMail,
  someUser,
  wholeLedger,
} from '../support/users.ts';

const table = useFaultyTable();
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });

async function prove(userId: string, store: Store = table.store()): Promise<ProvenLedger | null> {
  return proveLedgerOf(store, `USER#${userId}`, plentyOfTime());
}

/** Uses, two closes and a change of plan. */
async function givenHistory(): Promise<{ userId: string; letterId: string }> {
  const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, '2026-03-10');
  for (const day of ['2026-03-11', '2026-04-03', '2026-05-02']) {
    await scheduleMail(table.store(), request(userId, day), letterId);
  }
  await givenPlan(table.store(), userId, PRO, '2026-05-10');
  return { userId, letterId };
}

/** Sets a number of an item to another one, behind everybody's back. */
async function tamper(userId: string, sk: string, name: string, value: number): Promise<void> {
  await table.store().client.send(
    new UpdateItemCommand({
      TableName: table.store().table,
      Key: { pk: { S: `USER#${userId}` }, sk: { S: sk } },
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: { ':value': { N: String(value) } },
    }),
  );
}

describe('the proof of an account in the table', () => {
  it('G4: adds up the lines that stand for themselves and those of closed periods', async () => {
    const { userId } = await givenHistory();
    const proof = await prove(userId);
    const ledger = await wholeLedger(table.store(), userId, '2026-05-10');
    expect(proof).toMatchObject({ holds: true, movements: ledger.length });
    expect(ledger.length).toBeGreaterThan(6);
  });

  it('G4: holds for what is stored, even when no write has closed the periods that ended', async () => {
    const { userId } = await givenHistory();
    const before = await prove(userId);
    await rollEverything(table.store(), at('2026-09-01'));
    const after = await prove(userId);
    expect([before?.holds, after?.holds]).toEqual([true, true]);
    expect(after?.movements).toBeGreaterThan(before?.movements ?? 0);
  });

  it('G4: names each figure that does not add up, where the account itself is refused as corrupt', async () => {
    const { userId } = await givenHistory();
    await tamper(userId, 'ACCOUNT', 'available', 99);
    const proof = await prove(userId);
    const wrong = proof?.lines.filter(({ account, expected }) => account !== expected) ?? [];
    expect(proof?.holds).toBe(false);
    expect(wrong.map(({ field, account }) => [field, account])).toEqual([
      ['available', 99],
      ['available, by kind', 99],
      ['available, by counters', 99],
    ]);
  });

  it('G4: does not hold where a line of the ledger was changed', async () => {
    const { userId, letterId } = await givenHistory();
    const id = 'changed-line';
    await scheduleMail(table.store(), request(userId, '2026-05-11', { id }), letterId);
    expect(await prove(userId)).toMatchObject({ holds: true });
    await tamper(userId, `LEDGER#2026-05-11T00:00:00.000Z#${id}`, 'amount', -2);
    expect(await prove(userId)).toMatchObject({ holds: false });
    await tamper(userId, `LEDGER#2026-05-11T00:00:00.000Z#${id}`, 'amount', 0.5);
    await expect(prove(userId)).rejects.toThrow(CorruptItemError);
  });

  it('finds nothing for an unknown or an erased user', async () => {
    expect(await prove(someUser())).toBeNull();
    const erased = someUser();
    await putTombstone(table.store(), erased);
    expect(await prove(erased)).toBeNull();
  });
});

describe('a proof of an account that is in use', () => {
  it('G4: is made again when a movement comes between its reads', async () => {
    const { userId, letterId } = await givenHistory();
    let queries = 0;
    table.proxy().inject(({ operation }) => {
      queries += operation === 'Query' ? 1 : 0;
      return operation === 'Query' && queries === 1
        ? {
            fault: 'wait',
            until: () => scheduleMail(table.store(), request(userId, '2026-05-11'), letterId),
          }
        : null;
    });
    expect(await prove(userId, table.faultyStore())).toMatchObject({ holds: true });
    expect(table.proxy().requests()).toEqual({ GetItem: 4, Query: 4 });
  });

  it('is busy, and not wrong, while the account keeps changing', async () => {
    const { userId } = await givenHistory();
    let version = 1_000;
    table.proxy().inject(({ operation }) => {
      version += 1;
      return operation === 'Query'
        ? { fault: 'wait', until: () => tamper(userId, 'ACCOUNT', 'version', version) }
        : null;
    });
    const proof = proveLedgerOf(table.faultyStore(), `USER#${userId}`, deadlineIn(600));
    await expect(proof).rejects.toThrow(BusyError);
  });

  it('G12: outlasts throttling', async () => {
    const { userId } = await givenHistory();
    let requests = 0;
    table.proxy().inject(() => {
      requests += 1;
      return requests % 2 === 1 ? exception('ThrottlingException') : null;
    });
    expect(await prove(userId, table.faultyStore())).toMatchObject({ holds: true });
  });
});

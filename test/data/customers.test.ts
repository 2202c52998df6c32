import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { ErasedAccountError } from '../../lambdas/commands/change-account.ts';
import { findUserOfCustomer } from '../../lambdas/adapters/dynamodb/customer-item.ts';
import { DeletedCustomer } from '../../lambdas/adapters/stripe/customers.ts';
import { linkFirstCustomer, replaceDeletedCustomer } from '../../lambdas/commands/link-customer.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { active, at } from '../support/accounts.ts';
import { isTransaction } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
import { givenPlan, using, request, someUser, storedAccount } from '../support/users.ts';

const table = useFaultyTable();
const NOW = at('2026-03-10');

function someCustomer(): string {
  return `cus_${randomUUID().slice(0, 14)}`;
}

async function link(userId: string, customerId: string): Promise<string> {
  return linkFirstCustomer(table.faultyStore(), { userId, customerId }, NOW, plentyOfTime());
}

async function replace(
  userId: string,
  former: string,
  customerId: string,
  now = NOW,
): Promise<string | null> {
  const link = { userId, customerId };
  return replaceDeletedCustomer(table.store(), DeletedCustomer.presume(former), link, now, plentyOfTime());
}

async function userOf(customerId: string): Promise<string | null> {
  return findUserOfCustomer(table.store(), customerId, plentyOfTime());
}

describe('a customer', () => {
  it('is linked to a user who has not been seen yet', async () => {
    const [userId, customerId] = [someUser(), someCustomer()];
    expect(await link(userId, customerId)).toBe(customerId);
    expect(await userOf(customerId)).toBe(userId);
    expect(await storedAccount(table.store(), userId)).toMatchObject({
      customerId,
      plan: 'none',
      version: 1,
    });
  });

  it('is linked to a user with an account, and leaves their usage as it is', async () => {
    const [userId, customerId] = [someUser(), someCustomer()];
    await trackConsumption(table.store(), request(userId, '2026-03-10'), using({ letters: 3 }));
    await link(userId, customerId);
    expect(await storedAccount(table.store(), userId)).toMatchObject({
      customerId,
      letters: { used: 3 },
      version: 2,
    });
  });

  it('stays linked while the account goes on', async () => {
    const [userId, customerId] = [someUser(), someCustomer()];
    await link(userId, customerId);
    await trackConsumption(table.store(), request(userId, '2026-03-10'), using({ letters: 1 }));
    await trackConsumption(table.store(), request(userId, '2026-05-10'), using({ letters: 1 }));
    expect(await storedAccount(table.store(), userId)).toMatchObject({ customerId });
  });

  it('is one per user, even when two requests make one each', async () => {
    const userId = someUser();
    const customers = [someCustomer(), someCustomer(), someCustomer()];
    const linked = new Set(await Promise.all(customers.map((each) => link(userId, each))));
    expect(linked.size).toBe(1);
    const known = await Promise.all(customers.map(userOf));
    expect(known.filter((user) => user !== null)).toEqual([userId]);
  });

  it('is linked once when the answer is lost', async () => {
    const [userId, customerId] = [someUser(), someCustomer()];
    let isFirst = true;
    table.proxy().inject((sent) => {
      const isLost = isFirst && isTransaction(sent);
      isFirst = isFirst && !isLost;
      return isLost ? { fault: 'lose the answer' } : null;
    });
    expect(await link(userId, customerId)).toBe(customerId);
    expect(await storedAccount(table.store(), userId)).toMatchObject({ version: 1 });
  });

  it('is replaced by another, and by no third at the same time', async () => {
    const [userId, former, next, third] = [someUser(), someCustomer(), someCustomer(), someCustomer()];
    await link(userId, former);
    expect(await replace(userId, former, next)).toBe(next);
    expect(await replace(userId, former, third)).toBe(next);
    expect([await userOf(former), await userOf(next), await userOf(third)]).toEqual([null, userId, null]);
  });

  it("G13: of one user does not become another's", async () => {
    const [userId, customerId] = [someUser(), someCustomer()];
    await link(userId, customerId);
    await expect(link(someUser(), customerId)).rejects.toMatchObject({ name: 'CustomerTakenError' });
    expect(await userOf(customerId)).toBe(userId);
  });

  it('G7: is replaced, presumed deleted, once the subscription has ended, though nobody has met the account', async () => {
    const [userId, former, next] = [someUser(), someCustomer(), someCustomer()];
    await link(userId, former);
    await givenPlan(table.store(), userId, active({ anchor: '2026-03-01', endsAt: '2026-04-02' }), NOW);
    expect(await replace(userId, former, next)).toBeNull();
    expect(await replace(userId, former, next, at('2026-04-03'))).toBe(next);
  });

  it('belongs to nobody once the user is erased, and is not linked again', async () => {
    const [userId, customerId] = [someUser(), someCustomer()];
    await link(userId, customerId);
    expect(await eraseUser(table.store(), userId, NOW, plentyOfTime())).toEqual({ outcome: 'erased' });
    expect(await userOf(customerId)).toBeNull();
    await expect(link(userId, customerId)).rejects.toThrow(ErasedAccountError);
  });
});

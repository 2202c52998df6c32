import { describe, expect, it } from '@jest/globals';
import { addCredits, type AdjustmentOutcome } from '../../lambdas/commands/add-credits.ts';
import { BusyError } from '../../lambdas/adapters/dynamodb/retry.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { toIso } from '../../lambdas/domain/instants.ts';
import { NO_CREDITS } from '../../lambdas/domain/credits.ts';
import { active, at, availableTo, givenSubscriber } from '../support/accounts.ts';
import { exception, isTransaction, randomFaults } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import {
  countOf,
  expectClosedBooks,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  putStored,
  putTombstone,
  request,
  scheduleMail,
  someUser,
  storedAccount,
  wholeLedger,
} from '../support/users.ts';

const table = useFaultyTable();
const NOW = '2026-03-10';
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });
const BY_HAND = { actor: 'admin-1', reason: 'Two mails were lost in the post.' };

/** With ten credits. */
async function givenUser(): Promise<string> {
  const userId = someUser();
  await givenPlan(table.store(), userId, ENTERPRISE, NOW);
  return userId;
}

async function adjust(
  context: CommandContext,
  amount: number,
  store: Store = table.store(),
): Promise<AdjustmentOutcome> {
  return addCredits(store, context, { amount, ...BY_HAND });
}

describe('an adjustment', () => {
  it('G4: gives credits, and keeps with the movement who did it and why', async () => {
    const userId = await givenUser();
    const context = request(userId, NOW, { id: 'gives' });
    expect(await adjust(context, 3)).toEqual({
      outcome: 'created',
      record: {
        id: 'gives-0',
        at: at(NOW),
        kind: 'adjustment_up',
        amount: 3,
        source: 'adjustment:gives',
        ...BY_HAND,
        available: 13,
      },
    });
    const account = await storedAccount(table.store(), userId);
    expect([account.credits.purchased, account.credits.granted]).toEqual([3, 13]);
    const items = await itemsOf(table.store(), userId);
    expect(items.get(`LEDGER#${toIso(at(NOW))}#gives-0`)).toMatchObject({ amount: 3, ...BY_HAND });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G1: takes what is there, and not one more', async () => {
    const userId = await givenUser();
    expect(await adjust(request(userId, NOW), -11)).toEqual({ outcome: 'below_balance', available: 10 });
    expect(await adjust(request(userId, NOW), -10)).toMatchObject({
      outcome: 'created',
      record: { kind: 'adjustment_down', amount: -10, available: 0 },
    });
    expect(await adjust(request(userId, NOW), -1)).toEqual({ outcome: 'below_balance', available: 0 });
    expect((await storedAccount(table.store(), userId)).credits).toMatchObject({ takenBack: 10 });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G4: pays what is owed first', async () => {
    const account = givenSubscriber(ENTERPRISE, NOW);
    const userId = someUser();
    const credits = { ...NO_CREDITS, owed: 2 };
    await putStored(table.store(), { ...account, userId, version: 1, credits });
    expect(await adjust(request(userId, NOW), 5)).toMatchObject({
      outcome: 'created',
      record: { kind: 'adjustment_up', amount: 5, available: 3 },
    });
    const lines = (await wholeLedger(table.store(), userId, NOW)).map(({ kind, amount }) => [kind, amount]);
    expect(lines).toEqual([
      ['claw_back', -2],
      ['adjustment_up', 5],
    ]);
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G7: closes periods that ended months ago, and works in the open one', async () => {
    const userId = await givenUser();
    const later = '2026-06-10';
    // Ten carried over, and ten of the new period.
    expect(await adjust(request(userId, later), -21)).toEqual({ outcome: 'below_balance', available: 20 });
    expect(await adjust(request(userId, later), 1)).toMatchObject({ record: { available: 21 } });
    expect((await storedAccount(table.store(), userId)).periodStart).toBe(at('2026-06-01'));
    await expectClosedBooks(table.store(), userId, later);
  });

  it('of an unknown or an erased user writes nothing', async () => {
    const unseen = someUser();
    expect(await adjust(request(unseen, NOW), 1)).toEqual({ outcome: 'user_missing' });
    expect(await itemsOf(table.store(), unseen)).toEqual(new Map());
    const erased = someUser();
    await putTombstone(table.store(), erased);
    expect(await adjust(request(erased, NOW), 1)).toEqual({ outcome: 'account_erased' });
    expect((await itemsOf(table.store(), erased)).size).toBe(1);
  });
});

describe('a repeated adjustment', () => {
  it('G2: counts once, and is answered from its record with what is there by now', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    const context = request(userId, NOW);
    const first = await adjust(context, -4);
    expect(first).toMatchObject({ outcome: 'created', record: { available: 6 } });
    await scheduleMail(table.store(), request(userId, NOW), letterId);
    const again = await adjust({ ...context, now: at('2026-03-20') }, -4);
    expect(again).toEqual({
      outcome: 'replayed',
      record: { ...('record' in first ? first.record : {}), available: 5 },
    });
    expect(await adjust({ ...context, fingerprint: 'another body' }, -5)).toEqual({
      outcome: 'idempotency_conflict',
    });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G2: is answered from its record when it took all there was, 20 times at once', async () => {
    const userId = await givenUser();
    const context = request(userId, NOW);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => adjust(context, -10)));
    const names = outcomes.map(({ outcome }) => outcome).sort();
    expect(names).toEqual(['created', ...Array.from({ length: 19 }, () => 'replayed')]);
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G2: counts once when its answer was lost', async () => {
    const userId = await givenUser();
    let isFirst = true;
    table.proxy().inject((sent) => {
      const isLost = isFirst && isTransaction(sent);
      isFirst &&= !isLost;
      return isLost ? { fault: 'lose the answer' } : null;
    });
    expect(await adjust(request(userId, NOW), 3, table.faultyStore())).toMatchObject({
      outcome: 'replayed',
      record: { amount: 3, available: 13 },
    });
    await expectClosedBooks(table.store(), userId, NOW);
  });
});

describe('adjustments at the same time', () => {
  it('G1, G2, G4: and mails, on a bad day, take no more than there is, each of them once', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    const contexts = Array.from({ length: 10 }, () => request(userId, NOW));
    table.proxy().inject(randomFaults(7, { conflicts: 0.2, throttled: 0.05, lostAnswers: 0.1 }));
    const [adjusted, mailed] = await Promise.all([
      Promise.all([...contexts, ...contexts].map((context) => adjust(context, -2, table.faultyStore()))),
      Promise.all(
        Array.from({ length: 5 }, () => scheduleMail(table.faultyStore(), request(userId, NOW), letterId)),
      ),
    ]);
    table.proxy().reset();
    const items = await itemsOf(table.store(), userId);
    const lines = [...items.keys()].filter(
      (sk) => sk.startsWith('LEDGER#') && items.get(sk)?.['kind'] === 'adjustment_down',
    );
    const mails = mailed.filter(({ outcome }) => outcome !== 'refused').length;
    const movements = new Set(adjusted.flatMap((each) => ('record' in each ? [each.record.id] : [])));
    expect(lines).toHaveLength(movements.size);
    expect(countOf(items, 'DELIVERY')).toBe(mails);
    expect(availableTo(await storedAccount(table.store(), userId))).toBe(10 - 2 * lines.length - mails);
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G12: end as busy, and change nothing, while DynamoDB takes no write', async () => {
    const userId = await givenUser();
    table.proxy().inject((sent) => (isTransaction(sent) ? exception('ThrottlingException') : null));
    const context = request(userId, NOW, { deadline: deadlineIn(400) });
    await expect(adjust(context, 1, table.faultyStore())).rejects.toThrow(BusyError);
    table.proxy().reset();
    expect(availableTo(await storedAccount(table.store(), userId))).toBe(10);
  });
});

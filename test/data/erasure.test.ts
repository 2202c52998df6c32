import { describe, expect, it } from '@jest/globals';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { ErasedAccountError } from '../../lambdas/commands/change-account.ts';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { addCredits } from '../../lambdas/commands/add-credits.ts';
import { applySubscription } from '../../lambdas/commands/apply-subscription.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { type ErasureOutcome } from '../../lambdas/commands/erase-user.ts';
import { proveLedgerOf } from '../../lambdas/commands/prove-ledger.ts';
import { deleteLetter } from '../../lambdas/letters/commands/delete-letter.ts';
import { BusyError } from '../../lambdas/adapters/dynamodb/retry.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { active, at, availableTo } from '../support/accounts.ts';
import { exception, isTransaction, randomFaults } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { itemsByUser, rollEverything } from '../support/rollovers.ts';
import { plentyOfTime } from '../support/table.ts';
import {
  givenSubscriberWithLetter,
  itemsOf,
  using,
  request,
  scheduleEmail,
  scheduleMail,
  someUser,
  storedAccount,
  wholeLedger,
  writeLetter,
} from '../support/users.ts';

const table = useFaultyTable();
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });
const NOW = '2026-05-10';

interface UserWithHistory {
  userId: string;
  letterId: string;
  available: number;
  movements: number;
}

/** Every kind of item that a user can have, over three periods. */
async function givenHistory(letters = 3): Promise<UserWithHistory> {
  const store = table.store();
  const { userId, letterId } = await givenSubscriberWithLetter(store, ENTERPRISE, '2026-03-10');
  for (const day of ['2026-03-11', '2026-04-03', '2026-05-02', '2026-05-02']) {
    await scheduleMail(store, request(userId, day), letterId);
  }
  await scheduleEmail(store, request(userId, NOW), letterId);
  await trackConsumption(store, request(userId, NOW), using({ letters: 1, mails: 1 }));
  const byHand = { actor: 'admin-1', reason: 'They asked nicely.' };
  await addCredits(store, request(userId, NOW), { amount: 3, ...byHand });
  await addCredits(store, request(userId, NOW), { amount: -1, ...byHand });
  for (let count = 1; count < letters; count += 1) {
    await writeLetter(store, request(userId, NOW));
  }
  const available = availableTo(await storedAccount(store, userId));
  return { userId, letterId, available, movements: (await wholeLedger(store, userId, NOW)).length };
}

async function erase(
  userId: string,
  { store = table.store(), remainingMs = 120_000 }: { store?: Store; remainingMs?: number } = {},
): Promise<ErasureOutcome['outcome']> {
  return (await eraseUser(store, userId, at(NOW), deadlineIn(remainingMs))).outcome;
}

/** The keys of everybody's anonymous ledgers. */
async function anonymousLedgers(): Promise<Set<string>> {
  const keys = [...(await itemsByUser(table.store())).keys()];
  return new Set(keys.filter((key) => key.startsWith('ERASED#')));
}

/** The ledger that has been added since. */
async function anonymousLedgerSince(before: ReadonlySet<string>): Promise<string> {
  const added = [...(await anonymousLedgers())].filter((key) => !before.has(key));
  expect(added).toHaveLength(1);
  return added[0] ?? '';
}

/** Only a tombstone is left of a user, and their books, which are kept elsewhere, are whole. */
async function expectErased(user: UserWithHistory, anonymous: string): Promise<void> {
  const items = await itemsOf(table.store(), user.userId);
  expect([...items.entries()]).toEqual([
    [
      'ACCOUNT',
      {
        pk: `USER#${user.userId}`,
        sk: 'ACCOUNT',
        version: expect.any(Number),
        erasedAt: at(NOW),
        openUntil: 0,
      },
    ],
  ]);
  const proof = await proveLedgerOf(table.store(), anonymous, plentyOfTime());
  expect(proof).toMatchObject({ holds: true, movements: user.movements });
  expect(proof?.lines[0]).toEqual({
    field: 'available',
    account: user.available,
    expected: user.available,
  });
}

describe('an erasure', () => {
  it('G4: leaves a tombstone, and a ledger whose sum still holds', async () => {
    const before = await anonymousLedgers();
    const user = await givenHistory();
    expect(await erase(user.userId)).toBe('erased');
    await expectErased(user, await anonymousLedgerSince(before));
    expect(await erase(user.userId)).toBe('erased');
    await expectErased(user, await anonymousLedgerSince(before));
  });

  it('leaves in the ledger nothing that leads back: no name, no reason, no record, no time of the day', async () => {
    const before = await anonymousLedgers();
    const user = await givenHistory();
    const ids = [...(await itemsOf(table.store(), user.userId)).keys()]
      .filter((sk) => sk !== 'ACCOUNT')
      .map((sk) => sk.slice(sk.indexOf('#') + 1));
    await erase(user.userId);
    const anonymous = await anonymousLedgerSince(before);
    const kept = (await itemsByUser(table.store())).get(anonymous) ?? [];
    const text = JSON.stringify(kept);
    for (const secret of [user.userId, user.letterId, 'admin-1', 'nicely', ...ids]) {
      expect(text).not.toContain(secret);
    }
    const movements = kept.filter(({ sk }) => sk !== 'ACCOUNT');
    expect(new Set(movements.flatMap((line) => Object.keys(line)))).toEqual(
      new Set(['pk', 'sk', 'id', 'at', 'kind', 'amount', 'source']),
    );
    expect(new Set(movements.map(({ source }) => source))).toEqual(
      new Set(['subscription', 'period', 'delivery', 'usage', 'adjustment']),
    );
    expect(movements.filter(({ at: instant }) => Number(instant) % 86_400_000 !== 0)).toEqual([]);
  });

  it('of an unknown user writes nothing', async () => {
    const userId = someUser();
    expect(await erase(userId)).toBe('user_missing');
    expect((await itemsOf(table.store(), userId)).size).toBe(0);
  });

  it('refuses every command from its first step on', async () => {
    const store = table.store();
    const { userId, letterId } = await givenHistory();
    // No time for a second step.
    expect(await erase(userId, { remainingMs: 3_000 })).toBe('unfinished');
    const refused = { outcome: 'refused', refusal: { refusal: 'account_erased' } };
    const expectRefused = async (): Promise<void> => {
      expect(await writeLetter(store, request(userId, NOW))).toEqual(refused);
      expect(await scheduleEmail(store, request(userId, NOW), letterId)).not.toMatchObject({
        outcome: 'created',
      });
      expect(await trackConsumption(store, request(userId, NOW), using({ mails: 1 }))).toEqual(refused);
      const adjustment = { amount: 1, reason: 'Why not?', actor: 'admin-1' };
      expect(await addCredits(store, request(userId, NOW), adjustment)).toEqual({
        outcome: 'account_erased',
      });
      await expect(readAccount(store, userId, at(NOW), plentyOfTime())).rejects.toThrow(ErasedAccountError);
      const event = { id: 'evt_1', type: 'test', outcome: 'followed', at: at(NOW) };
      const chosen = { facts: ENTERPRISE, hadSubscription: true };
      const lesson = { userId, billingVersion: 1, chosen, event };
      expect(await applySubscription(store, lesson, plentyOfTime())).toBe('no account');
    };
    await expectRefused();
    expect(await erase(userId)).toBe('erased');
    await expectRefused();
    expect(await deleteLetter(store, userId, letterId, at(NOW), plentyOfTime())).toEqual({
      outcome: 'missing',
    });
    await rollEverything(store, at('2027-01-01'));
    expect((await itemsOf(store, userId)).size).toBe(1);
  });
});

/** Begins an erasure whose time ends with its last write, before that is done or before its answer has come. */
async function eraseUntil(
  userId: string,
  { last, isDone }: { last: number; isDone: boolean },
): Promise<ErasureOutcome> {
  let transactions = 0;
  table.proxy().inject((sent) => {
    transactions += isTransaction(sent) ? 1 : 0;
    if (transactions < last) {
      return null;
    }
    return isDone ? { fault: 'lose the answer' } : exception('ThrottlingException');
  });
  const deadline = { remainingMs: () => (transactions < last ? 120_000 : 0) };
  try {
    return await eraseUser(table.faultyStore(), userId, at(NOW), deadline);
  } finally {
    table.proxy().reset();
  }
}

describe('an erasure that was stopped', () => {
  it('G4: is not proven before it is whole', async () => {
    const before = await anonymousLedgers();
    const user = await givenHistory();
    // The tombstone, texts and deliveries, some lines of the ledger.
    await expect(eraseUntil(user.userId, { last: 4, isDone: false })).rejects.toThrow(BusyError);
    const anonymous = await anonymousLedgerSince(before);
    expect(await proveLedgerOf(table.store(), anonymous, plentyOfTime())).toBeNull();
    expect(await proveLedgerOf(table.store(), `USER#${user.userId}`, plentyOfTime())).toBeNull();
    expect(await erase(user.userId)).toBe('erased');
    await expectErased(user, anonymous);
  });

  it('G4: is finished by the next one, whichever write was the last, done or not', async () => {
    const counted = await givenHistory();
    await erase(counted.userId, { store: table.faultyStore() });
    const writes = table.proxy().requests()['TransactWriteItems'] ?? 0;
    expect(writes).toBeGreaterThan(3);
    for (const isDone of [true, false]) {
      for (let last = 1; last <= writes; last += 1) {
        table.proxy().reset();
        const before = await anonymousLedgers();
        const user = await givenHistory();
        await expect(eraseUntil(user.userId, { last, isDone })).rejects.toThrow(BusyError);
        expect(await erase(user.userId)).toBe('erased');
        await expectErased(user, await anonymousLedgerSince(before));
      }
    }
  }, 240_000);
});

describe('erasures at the same time', () => {
  it('G4: move every line once, even five of them on a bad day', async () => {
    const before = await anonymousLedgers();
    const user = await givenHistory(40);
    table.proxy().inject(randomFaults(11, { conflicts: 0.2, throttled: 0.05, lostAnswers: 0.1 }));
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => erase(user.userId, { store: table.faultyStore() })),
    );
    table.proxy().reset();
    expect(new Set(outcomes)).toEqual(new Set(['erased']));
    await expectErased(user, await anonymousLedgerSince(before));
  });

  it('G3, G4: and commands: each command is moved with its line, or refused', async () => {
    const before = await anonymousLedgers();
    const user = await givenHistory();
    table.proxy().inject(randomFaults(13, { conflicts: 0.1, latencyMs: 3 }));
    const store = table.faultyStore();
    const uses = Array.from({ length: 8 }, () => request(user.userId, NOW));
    const [outcomes] = await Promise.all([
      Promise.all(uses.map((use) => trackConsumption(store, use, using({ mails: 1 })))),
      erase(user.userId, { store }),
      addCredits(store, request(user.userId, NOW), { amount: 1, reason: 'Bye.', actor: 'admin-1' }),
    ]);
    table.proxy().reset();
    expect(await erase(user.userId)).toBe('erased');
    expect((await itemsOf(table.store(), user.userId)).size).toBe(1);
    const used = outcomes.filter(({ outcome }) => outcome === 'created').length;
    const proof = await proveLedgerOf(table.store(), await anonymousLedgerSince(before), plentyOfTime());
    expect(proof?.holds).toBe(true);
    const adjusted = (proof?.movements ?? 0) - user.movements - used;
    expect([0, 1]).toContain(adjusted);
    expect(proof?.lines[0]?.account).toBe(user.available - used + adjusted);
  });
});

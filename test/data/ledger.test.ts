import { describe, expect, it } from '@jest/globals';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { type LedgerEntry, listLedger } from '../../lambdas/commands/list-ledger.ts';
import { available } from '../../lambdas/domain/credits.ts';
import { active, at, shown, sumOf } from '../support/accounts.ts';
import { type DynamoDbRequest } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { rollEverything } from '../support/rollovers.ts';
import { plentyOfTime } from '../support/table.ts';
import {
  allPages,
  givenPlan,
  givenSubscriberWithLetter,
  request,
  scheduleMail,
  someUser,
  storedAccount,
  wholeLedger,
} from '../support/users.ts';

const table = useFaultyTable();
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });

/** Two periods with uses and a plan change, and two that no write has closed by `2026-07-15`. */
async function givenHistory(): Promise<{ userId: string; letterId: string }> {
  const { userId, letterId } = await givenSubscriberWithLetter(
    table.store(),
    ENTERPRISE,
    '2026-03-10T00:00:00.001Z',
  );
  for (const day of ['2026-03-11', '2026-03-12', '2026-04-03', '2026-05-02', '2026-05-02']) {
    await scheduleMail(table.store(), request(userId, day), letterId);
  }
  // Stripe has told of the renewal, so that nothing expires that it left.
  await givenPlan(table.store(), userId, ENTERPRISE, '2026-05-03');
  await givenPlan(table.store(), userId, PRO, '2026-05-10');
  return { userId, letterId };
}

const LATE = '2026-07-15';

/** Newest first, every balance is the one below plus the amount, and the first begins at nothing. */
function expectRunningBalance(ledger: readonly LedgerEntry[], balance: number): void {
  expect(ledger[0]?.balanceAfter ?? 0).toBe(balance);
  for (const [index, { amount, balanceAfter }] of ledger.entries()) {
    expect(balanceAfter - amount).toBe(ledger[index + 1]?.balanceAfter ?? 0);
  }
}

function shownLine({ at: instant, kind, amount, balanceAfter }: LedgerEntry): string {
  return `${shown(instant)} ${kind} ${String(amount)} -> ${String(balanceAfter)}`;
}

describe('the ledger', () => {
  it('G4: lists every movement, newest first, with the balance that it left', async () => {
    const { userId } = await givenHistory();
    expect((await wholeLedger(table.store(), userId, LATE)).map(shownLine)).toEqual([
      // Closed in memory only: nobody has written since 10 May.
      '2026-07-01 allowance 2 -> 2',
      '2026-07-01 expiry -2 -> 0',
      '2026-06-01 allowance 2 -> 2',
      // Pro carries nothing, so the lots of Enterprise expire with the period of the change.
      '2026-06-01 expiry -10 -> 0',
      '2026-05-10 expiry -8 -> 10',
      '2026-05-02 use -1 -> 18',
      '2026-05-02 use -1 -> 19',
      '2026-05-01 allowance 10 -> 20',
      // Ten may be carried: what was left of March goes, and April's ten stay.
      '2026-05-01 expiry -7 -> 10',
      '2026-04-03 use -1 -> 17',
      '2026-04-01 allowance 10 -> 18',
      '2026-03-12 use -1 -> 8',
      '2026-03-11 use -1 -> 9',
      '2026-03-10 allowance 10 -> 10',
    ]);
  });

  it('G4: gives every line once and in order, whatever the size of its pages', async () => {
    const { userId } = await givenHistory();
    const whole = await wholeLedger(table.store(), userId, LATE);
    const { account } = await readAccount(table.store(), userId, at(LATE), plentyOfTime());
    expectRunningBalance(whole, available(account.credits));
    expect(sumOf(whole)).toBe(available(account.credits));
    expect(new Set(whole.map(({ id }) => id)).size).toBe(whole.length);
    for (let limit = 1; limit <= whole.length + 1; limit += 1) {
      expect(await wholeLedger(table.store(), userId, LATE, limit)).toEqual(whole);
    }
  });

  it('G4: shows the same before and after a job has closed the periods', async () => {
    const { userId } = await givenHistory();
    const before = await wholeLedger(table.store(), userId, LATE);
    await rollEverything(table.store(), at(LATE));
    expect((await storedAccount(table.store(), userId)).periodStart).toBe(at('2026-07-01'));
    expect(await wholeLedger(table.store(), userId, LATE)).toEqual(before);
  });

  it('G4: goes on where a page ended, whatever has been written since', async () => {
    const { userId, letterId } = await givenHistory();
    const whole = await wholeLedger(table.store(), userId, LATE);
    for (const limit of [1, 3]) {
      const first = await listLedger(table.store(), userId, { limit, after: null }, at(LATE), plentyOfTime());
      await scheduleMail(table.store(), request(userId, at(LATE) + limit), letterId);
      const rest = await allPages(
        (page) =>
          listLedger(
            table.store(),
            userId,
            { ...page, after: page.after ?? first.next },
            at(LATE),
            plentyOfTime(),
          ),
        3,
      );
      expect(rest).toEqual(whole.slice(limit));
      whole.splice(0, whole.length, ...(await wholeLedger(table.store(), userId, LATE)));
    }
  });

  it('G4: shows no line twice when a job closes the periods between its two reads', async () => {
    for (const position of ['first page', 'next page']) {
      const { userId } = await givenHistory();
      const whole = await wholeLedger(table.store(), userId, LATE);
      const limit = position === 'first page' ? 100 : 1;
      const first = await listLedger(table.store(), userId, { limit, after: null }, at(LATE), plentyOfTime());
      table.proxy().inject(beforeQuery(() => rollEverything(table.store(), at(LATE))));
      const rest = await listLedger(
        table.faultyStore(),
        userId,
        { limit: 100, after: first.next },
        at(LATE),
        plentyOfTime(),
      );
      table.proxy().reset();
      expect(rest.items).toEqual(position === 'first page' ? whole : whole.slice(1));
    }
  });

  it('G4: reads again when the account is written between its two reads', async () => {
    const { userId, letterId } = await givenHistory();
    const now = at('2026-05-20');
    table.proxy().inject(beforeQuery(() => scheduleMail(table.store(), request(userId, now), letterId)));
    const page = await listLedger(
      table.faultyStore(),
      userId,
      { limit: 100, after: null },
      now,
      plentyOfTime(),
    );
    const { account } = await readAccount(table.store(), userId, now, plentyOfTime());
    expectRunningBalance(page.items, available(account.credits));
    expect(page.items[0]).toMatchObject({ kind: 'use', at: now });
  });

  it('G4: matches the balance while mails are scheduled all the time', async () => {
    const { userId, letterId } = await givenHistory();
    const now = at('2026-05-20');
    const [, pages] = await Promise.all([
      (async () => {
        for (let mail = 0; mail < 9; mail += 1) {
          await scheduleMail(table.store(), request(userId, now + mail), letterId);
        }
      })(),
      (async () => {
        const read = [];
        for (let page = 0; page < 9; page += 1) {
          read.push(
            await listLedger(table.store(), userId, { limit: 100, after: null }, now, plentyOfTime()),
          );
        }
        return read;
      })(),
    ]);
    for (const { items } of pages) {
      expectRunningBalance(items, items[0]?.balanceAfter ?? NaN);
      expect(sumOf(items)).toBe(items[0]?.balanceAfter);
    }
  });

  it('G13: is empty for a user who has none, and shows nobody else’s', async () => {
    await givenHistory();
    const page = await listLedger(
      table.store(),
      someUser(),
      { limit: 10, after: null },
      at(LATE),
      plentyOfTime(),
    );
    expect(page).toEqual({ items: [], next: null });
  });
});

/** Lets something happen between a list's reading of the account and its reading of the lines. */
function beforeQuery(act: () => Promise<unknown>) {
  let isFirst = true;
  return ({ operation }: DynamoDbRequest) => {
    const isChosen = isFirst && operation === 'Query';
    isFirst &&= !isChosen;
    return isChosen ? { fault: 'wait' as const, until: act } : null;
  };
}

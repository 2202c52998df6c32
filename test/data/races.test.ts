import { describe, expect, it } from '@jest/globals';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { deleteLetter } from '../../lambdas/letters/commands/delete-letter.ts';
import {
  active,
  at,
  availableTo,
  givenSubscriber,
  withCredits,
  restsOf,
  withUses,
} from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import {
  countOf,
  expectClosedBooks,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  using,
  putStored,
  request,
  scheduleEmail,
  scheduleMail,
  someUser,
  storedAccount,
  tallyOf,
  writeLetter,
} from '../support/users.ts';

const table = useTable();
const NOW = '2026-03-10';
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });

/** Hundreds at once keep a laptop's DynamoDB busy for longer than a request may take. */
function patient(userId: string): ReturnType<typeof request> {
  return { ...request(userId, NOW), deadline: plentyOfTime() };
}

/**
 * How many of many simultaneous requests came to which outcome. Each has a key of its own: one that finds its own record has
 * written it, lost the answer and tried again.
 */
async function race(
  count: number,
  act: (index: number) => Promise<{ outcome: string }>,
): Promise<Record<string, number>> {
  const results = await Promise.all(Array.from({ length: count }, (_, index) => act(index)));
  return tallyOf(results.map(({ outcome }) => ({ outcome: outcome === 'replayed' ? 'created' : outcome })));
}

describe('G1: never overspent', () => {
  it('G1: of 500 requests at once for the last credit, one gets it', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    await scheduleMail(table.store(), patient(userId), letterId);
    const tally = await race(500, () => scheduleMail(table.store(), patient(userId), letterId));
    expect(tally).toEqual({ created: 1, refused: 499 });
    expect(availableTo(await storedAccount(table.store(), userId))).toBe(0);
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G1: of 100 first letters at once, a new user writes five', async () => {
    const userId = someUser();
    const tally = await race(100, () => writeLetter(table.store(), patient(userId)));
    expect(tally).toEqual({ created: 5, refused: 95 });
    expect((await storedAccount(table.store(), userId)).meters['letters']).toMatchObject({
      used: 5,
      limit: 5,
    });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G1: several meters are counted all or nothing, whichever of them runs out', async () => {
    const { userId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    const before = await storedAccount(table.store(), userId);
    await putStored(table.store(), withUses(before, { letters: { limit: 31 }, emails: { limit: 7 } }));
    const tally = await race(60, (index) =>
      trackConsumption(
        table.store(),
        patient(userId),
        using({
          letters: 1 + (index % 3),
          ...(index % 2 === 0 ? {} : { emails: 1 }),
          ...(index % 5 === 0 ? { mails: 1 } : {}),
        }),
      ),
    );
    expect((tally['created'] ?? 0) + (tally['refused'] ?? 0)).toBe(60);
    const after = await storedAccount(table.store(), userId);
    // Not one more letter fits: everything that could be had was given.
    const { letters = 0, emails = 0 } = restsOf(after);
    expect(Math.min(letters, emails)).toBe(0);
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G1: ten mails a day, and ten more when the day changes in the middle of the race', async () => {
    const rich = withCredits(givenSubscriber(ENTERPRISE, NOW), { purchased: 50 });
    const account = { ...rich, userId: someUser(), version: 1 };
    await putStored(table.store(), account);
    const midnight = at('2026-03-11');
    const consume = (now: number) =>
      trackConsumption(table.store(), request(account.userId, now), using({ mails: 1 }));
    expect(await race(50, (index) => consume(midnight - 25 + index))).toEqual({ created: 20, refused: 30 });
    const { usesByDay, credits } = await storedAccount(table.store(), account.userId);
    expect(usesByDay).toEqual({ 'mails:2026-03-10': 10, 'mails:2026-03-11': 10 });
    expect(credits.usedThisPeriod).toBe(20);
  });

  it('G1, G7: of 60 requests at the very end of a period, the first rolls forward and two get the new credits', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    await scheduleMail(table.store(), patient(userId), letterId);
    const tally = await race(60, () => scheduleMail(table.store(), request(userId, '2026-04-01'), letterId));
    expect(tally).toEqual({ created: 2, refused: 58 });
    expect(countOf(await itemsOf(table.store(), userId), 'PERIOD')).toBe(1);
    await expectClosedBooks(table.store(), userId, '2026-04-01');
  });

  it('G1: a plan change computed from an earlier read does not undo a deduction', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const [tally] = await Promise.all([
      race(40, () => scheduleMail(table.store(), patient(userId), letterId)),
      race(8, async (index) => {
        await givenPlan(table.store(), userId, index % 2 === 0 ? ENTERPRISE : PRO, at(NOW) + index);
        return { outcome: 'followed' };
      }),
    ]);
    expect(countOf(await itemsOf(table.store(), userId), 'DELIVERY')).toBe(tally['created']);
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G3: a letter is either deleted or has its delivery, when both come at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
      const [delivery, deletion] = await Promise.all([
        scheduleEmail(table.store(), patient(userId), letterId),
        deleteLetter(table.store(), userId, letterId, at(NOW), plentyOfTime()),
      ]);
      const outcomes = [delivery.outcome, deletion.outcome];
      expect([
        ['created', 'has_open_deliveries'],
        ['letter_missing', 'deleted'],
      ]).toContainEqual(outcomes);
      await expectClosedBooks(table.store(), userId, NOW);
    }
  });

  it('G1: one account is made when the first letter and the first subscription come at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const userId = someUser();
      await Promise.all([
        givenPlan(table.store(), userId, PRO, NOW),
        race(5, () => writeLetter(table.store(), patient(userId))),
      ]);
      expect(await readStoredAccount(table.store(), userId, plentyOfTime())).toMatchObject({
        plan: 'pro',
        meters: { letters: { used: 5 } },
        credits: { included: 2 },
      });
      await expectClosedBooks(table.store(), userId, NOW);
    }
  });
});

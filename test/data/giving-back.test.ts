import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { giveBackUsage, type GiveBackOutcome } from '../../lambdas/commands/give-back-usage.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { freePlan } from '../../lambdas/domain/catalogue.ts';
import { type Use } from '../../lambdas/domain/usage.ts';
import { active, at, availableTo, sumOf, usesOf } from '../support/accounts.ts';
import { expectSoundCredits } from '../support/books.ts';
import { STUDIO } from '../support/catalogues.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import {
  givenPlan,
  itemsOf,
  request,
  someUser,
  storedAccount,
  tallyOf,
  using,
  wholeLedger,
} from '../support/users.ts';

const table = useTable();
const NOW = '2026-03-10';
const ALL = using({ exports: 2, pictures: 3, seats: 1 });

function studio(): Store {
  return { ...table.store(), catalogue: STUDIO };
}

async function givenTeam(): Promise<string> {
  const userId = someUser();
  await givenPlan(studio(), userId, active({ plan: 'team', anchor: '2026-03-01' }), at(NOW) - 1);
  return userId;
}

/** Counts a use that the account allows. @returns its id */
async function counted(userId: string, use: Use, now = NOW): Promise<string> {
  const context = request(userId, now);
  expect(await trackConsumption(studio(), context, use)).toMatchObject({ outcome: 'created' });
  return context.id;
}

async function giveBack(userId: string, id: string, now = NOW): Promise<GiveBackOutcome> {
  return giveBackUsage(studio(), { userId, id, now: at(now), deadline: plentyOfTime() });
}

async function released(userId: string, seats: number): Promise<{ outcome: string }> {
  return trackConsumption(studio(), request(userId, NOW), { consume: {}, release: { seats } });
}

async function seatsOf(userId: string): Promise<number | undefined> {
  return (await storedAccount(studio(), userId)).levels['seats']?.used;
}

/** G4: the lifetime counters and the ledger make the same balance. */
async function expectBalance(userId: string, now: string, balance: number): Promise<void> {
  const account = await storedAccount(studio(), userId);
  expectSoundCredits(account.credits);
  expect(availableTo(account)).toBe(balance);
  expect(sumOf(await wholeLedger(studio(), userId, now))).toBe(balance);
}

/** Nothing in the table changes while something is refused. */
async function expectUnchanged(userId: string, act: () => Promise<GiveBackOutcome>, answer: GiveBackOutcome) {
  const before = await itemsOf(studio(), userId);
  expect(await act()).toEqual(answer);
  expect(await itemsOf(studio(), userId)).toEqual(before);
}

describe('G11: reported usage that is given back', () => {
  it('G11: changes the account once, and is answered again', async () => {
    const userId = await givenTeam();
    const { version, ...before } = await storedAccount(studio(), userId);
    const id = await counted(userId, ALL);
    await expectBalance(userId, NOW, 34);

    const { consume: consumed } = ALL;
    const record = { id, consumed, released: {}, credits: 6, levels: ['seats'], createdAt: at(NOW) };
    const consumption = { ...record, givenBackAt: at(NOW) };
    expect(await giveBack(userId, id)).toEqual({ outcome: 'given_back', consumption });
    expect(await storedAccount(studio(), userId)).toEqual({
      ...before,
      version: version + 2,
      usesByDay: { 'pictures:2026-03-10': 0 },
    });
    await expectBalance(userId, NOW, 40);
    await expectUnchanged(userId, () => giveBack(userId, id, '2026-03-12'), {
      outcome: 'replayed',
      consumption,
    });
  });

  it('G11: comes back once, though twenty ask at the same time, and others consume', async () => {
    const userId = await givenTeam();
    const id = await counted(userId, ALL);
    const [answers] = await Promise.all([
      Promise.all(Array.from({ length: 20 }, () => giveBack(userId, id))),
      ...Array.from({ length: 4 }, () => counted(userId, using({ exports: 1, pictures: 1 }))),
    ]);
    expect(tallyOf(answers)).toEqual({ given_back: 1, replayed: 19 });
    const account = await storedAccount(studio(), userId);
    expect(usesOf(account)).toEqual({ exports: 4, pictures: 4 });
    expect(account.levels['seats']?.used).toBe(0);
    await expectBalance(userId, NOW, 32);
  });

  it('G11: after its period, gives back its credits and its levels, and no use of the open period', async () => {
    const userId = await givenTeam();
    const id = await counted(userId, ALL);
    await counted(userId, using({ exports: 5, pictures: 1 }), '2026-04-10');
    // Of the 34 that were left in March, 20 are carried.
    await expectBalance(userId, '2026-04-10', 58);
    expect(await giveBack(userId, id, '2026-04-10')).toMatchObject({ outcome: 'given_back' });
    const account = await storedAccount(studio(), userId);
    expect(usesOf(account)).toEqual({ exports: 5, pictures: 1 });
    expect(account.usesByDay).toEqual({ 'pictures:2026-04-10': 1 });
    expect(account.levels['seats']?.used).toBe(0);
    await expectBalance(userId, '2026-04-10', 64);
    expect(await giveBack(userId, id, '2026-05-10')).toMatchObject({ outcome: 'replayed' });
  });

  it('G11: by the first request of a new period, rolls the account forward and gives back at once', async () => {
    const userId = await givenTeam();
    const id = await counted(userId, ALL);
    expect(await giveBack(userId, id, '2026-04-10')).toMatchObject({ outcome: 'given_back' });
    expect(usesOf(await storedAccount(studio(), userId))).toEqual({ exports: 0, pictures: 0 });
    await expectBalance(userId, '2026-04-10', 66);
  });

  it('G11: brings any number of credits back in one transaction', async () => {
    const meters = STUDIO.meters.map((meter) => ({ ...meter, credits: 100_000, perDay: null }));
    const free = { ...freePlan(STUDIO), creditsPerPeriod: 1_000_000_000 };
    const store = { ...studio(), catalogue: { ...STUDIO, meters, plans: [free] as const } };
    const userId = someUser();
    const context = request(userId, NOW);
    await trackConsumption(store, context, using({ pictures: 10_000 }));
    expect(availableTo(await storedAccount(store, userId))).toBe(0);
    const back = { userId, id: context.id, now: at(NOW), deadline: plentyOfTime() };
    expect(await giveBackUsage(store, back)).toMatchObject({ outcome: 'given_back' });
    await expectBalance(userId, NOW, 1_000_000_000);
  });

  it('is refused where it was a release', async () => {
    const userId = await givenTeam();
    await counted(userId, using({ seats: 2 }));
    const id = await counted(userId, { consume: {}, release: { seats: 1 } });
    await expectUnchanged(userId, () => giveBack(userId, id), { outcome: 'refused', reason: 'released' });
  });

  it('is refused where fewer of a level are held than it consumed, credits and all', async () => {
    const userId = await givenTeam();
    const id = await counted(userId, using({ pictures: 1, seats: 2 }));
    await counted(userId, { consume: {}, release: { seats: 1 } });
    await expectUnchanged(userId, () => giveBack(userId, id), {
      outcome: 'refused',
      reason: 'not_held',
      level: 'seats',
      held: 1,
    });
  });

  it('G13: is missing where nothing was reported for the user under that id', async () => {
    const [userId, other] = [await givenTeam(), await givenTeam()];
    const theirs = await counted(other, ALL);
    for (const id of [randomUUID(), theirs]) {
      await expectUnchanged(userId, () => giveBack(userId, id), { outcome: 'missing' });
    }
    expect(await giveBack(someUser(), theirs)).toEqual({ outcome: 'missing' });
  });
});

describe('G1: levels', () => {
  it('G1: no more is released than is held, though many release at the same time', async () => {
    const userId = await givenTeam();
    await counted(userId, using({ seats: 3 }));
    const refusal = { outcome: 'refused', refusal: { refusal: 'not_held', level: 'seats', held: 3 } };
    expect(await released(userId, 4)).toEqual(refusal);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => released(userId, 1)));
    expect(tallyOf(outcomes)).toEqual({ created: 3, refused: 7 });
    expect(await seatsOf(userId)).toBe(0);
  });

  it('G1: no more is held than the plan allows, and a release makes room', async () => {
    const userId = await givenTeam();
    const take = () => trackConsumption(studio(), request(userId, NOW), using({ seats: 1 }));
    expect(tallyOf(await Promise.all(Array.from({ length: 12 }, take)))).toEqual({ created: 5, refused: 7 });
    await released(userId, 1);
    expect(tallyOf(await Promise.all(Array.from({ length: 4 }, take)))).toEqual({ created: 1, refused: 3 });
    expect(await seatsOf(userId)).toBe(5);
  });

  it('are held on when a period ends', async () => {
    const userId = await givenTeam();
    await counted(userId, using({ exports: 1, seats: 2 }));
    await counted(userId, using({ exports: 1 }), '2026-04-10');
    expect(await seatsOf(userId)).toBe(2);
  });
});

describe('G4: a new account of a plan that includes credits', () => {
  const kinds = async (userId: string, now: string) =>
    (await wholeLedger(studio(), userId, now)).map(({ kind, amount }) => [kind, amount]);

  it.each([
    ['costs nothing', using({ exports: 1 }), 4, []],
    ['costs some of them', using({ pictures: 1 }), 2, [['use', -2]]],
  ])('G4: gets its allowance once, with its line, by a first use that %s', async (_, use, balance, lines) => {
    const userId = someUser();
    await counted(userId, use);
    await expectBalance(userId, NOW, balance);
    const ledger = await kinds(userId, NOW);
    expect(ledger).toHaveLength(1 + lines.length);
    expect(ledger).toEqual(expect.arrayContaining([['allowance', 4], ...lines]));
    await counted(userId, using({ exports: 1 }));
    await expectBalance(userId, NOW, balance);
  });

  it('G1, G4: gets it once, though thirty first uses come at the same time', async () => {
    const userId = someUser();
    const take = () => trackConsumption(studio(), request(userId, NOW), using({ pictures: 1 }));
    expect(tallyOf(await Promise.all(Array.from({ length: 30 }, take)))).toEqual({ created: 2, refused: 28 });
    await expectBalance(userId, NOW, 0);
    expect((await kinds(userId, NOW)).filter(([kind]) => kind === 'allowance')).toEqual([['allowance', 4]]);
  });

  it('G4: gets it again in each month', async () => {
    const userId = someUser();
    await counted(userId, using({ pictures: 2 }));
    await counted(userId, using({ pictures: 1 }), '2026-04-10');
    await expectBalance(userId, '2026-04-10', 2);
  });
});

import { describe, expect, it } from '@jest/globals';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { globSync } from 'node:fs';
import { accountItem } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { itemBytes } from '../../lambdas/adapters/dynamodb/item-size.ts';
import { InconsistentBooksError } from '../../lambdas/commands/deciding-write.ts';
import { textItem } from '../../lambdas/letters/adapters/letter-item.ts';
import { getLetter } from '../../lambdas/letters/adapters/records.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { type Catalogue, catalogueOf, type Limit } from '../../lambdas/domain/catalogue.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { assertConfig } from '../../lambdas/letters/domain/config.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import { limitAsCount, UNLIMITED } from '../../lambdas/domain/terms.ts';
import { active, at, givenSubscriber, pastDue, withCredits } from '../support/accounts.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
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
  writeLetter,
} from '../support/users.ts';

const table = useFaultyTable({ measuresCapacity: true });
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });

/** What goes over the wire while something is done. */
async function measured(act: () => Promise<{ outcome: string }>): Promise<{
  outcome: string;
  requests: Record<string, number>;
  units: number;
}> {
  table.proxy().reset();
  const { outcome } = await act();
  return { outcome, requests: table.proxy().requests(), units: table.proxy().consumedUnits() };
}

const EXAMPLES = globSync('examples/*/postage.config.ts', {
  cwd: new URL('../..', import.meta.url).pathname,
});

const ONE_WRITE = { TransactWriteItems: 1 };
const TWO_WRITES = { TransactWriteItems: 2 };

describe('requests and capacity', () => {
  it('takes two writes to create the account of a new user, and one from then on', async () => {
    const userId = someUser();
    const write = () => writeLetter(table.faultyStore(), request(userId, '2026-03-10'));
    expect(await measured(write)).toMatchObject({ outcome: 'created', requests: TWO_WRITES });
    for (let letter = 2; letter <= 5; letter += 1) {
      expect(await measured(write)).toEqual({ outcome: 'created', requests: ONE_WRITE, units: 7 });
    }
    expect(await measured(write)).toMatchObject({ outcome: 'refused', requests: ONE_WRITE });
  });

  it('costs 7 units for a letter whose text is an item of 1 kB, and 2 more per started kilobyte', async () => {
    const userId = someUser();
    await givenPlan(table.store(), userId, ENTERPRISE, '2026-03-10');
    const context = request(userId, '2026-03-10');
    const around = `pkTEXT#${userId}#${context.id}skTEXTbody`.length;
    const letterOf = (bytes: number) => () =>
      writeLetter(table.faultyStore(), request(userId, '2026-03-10'), {
        title: 'T',
        body: 'x'.repeat(bytes),
      });
    expect(await measured(letterOf(1024 - around))).toEqual({
      outcome: 'created',
      requests: ONE_WRITE,
      units: 7,
    });
    expect(await measured(letterOf(1025 - around))).toMatchObject({ units: 9 });
    expect(await measured(letterOf(2049 - around))).toMatchObject({ units: 11 });
  });

  it('costs 10 units for a mail paid by credit, index writes included', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, '2026-03-10');
    const mail = () => scheduleMail(table.faultyStore(), request(userId, '2026-03-11'), letterId);
    expect(await measured(mail)).toEqual({ outcome: 'created', requests: ONE_WRITE, units: 10 });
    const next = () => scheduleMail(table.faultyStore(), request(userId, '2026-03-12'), letterId);
    expect(await measured(next)).toEqual({ outcome: 'created', requests: ONE_WRITE, units: 10 });
    const email = () => scheduleEmail(table.faultyStore(), request(userId, '2026-03-12'), letterId);
    expect(await measured(email)).toEqual({ outcome: 'created', requests: ONE_WRITE, units: 8 });
  });

  it('writes to no index for counting alone: two items, two units each', async () => {
    const userId = someUser();
    await givenPlan(table.store(), userId, ENTERPRISE, '2026-03-10');
    const consume = () =>
      trackConsumption(table.faultyStore(), request(userId, '2026-03-10'), using({ letters: 1 }));
    expect(await measured(consume)).toEqual({ outcome: 'created', requests: ONE_WRITE, units: 4 });
  });

  it('costs 6 units for counting what costs credits: a line of the ledger more, which is in no index', async () => {
    const userId = someUser();
    await givenPlan(table.store(), userId, ENTERPRISE, '2026-03-10');
    const consume = () =>
      trackConsumption(table.faultyStore(), request(userId, '2026-03-10'), using({ mails: 2 }));
    expect(await measured(consume)).toEqual({ outcome: 'created', requests: ONE_WRITE, units: 6 });
  });

  it('explains each refusal, and answers each repetition, without a read', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-03-01' });
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), pro, '2026-03-10');
    const first = request(userId, '2026-03-10');
    const send = (context = request(userId, '2026-03-10'), letter = letterId) =>
      measured(() => scheduleMail(table.faultyStore(), context, letter));
    expect(await send(first)).toMatchObject({ outcome: 'created', requests: ONE_WRITE });
    expect(await send(first)).toMatchObject({ outcome: 'replayed', requests: ONE_WRITE });
    expect(await send({ ...first, fingerprint: 'another' })).toMatchObject({
      outcome: 'idempotency_conflict',
      requests: ONE_WRITE,
    });
    expect(await send(undefined, 'no such letter')).toMatchObject({
      outcome: 'letter_missing',
      requests: ONE_WRITE,
    });
    expect(await send()).toMatchObject({ outcome: 'created', requests: ONE_WRITE });
    expect(await send()).toMatchObject({ outcome: 'refused', requests: ONE_WRITE });
  });

  it('G7: takes two writes when the period has just ended, accepted or refused, and one from then on', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-03-01', endsAt: '2026-05-01' });
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), pro, '2026-03-10');
    const mailAt = (now: string) =>
      measured(() => scheduleMail(table.faultyStore(), request(userId, now), letterId));
    expect(await mailAt('2026-04-01')).toMatchObject({ outcome: 'created', requests: TWO_WRITES });
    expect(await mailAt('2026-04-01')).toMatchObject({ outcome: 'created', requests: ONE_WRITE });
    // The subscription has ended. The account as it would be refuses, so nothing needs to be written.
    expect(await mailAt('2026-05-01')).toMatchObject({ outcome: 'refused', requests: ONE_WRITE });
  });
});

describe('the account item', () => {
  /** An account of a catalogue's largest plan, with everything filled. */
  function fullest(catalogue: Catalogue): Account {
    const plan = catalogue.plans.at(-1)?.id ?? '';
    const facts = pastDue({
      plan,
      id: `sub_${'1'.repeat(40)}`,
      anchor: '2026-03-01',
      graceEndsAt: '2026-03-20',
      endsAt: '2026-03-31',
    });
    const start = at('2026-03-01');
    const free = newAccount(someUser().padEnd(150, 'x'), start, catalogue);
    const { account } = followSubscription(free, facts, start, catalogue);
    const lots = Array.from({ length: Math.max(1, account.carryOver?.periods ?? 0) }, () => 1_000);
    const rich = withCredits(account, {
      lots,
      included: 1_000,
      purchased: 1_000_000,
      usedThisPeriod: 1_000_999,
      owed: 1_000_000,
      withheld: 1_000,
    });
    const daily = catalogue.meters.filter(({ perDay }) => perDay !== null);
    const most = (limit: Limit | null): number => Math.min(123_456_789, limitAsCount(limit) - 1);
    return {
      ...rich,
      version: UNLIMITED,
      billingVersion: UNLIMITED,
      customerId: `cus_${'1'.repeat(20)}`,
      meters: Object.fromEntries(
        Object.entries(account.meters).map(([id, count]) => [
          id,
          { ...count, used: most(count.limit), paid: count.credits === 0 ? 0 : 123_456_789 },
        ]),
      ),
      levels: Object.fromEntries(
        Object.entries(account.levels).map(([id, count]) => [id, { ...count, used: most(count.limit) }]),
      ),
      usesByDay: Object.fromEntries(
        daily.flatMap(({ id, perDay }) => [
          [`${id}:2026-03-08`, perDay ?? 0],
          [`${id}:2026-03-09`, perDay ?? 0],
        ]),
      ),
      openChange: '1'.repeat(32),
      toldAt: at('2026-03-01T12:34:56.789Z'),
      servedIntervals: [
        {
          subscriptionId: `sub_${'1'.repeat(40)}`,
          anchor: at('2026-03-01T12:34:56.789Z'),
          endsAt: at('2026-04-01T12:34:56.789Z'),
          includedUsed: 1_000,
          expiredLots: lots,
        },
      ],
    };
  }

  it.each(EXAMPLES)(
    'stays below 1 kB with everything filled, even by a user whose id is longer than any, so that counting costs 2 units: %s',
    async (file) => {
      const config: unknown = await import(`../../${file}`);
      assertConfig(config);
      const catalogue = catalogueOf(config.catalogue, at('2026-02-28T12:34:56.789Z'));
      const account = fullest(catalogue);
      expect(itemBytes(accountItem(account))).toBeLessThanOrEqual(1_024);
      await putStored(table.store(), account);
      const store = { ...table.faultyStore(), catalogue };
      for (const { id, credits } of catalogue.meters) {
        const consume = () =>
          trackConsumption(store, request(account.userId, '2026-03-10'), using({ [id]: 1 }));
        const units = credits === 0 ? 4 : 6;
        expect(await measured(consume)).toEqual({ outcome: 'created', requests: ONE_WRITE, units });
      }
    },
  );

  it('keeps the mails of today and yesterday, and removes those of the month before', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, '2026-03-01');
    for (const now of ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-31']) {
      await scheduleMail(table.store(), request(userId, now), letterId);
    }
    expect((await storedAccount(table.store(), userId)).usesByDay).toEqual({ 'mails:2026-03-31': 1 });
    await scheduleMail(table.store(), request(userId, '2026-03-31T23:59:59.999Z'), letterId);
    await scheduleMail(table.store(), request(userId, '2026-04-01T00:00:00.000Z'), letterId);
    expect((await storedAccount(table.store(), userId)).usesByDay).toEqual({
      'mails:2026-03-31': 2,
      'mails:2026-04-01': 1,
    });
  });

  it('is not filled with days by a user who writes now and then, for years', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, '2026-03-01');
    for (let visit = 0; visit < 12; visit += 1) {
      const now = at('2026-03-02') + visit * 40 * DAY_MS;
      await scheduleMail(table.store(), request(userId, now), letterId);
      await scheduleMail(table.store(), request(userId, now + DAY_MS), letterId);
    }
    const { usesByDay } = await storedAccount(table.store(), userId);
    expect(Object.keys(usesByDay).length).toBeLessThanOrEqual(2);
  });
});

describe('what is refused', () => {
  it('G13: finds no letter of another user, and no deleted one', async () => {
    const mine = await givenSubscriberWithLetter(table.store(), ENTERPRISE, '2026-03-10');
    const theirs = await givenSubscriberWithLetter(table.store(), ENTERPRISE, '2026-03-10');
    for (const letterId of [theirs.letterId, randomUUID()]) {
      const context = request(mine.userId, '2026-03-10');
      expect(await scheduleMail(table.store(), context, letterId)).toEqual({ outcome: 'letter_missing' });
    }
    // A user without an account lacks the letter, too.
    const stranger = request(someUser(), '2026-03-10');
    expect(await scheduleEmail(table.store(), stranger, mine.letterId)).toEqual({
      outcome: 'letter_missing',
    });
    expect(countOf(await itemsOf(table.store(), mine.userId), 'DELIVERY')).toBe(0);
    await expectClosedBooks(table.store(), mine.userId, '2026-03-10');
    await expectClosedBooks(table.store(), theirs.userId, '2026-03-10');
  });
});

describe('G3: together or not at all', () => {
  it('G3: makes the record, its parts, its use and its ledger line at once, and none of them when refused', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-03-01' });
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), pro, '2026-03-10');
    const mail = request(userId, '2026-03-10T12:00:00Z');
    await scheduleMail(table.store(), mail, letterId);
    const items = await itemsOf(table.store(), userId);
    expect((await getLetter(table.store(), userId, letterId, plentyOfTime()))?.body).toBe(
      'Did you learn to swim?',
    );
    expect(items.get(`LETTER#${letterId}`)).toMatchObject({ openDeliveries: new Set([mail.id]) });
    expect(items.get(`DELIVERY#${mail.id}`)).toMatchObject({
      status: 'scheduled',
      paidWith: 'credit',
      channel: 'mail',
    });
    expect(items.get(`LEDGER#2026-03-10T12:00:00.000Z#${mail.id}`)).toMatchObject({
      amount: -1,
      kind: 'use',
      source: `delivery:${mail.id}`,
    });
    expect(items.get('ACCOUNT')).toMatchObject({
      meters: { mails: { used: 1 } },
      available: 1,
      'mails:2026-03-10': 1,
    });

    await scheduleMail(table.store(), request(userId, '2026-03-10'), letterId);
    const spent = await itemsOf(table.store(), userId);
    await scheduleMail(table.store(), request(userId, '2026-03-10'), letterId);
    expect(await itemsOf(table.store(), userId)).toEqual(spent);
    await expectClosedBooks(table.store(), userId, '2026-03-10');
  });

  it('G3: stops at a part without its record, and writes nothing', async () => {
    const context = request(someUser(), '2026-03-10');
    await writeLetter(table.store(), request(context.userId, '2026-03-10'));
    const stray = textItem(context.userId, context.id, 'whose?');
    await table.store().client.send(new PutItemCommand({ TableName: table.store().table, Item: stray }));
    const before = await itemsOf(table.store(), context.userId);
    await expect(writeLetter(table.store(), context)).rejects.toThrow(InconsistentBooksError);
    expect(await itemsOf(table.store(), context.userId)).toEqual(before);
  });

  it('G4: stops at an account whose sums do not hold, and writes nothing', async () => {
    const account = { ...givenSubscriber(ENTERPRISE, '2026-03-10'), userId: someUser(), version: 1 };
    const Item = { ...accountItem(account), available: { N: '9' }, openUntil: { N: '0' } };
    await table.store().client.send(new PutItemCommand({ TableName: table.store().table, Item }));
    await expect(writeLetter(table.store(), request(account.userId, '2026-03-11'))).rejects.toThrow(
      'do not add up',
    );
    expect(await itemsOf(table.store(), account.userId)).toHaveProperty('size', 1);
  });
});

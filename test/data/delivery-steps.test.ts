import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { addCredits } from '../../lambdas/commands/add-credits.ts';
import { type StepOutcome, takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { deleteLetterAndCancel } from '../../lambdas/letters/commands/delete-letter.ts';
import { getItem } from '../../lambdas/adapters/dynamodb/get-item.ts';
import { letterKey, parseOpenDeliveries } from '../../lambdas/letters/adapters/letter-item.ts';
import { getDelivery, getLetter } from '../../lambdas/letters/adapters/records.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import {
  answerDelivery,
  cancelDelivery,
  dispatchDelivery,
} from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { active, at, availableTo } from '../support/accounts.ts';
import { isTransaction } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime } from '../support/table.ts';
import {
  countOf,
  expectClosedBooks,
  givenSubscriberWithLetter,
  itemsOf,
  putTombstone,
  request,
  scheduleEmail,
  scheduleMail,
  storedAccount,
  wholeLedger,
  writeLetter,
} from '../support/users.ts';

const table = useFaultyTable();
const NOW = '2026-03-10';
const DUE = at(NOW) + DAY_MS;
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });
const ENTERPRISE = active({ plan: 'enterprise', anchor: '2026-03-01' });

interface Scheduled {
  userId: string;
  letterId: string;
  id: string;
}

async function givenMail(facts = PRO, now = NOW): Promise<Scheduled> {
  const { userId, letterId } = await givenSubscriberWithLetter(table.store(), facts, now);
  return { userId, letterId, id: await mailOf(userId, letterId, now) };
}

async function mailOf(userId: string, letterId: string, now = NOW): Promise<string> {
  const written = await scheduleMail(table.store(), request(userId, now), letterId);
  if (written.outcome !== 'created') {
    throw new Error(`The mail was not scheduled: ${written.outcome}`);
  }
  return written.record.id;
}

function contextOf({ userId, id }: Pick<Scheduled, 'userId' | 'id'>, now: number) {
  return { userId, id, now, deadline: plentyOfTime() };
}

async function cancel(of: Pick<Scheduled, 'userId' | 'id'>, now = at(NOW), store = table.store()) {
  return takeStep(store, contextOf(of, now), (delivery) => cancelDelivery(delivery, now));
}

async function dispatch(of: Scheduled, now = DUE, store = table.store()): Promise<StepOutcome> {
  return takeStep(store, contextOf(of, now), (delivery) => dispatchDelivery(delivery, now));
}

async function answer(of: Scheduled, result: 'sent' | 'failed', now = DUE, store: Store = table.store()) {
  return takeStep(store, contextOf(of, now), (delivery) =>
    answerDelivery(delivery, { attempt: 1, result, failure: 'rejected', providerId: 'p1' }, now),
  );
}

async function openDeliveries({ userId, letterId }: Scheduled): Promise<number> {
  const letter = await getItem(table.store(), letterKey(userId, letterId), plentyOfTime());
  return letter === null ? 0 : parseOpenDeliveries(letter).length;
}

describe('G11: a credit goes back once', () => {
  it('when a mail is cancelled: with its letter, its line in the ledger, and out of the index', async () => {
    const mail = await givenMail();
    expect(await cancel(mail)).toMatchObject({ outcome: 'changed', delivery: { status: 'cancelled' } });
    expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(2);
    expect(await openDeliveries(mail)).toBe(0);
    const ledger = await wholeLedger(table.store(), mail.userId, NOW);
    const returns = ledger.filter(({ kind }) => kind === 'return');
    expect(returns).toMatchObject([{ amount: 1, source: `delivery:${mail.id}` }]);
    const item = (await itemsOf(table.store(), mail.userId)).get(`DELIVERY#${mail.id}`);
    expect(item).toMatchObject({ status: 'cancelled', version: 2 });
    expect(item).not.toHaveProperty('dueAt');
    expect(item).not.toHaveProperty('dueShard');
    await expectClosedBooks(table.store(), mail.userId, NOW);
  });

  it('when it fails after its dispatch; not when it is sent', async () => {
    for (const [result, left] of [
      ['failed', 2],
      ['sent', 1],
    ] as const) {
      const mail = await givenMail();
      await dispatch(mail);
      expect(await openDeliveries(mail)).toBe(1);
      expect(await answer(mail, result)).toMatchObject({ outcome: 'changed', delivery: { status: result } });
      expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(left);
      expect(await openDeliveries(mail)).toBe(0);
      await expectClosedBooks(table.store(), mail.userId, DUE);
    }
  });

  it('however often and by how many it is cancelled', async () => {
    const mail = await givenMail();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => cancel(mail)));
    expect(outcomes.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
    expect(outcomes.filter(({ outcome }) => outcome === 'unchanged')).toHaveLength(19);
    expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(2);
    await expectClosedBooks(table.store(), mail.userId, NOW);
  });

  it('when the answer to the cancelling is lost', async () => {
    const mail = await givenMail();
    let isFirst = true;
    table.proxy().inject((sent) => {
      const isLost = isFirst && isTransaction(sent);
      isFirst &&= !isLost;
      return isLost ? { fault: 'lose the answer' } : null;
    });
    expect(await cancel(mail, at(NOW), table.faultyStore())).toMatchObject({
      delivery: { status: 'cancelled' },
    });
    expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(2);
    await expectClosedBooks(table.store(), mail.userId, NOW);
  });

  it('when cancelling wins against dispatching at the same time; else the mail goes out', async () => {
    for (let round = 0; round < 10; round += 1) {
      const mail = await givenMail();
      const [cancelled, dispatched] = await Promise.all([cancel(mail, DUE), dispatch(mail)]);
      const winners = [cancelled, dispatched].filter(({ outcome }) => outcome === 'changed');
      expect(winners).toHaveLength(1);
      const isCancelled = cancelled.outcome === 'changed';
      expect(isCancelled ? dispatched : cancelled).toMatchObject({
        outcome: 'refused',
        refusal: isCancelled ? 'already_cancelled' : 'already_dispatched',
      });
      expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(isCancelled ? 2 : 1);
      await expectClosedBooks(table.store(), mail.userId, DUE);
    }
  });

  it('carried as the youngest when its mail fails in a later period, however many are carried', async () => {
    const mail = await givenMail(ENTERPRISE);
    await dispatch(mail);
    const later = at('2026-09-15');
    expect(await answer(mail, 'failed', later)).toMatchObject({ delivery: { status: 'failed' } });
    const [returned] = await wholeLedger(table.store(), mail.userId, later);
    expect(returned).toMatchObject({ kind: 'regranted', amount: 1, source: `delivery:${mail.id}` });
    const { credits } = await storedAccount(table.store(), mail.userId);
    expect(credits.lots).toEqual([0, 0, 11]);
    await expectClosedBooks(table.store(), mail.userId, later);
  });

  it('carried as the oldest when its user cancels in a later period, and only if there is room', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    const mails = [await mailOf(userId, letterId), await mailOf(userId, letterId)];
    const later = '2026-04-02';
    const source = (id = ''): string => `delivery:${id}`;
    // Eight of March are carried: two more have room.
    await cancel({ userId, id: mails[0] ?? '' }, at(later));
    const [carried] = await wholeLedger(table.store(), userId, later);
    expect(carried).toMatchObject({ kind: 'regranted', amount: 1, source: source(mails[0]) });
    expect((await storedAccount(table.store(), userId)).credits.lots).toEqual([1, 0, 8]);

    await addCredits(table.store(), request(userId, later), { amount: 1, reason: 'test', actor: 'admin' });
    const june = '2026-06-02';
    await cancel({ userId, id: mails[1] ?? '' }, at(june));
    const lines = (await wholeLedger(table.store(), userId, june)).slice(0, 2);
    expect(lines).toMatchObject([
      { kind: 'expiry', amount: -1, source: source(mails[1]) },
      { kind: 'regranted', amount: 1, source: source(mails[1]) },
    ]);
    await expectClosedBooks(table.store(), userId, june);
  });

  it('as purchased, and its closed period owes one less, as often as it owes one', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const bought = { amount: 2, reason: 'test', actor: 'admin' };
    await addCredits(table.store(), request(userId, NOW), bought);
    const ids: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      ids.push(await mailOf(userId, letterId));
    }
    // A use in April closes March and stores it.
    await mailOf(userId, letterId, '2026-04-02');
    const march = (): Promise<unknown> =>
      itemsOf(table.store(), userId).then(
        (items) => items.get('PERIOD#2026-03-01T00:00:00.000Z')?.['purchasedOutstanding'],
      );
    expect(await march()).toBe(2);
    const kinds: unknown[] = [];
    for (const id of ids) {
      await cancel({ userId, id }, at('2026-04-03'));
      const { credits } = await storedAccount(table.store(), userId);
      kinds.push([await march(), credits.purchased, credits.lots]);
    }
    expect(kinds).toEqual([
      [1, 1, [0]],
      [0, 2, [0]],
      [0, 2, [1]],
      // With a carried one, the plan's two are there again: one more would have no room.
      [0, 2, [1]],
    ]);
    await expectClosedBooks(table.store(), userId, '2026-04-03');
  });

  it('even to an account that nobody has used for 60 years', async () => {
    const mail = await givenMail(ENTERPRISE);
    const later = at('2086-09-15');
    expect(await cancel(mail, later)).toMatchObject({ outcome: 'changed' });
    const returned = (await wholeLedger(table.store(), mail.userId, later)).slice(0, 2);
    expect(returned).toMatchObject([
      { kind: 'expiry', amount: -1 },
      { kind: 'regranted', amount: 1 },
    ]);
    await expectClosedBooks(table.store(), mail.userId, later);
  });

  it('but not for an e-mail, which closes in the same way', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const written = await scheduleEmail(table.store(), request(userId, NOW), letterId);
    const id = written.outcome === 'created' ? written.record.id : '';
    const before = await storedAccount(table.store(), userId);
    await cancel({ userId, id });
    expect(await storedAccount(table.store(), userId)).toEqual(before);
    expect(await openDeliveries({ userId, letterId, id })).toBe(0);
  });
});

describe('steps that cannot be taken', () => {
  it('of no delivery, or of somebody else’s', async () => {
    const mail = await givenMail();
    expect(await cancel({ userId: mail.userId, id: 'none' })).toEqual({ outcome: 'missing' });
    expect(await cancel({ userId: 'somebody else', id: mail.id })).toEqual({ outcome: 'missing' });
  });

  it('of an erased user', async () => {
    const mail = await givenMail();
    await putTombstone(table.store(), mail.userId);
    expect(await cancel(mail)).toEqual({ outcome: 'erased' });
    expect(await getDelivery(table.store(), mail.userId, mail.id, plentyOfTime())).toMatchObject({
      status: 'scheduled',
    });
  });

  it('after the end', async () => {
    const mail = await givenMail();
    await cancel(mail);
    expect(await answer(mail, 'sent')).toMatchObject({ outcome: 'refused', refusal: 'already_cancelled' });
    expect(await dispatch(mail)).toMatchObject({ outcome: 'refused', refusal: 'already_cancelled' });
    await expectClosedBooks(table.store(), mail.userId, NOW);
  });
});

describe('what a step costs', () => {
  it('one update that changes the delivery alone; with its credit, three reads and a transaction', async () => {
    const mail = await givenMail();
    await dispatch(mail, DUE, table.faultyStore());
    expect(table.proxy().requests()).toEqual({ GetItem: 1, UpdateItem: 1 });
    table.proxy().reset();
    await answer(mail, 'failed', DUE, table.faultyStore());
    expect(table.proxy().requests()).toEqual({ GetItem: 2, Query: 1, TransactWriteItems: 1 });
  });
});

describe('deleting a letter with its deliveries', () => {
  async function remove({ userId, letterId }: Scheduled, now = at(NOW), store = table.store()) {
    return deleteLetterAndCancel(store, userId, letterId, now, plentyOfTime());
  }

  it('cancels them and gives their credits back', async () => {
    const mail = await givenMail();
    await mailOf(mail.userId, mail.letterId);
    await scheduleEmail(table.store(), request(mail.userId, NOW), mail.letterId);
    const other = await writeLetter(table.store(), request(mail.userId, NOW, { id: randomUUID() }));
    const otherId = other.outcome === 'created' ? other.record.id : '';
    await scheduleEmail(table.store(), request(mail.userId, NOW), otherId);

    expect(await remove(mail)).toEqual({ outcome: 'deleted' });
    expect(await getLetter(table.store(), mail.userId, mail.letterId, plentyOfTime())).toBeNull();
    const items = [...(await itemsOf(table.store(), mail.userId)).values()];
    const deliveries = items.filter(({ sk }) => String(sk).startsWith('DELIVERY#'));
    const statuses = deliveries.map(({ letterId, status }) => `${letterId === otherId} ${String(status)}`);
    expect(statuses.sort()).toEqual([
      'false cancelled',
      'false cancelled',
      'false cancelled',
      'true scheduled',
    ]);
    expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(2);
    await expectClosedBooks(table.store(), mail.userId, NOW);
    expect(await remove(mail, at(NOW) + 1)).toEqual({ outcome: 'missing' });
  });

  it('leaves those that were sent, and waits for those that are on their way', async () => {
    const sent = await givenMail(ENTERPRISE);
    await dispatch(sent);
    await answer(sent, 'sent');
    const onItsWay = { ...sent, id: await mailOf(sent.userId, sent.letterId) };
    await dispatch(onItsWay);
    await mailOf(sent.userId, sent.letterId);

    expect(await remove(sent, DUE)).toEqual({ outcome: 'has_open_deliveries', openDeliveries: 1 });
    expect(availableTo(await storedAccount(table.store(), sent.userId))).toBe(8);
    const refused = await scheduleMail(table.store(), request(sent.userId, DUE), sent.letterId);
    expect(refused).toEqual({ outcome: 'letter_missing' });
    await answer(onItsWay, 'sent');
    expect(await remove(sent, DUE + 1)).toEqual({ outcome: 'deleted' });
    await expectClosedBooks(table.store(), sent.userId, DUE);
  });

  it('G3: lets no new delivery slip in, whenever it comes', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), ENTERPRISE, NOW);
    await mailOf(userId, letterId);
    const racing = Array.from({ length: 6 }, () =>
      scheduleMail(table.store(), request(userId, NOW), letterId),
    );
    const [deletion, ...written] = await Promise.all([remove({ userId, letterId, id: '' }), ...racing]);
    expect(deletion).toEqual({ outcome: 'deleted' });
    expect(written.every(({ outcome }) => outcome === 'created' || outcome === 'letter_missing')).toBe(true);
    expect(availableTo(await storedAccount(table.store(), userId))).toBe(10);
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('goes on where it was stopped', async () => {
    const mail = await givenMail(ENTERPRISE);
    await mailOf(mail.userId, mail.letterId);
    let transactions = 0;
    table.proxy().inject((sent) => {
      transactions += isTransaction(sent) ? 1 : 0;
      // The first try of deleting, the first cancelling, and then nothing more.
      return transactions > 2
        ? { fault: 'answer', status: 400, body: { __type: 'x#ValidationException' } }
        : null;
    });
    await expect(remove(mail, at(NOW), table.faultyStore())).rejects.toThrow();
    table.proxy().reset();
    expect(await openDeliveries(mail)).toBe(1);
    expect(await remove(mail)).toEqual({ outcome: 'deleted' });
    expect(countOf(await itemsOf(table.store(), mail.userId), 'BODY')).toBe(0);
    await expectClosedBooks(table.store(), mail.userId, NOW);
  });
});

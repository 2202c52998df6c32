import { describe, expect, it } from '@jest/globals';
import { deductMailCredit } from '../../lambdas/letters/commands/schedule-delivery.ts';
import { deleteLetterAndCancel } from '../../lambdas/letters/commands/delete-letter.ts';
import { takeStep } from '../../lambdas/letters/commands/take-step.ts';
import {
  answerDelivery,
  cancelDelivery,
  dispatchDelivery,
} from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { active, at, availableTo, givenCredits, leftOf } from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import {
  ADDRESS,
  expectClosedBooks,
  givenSubscriberWithLetter,
  putStored,
  request,
  scheduleMail,
  storedAccount,
  wholeLedger,
  writeLetter,
} from '../support/users.ts';

const table = useTable();
const MARCH = '2026-03-10';
const APRIL = '2026-04-10';

async function givenMails(plan: 'pro' | 'enterprise', count: number) {
  const facts = active({ plan, anchor: '2026-03-01' });
  const { userId, letterId } = await givenSubscriberWithLetter(table.store(), facts, MARCH);
  return { userId, letterId, ids: await mailsOf({ userId, letterId }, count, MARCH) };
}

async function mailsOf(
  of: { userId: string; letterId: string },
  count: number,
  now: string,
): Promise<string[]> {
  const ids: string[] = [];
  while (ids.length < count) {
    const written = await scheduleMail(table.store(), request(of.userId, now), of.letterId);
    if (written.outcome !== 'created') {
      throw new Error(`The mail was not scheduled: ${written.outcome}`);
    }
    ids.push(written.record.id);
  }
  return ids;
}

async function cancel(userId: string, id: string, now = APRIL): Promise<void> {
  const context = { userId, id, now: at(now), deadline: plentyOfTime() };
  const step = await takeStep(table.store(), context, (delivery) => cancelDelivery(delivery, at(now)));
  expect(step.outcome).toBe('changed');
}

describe('G11: a mail of a closed period', () => {
  it('cancelled by its user while the plan’s allowance is whole: comes back and expires, in two lines', async () => {
    const { userId, ids } = await givenMails('pro', 2);
    for (const id of ids) {
      await cancel(userId, id);
      await expectClosedBooks(table.store(), userId, APRIL);
    }
    expect(availableTo(await storedAccount(table.store(), userId))).toBe(2);
    const ledger = await wholeLedger(table.store(), userId, APRIL);
    const source = `delivery:${ids[1] ?? ''}`;
    expect(ledger.filter((entry) => entry.source === source)).toMatchObject([
      { kind: 'expiry', amount: -1, balanceAfter: 2 },
      { kind: 'regranted', amount: 1, balanceAfter: 3 },
      { kind: 'use', amount: -1 },
    ]);
  });

  it('cancelled where there is room: comes back into the oldest lot, and expires with the open period', async () => {
    const mail = await givenMails('pro', 2);
    const [april = ''] = await mailsOf(mail, 2, APRIL);
    await cancel(mail.userId, mail.ids[0] ?? '');
    const account = await storedAccount(table.store(), mail.userId);
    expect(leftOf(account)).toEqual({ lots: [0], included: 1, purchased: 0 });
    const [may = ''] = await mailsOf(mail, 1, '2026-05-10');
    expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(1);
    await cancel(mail.userId, may, '2026-05-11');
    await cancel(mail.userId, april, '2026-05-11');
    expect(availableTo(await storedAccount(table.store(), mail.userId))).toBe(2);
    await expectClosedBooks(table.store(), mail.userId, '2026-05-11');
  });

  it('deleted with its letter: counts as cancelled by its user', async () => {
    const { userId, letterId } = await givenMails('pro', 2);
    const deletion = await deleteLetterAndCancel(table.store(), userId, letterId, at(APRIL), plentyOfTime());
    expect(deletion.outcome).toBe('deleted');
    expect(availableTo(await storedAccount(table.store(), userId))).toBe(2);
    await expectClosedBooks(table.store(), userId, APRIL);
  });

  it('failed: comes back above the allowance, into the youngest lot', async () => {
    const { userId, ids } = await givenMails('enterprise', 2);
    const now = at(APRIL);
    for (const id of ids) {
      const context = { userId, id, now, deadline: plentyOfTime() };
      await takeStep(table.store(), context, (delivery) => dispatchDelivery(delivery, now));
      const answer = { attempt: 1, result: 'failed', failure: 'rejected' } as const;
      await takeStep(table.store(), context, (delivery) => answerDelivery(delivery, answer, now));
    }
    // Eight of March are carried, in the youngest lot too.
    expect(leftOf(await storedAccount(table.store(), userId))).toMatchObject({
      lots: [0, 0, 10],
      included: 10,
    });
    await expectClosedBooks(table.store(), userId, APRIL);
  });

  it('cancelled twenty times at once: comes back and expires once', async () => {
    const { userId, ids } = await givenMails('pro', 1);
    const context = { userId, id: ids[0] ?? '', now: at(APRIL), deadline: plentyOfTime() };
    const steps = await Promise.all(
      Array.from({ length: 20 }, () =>
        takeStep(table.store(), context, (delivery) => cancelDelivery(delivery, at(APRIL))),
      ),
    );
    expect(steps.filter(({ outcome }) => outcome === 'changed')).toHaveLength(1);
    const ledger = await wholeLedger(table.store(), userId, APRIL);
    expect(
      ledger.filter(({ source, kind }) => source.startsWith('delivery:') && kind !== 'use'),
    ).toHaveLength(2);
    await expectClosedBooks(table.store(), userId, APRIL);
  });
});

describe('G11: somebody who schedules all credits for 2090, month after month, and then cancels everything', () => {
  it.each([
    ['pro', 'its allowance', 2],
    ['enterprise', 'its allowance and its cap', 20],
  ] as const)('G11: on %s holds at most %s', async (plan, _, most) => {
    const store = table.store();
    const months = Array.from({ length: 6 }, (__, index) => `2026-0${String(index + 3)}-10`);
    const facts = active({ plan, anchor: '2026-03-01' });
    const { userId } = await givenSubscriberWithLetter(store, facts, MARCH);
    const parked: string[] = [];
    for (const now of months) {
      const letter = request(userId, now);
      await writeLetter(store, letter);
      const order = { letterId: letter.id, deliverAt: at('2090-01-01'), recipient: ADDRESS };
      for (;;) {
        const mail = request(userId, now);
        const { outcome } = await deductMailCredit(store, mail, order);
        if (outcome !== 'created') {
          break;
        }
        parked.push(mail.id);
      }
      expect(availableTo(await storedAccount(store, userId))).toBe(0);
    }
    expect(parked).toHaveLength(months.length * (plan === 'pro' ? 2 : 10));
    const held: number[] = [];
    for (const id of parked) {
      await cancel(userId, id, '2026-09-10');
      held.push(availableTo(await storedAccount(store, userId)));
    }
    expect(Math.max(...held)).toBe(most);
    await expectClosedBooks(store, userId, '2026-09-10');
  });
});

describe('lots in the item', () => {
  it.each([
    ['one', [3]],
    ['three, as every account once had', [1, 2, 3]],
    ['twelve', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
  ])('are read as they were written: %s', async (_, lots) => {
    const { userId } = await givenMails('enterprise', 0);
    const account = await storedAccount(table.store(), userId);
    await putStored(table.store(), { ...account, credits: givenCredits({ lots, included: 10 }) });
    expect((await storedAccount(table.store(), userId)).credits.lots).toEqual(lots);
  });

  it('of pro, three from an older version, are one after the boundary', async () => {
    const mail = await givenMails('pro', 0);
    const account = await storedAccount(table.store(), mail.userId);
    await putStored(table.store(), { ...account, credits: givenCredits({ lots: [0, 0, 1], included: 2 }) });
    await mailsOf(mail, 1, toDay(at(APRIL) + DAY_MS));
    const { credits } = await storedAccount(table.store(), mail.userId);
    expect(credits).toMatchObject({ lots: [0], included: 2, usedThisPeriod: 1, expired: 3 });
  });
});

function toDay(instant: number): string {
  return new Date(instant).toISOString();
}

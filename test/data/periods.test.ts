import { describe, expect, it } from '@jest/globals';
import { listClosedPeriods } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { addCredits } from '../../lambdas/commands/add-credits.ts';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { type SubscriptionFacts } from '../../lambdas/domain/subscriptions.ts';
import { UNLIMITED } from '../../lambdas/domain/terms.ts';
import {
  active,
  at,
  availableTo,
  movementsOf,
  pastDue,
  periodOf,
  shown,
  trial,
} from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';
import {
  countOf,
  expectClosedBooks,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  request,
  scheduleMail,
  someUser,
  storedAccount,
  wholeLedger,
  writeLetter,
} from '../support/users.ts';

const table = useTable();

describe('G7: decisions never wait for jobs', () => {
  it('G7: a free user has five letters again at the first instant of the month', async () => {
    const userId = someUser();
    const writeAt = async (now: string) => (await writeLetter(table.store(), request(userId, now))).outcome;
    for (const now of ['2026-01-31', '2026-01-31', '2026-01-31', '2026-01-31', '2026-01-31T23:59:59.999Z']) {
      expect(await writeAt(now)).toBe('created');
    }
    expect(await writeAt('2026-01-31T23:59:59.999Z')).toBe('refused');
    expect(await writeAt('2026-02-01T00:00:00.000Z')).toBe('created');
    expect((await storedAccount(table.store(), userId)).meters['letters']).toMatchObject({
      used: 1,
      limit: 5,
    });
    await expectClosedBooks(table.store(), userId, '2026-02-01');
  });

  const endings: [string, SubscriptionFacts, string][] = [
    ['a period ends', active({ plan: 'pro', anchor: '2026-03-01' }), '2026-04-01'],
    ['grace ends', pastDue({ plan: 'pro', anchor: '2026-03-01', graceEndsAt: '2026-03-20' }), '2026-03-20'],
    [
      'the scheduled end comes',
      active({ plan: 'pro', anchor: '2026-03-01', endsAt: '2026-03-25' }),
      '2026-03-25',
    ],
    ['a trial ends', trial({ plan: 'pro', trialEndsAt: '2026-03-22' }), '2026-03-22'],
    [
      'an unpaid trial ends',
      trial({ plan: 'pro', trialEndsAt: '2026-03-22', endsAt: '2026-03-22' }),
      '2026-03-22',
    ],
  ];
  it.each(endings)(
    'G7: when %s, the first request sees it, and not one before',
    async (_when, facts, end) => {
      if (facts === null) {
        throw new Error('Each ending has a subscription.');
      }
      const { userId, letterId } = await givenSubscriberWithLetter(table.store(), facts, '2026-03-10');
      if (facts.subscription.status === 'past_due') {
        // Nobody has paid for the allowance.
        const two = { amount: 2, reason: 'test', actor: 'owner' };
        await addCredits(table.store(), request(userId, '2026-03-10'), two);
      }
      const mail = async (now: number) =>
        (await scheduleMail(table.store(), request(userId, now), letterId)).outcome;
      const before = [await mail(at(end) - 1), await mail(at(end) - 1), await mail(at(end) - 1)];
      expect(before).toEqual(['created', 'created', 'refused']);
      const { account } = await readAccount(table.store(), userId, at(end), plentyOfTime());
      const expected = account.plan === 'pro' ? 'created' : 'refused';
      expect(await mail(at(end))).toBe(expected);
      expect(shown(account.periodStart)).toBe(end);
      await expectClosedBooks(table.store(), userId, end);
    },
  );

  it('G6, G7: an account that was not used for ten years is rolled forward by its first request', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-01-31' });
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), pro, '2026-01-31');
    await scheduleMail(table.store(), request(userId, '2026-01-31'), letterId);
    const now = '2036-02-29T12:00:00Z';
    expect(await scheduleMail(table.store(), request(userId, now), letterId)).toMatchObject({
      outcome: 'created',
    });
    expect(periodOf(await storedAccount(table.store(), userId))).toEqual(['2036-02-29', '2036-03-31']);
    // The free one before the subscription, and 121 of its own.
    expect(countOf(await itemsOf(table.store(), userId), 'PERIOD')).toBe(122);
    const [newest] = await listClosedPeriods(table.store(), userId, 1, plentyOfTime());
    expect(newest && periodOf(newest)).toEqual(['2036-01-31', '2036-02-29']);
    await expectClosedBooks(table.store(), userId, now);
  });

  it('G1, G5, G7: ten years are closed once when many first requests come at once', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-01-31' });
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), pro, '2026-01-31');
    const now = '2036-02-29T12:00:00Z';
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => scheduleMail(table.store(), request(userId, now), letterId)),
    );
    expect(answers.map(({ outcome }) => outcome).toSorted()).toEqual([
      ...Array.from({ length: 2 }, () => 'created'),
      ...Array.from({ length: 8 }, () => 'refused'),
    ]);
    expect(countOf(await itemsOf(table.store(), userId), 'PERIOD')).toBe(122);
    await expectClosedBooks(table.store(), userId, now);
  });

  it('G7: a subscription learnt after ten years finds the same periods', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-01-31' });
    const { userId } = await givenSubscriberWithLetter(table.store(), pro, '2026-01-31');
    const enterprise = active({ plan: 'enterprise', anchor: '2026-01-31' });
    const account = await givenPlan(table.store(), userId, enterprise, '2036-02-29');
    expect(account).toMatchObject({ plan: 'enterprise', periodStart: at('2036-02-29') });
    expect(await storedAccount(table.store(), userId)).toEqual(account);
    await expectClosedBooks(table.store(), userId, '2036-02-29');
  });

  it('G7: a now that lags behind the period counts as its start', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-03-01' });
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), pro, '2026-03-10');
    await scheduleMail(table.store(), request(userId, '2026-04-01T00:00:00.005Z'), letterId);
    const lagging = request(userId, '2026-03-31T23:59:59.998Z');
    expect(await scheduleMail(table.store(), lagging, letterId)).toMatchObject({
      outcome: 'created',
      record: { createdAt: at('2026-04-01') },
    });
    expect((await storedAccount(table.store(), userId)).credits.usedThisPeriod).toBe(2);
    expect(await scheduleMail(table.store(), { ...lagging, id: 'third' }, letterId)).toMatchObject({
      refusal: { refusal: 'insufficient_credits', used: 2, resetsAt: at('2026-05-01') },
    });
    await expectClosedBooks(table.store(), userId, '2026-04-01');
  });

  it('G8, G7: what is shown is rolled forward in memory, and reading writes nothing', async () => {
    const pro = active({ plan: 'pro', anchor: '2026-03-01', endsAt: '2026-05-01' });
    const { userId } = await givenSubscriberWithLetter(table.store(), pro, '2026-03-10');
    const before = await itemsOf(table.store(), userId);
    const april = await readAccount(table.store(), userId, at('2026-04-15'), plentyOfTime());
    expect(movementsOf({ closed: april.closed, movements: [] })).toEqual([
      ['expiry', -2],
      ['allowance', 2],
    ]);
    const june = await readAccount(table.store(), userId, at('2026-06-15'), plentyOfTime());
    expect([june.account.plan, availableTo(june.account)]).toEqual(['none', 0]);
    await wholeLedger(table.store(), userId, '2026-06-15');
    expect(await itemsOf(table.store(), userId)).toEqual(before);
  });

  it('leaves out of accounts and periods what is 0, and reads it as 0', async () => {
    const store = table.store();
    const pro = active({ plan: 'pro', anchor: '2026-03-01' });
    const { userId, letterId } = await givenSubscriberWithLetter(store, pro, '2026-03-10');
    await scheduleMail(store, request(userId, '2026-03-10'), letterId);
    await scheduleMail(store, request(userId, '2026-04-10'), letterId);
    const items = await itemsOf(store, userId);
    expect(items.get('ACCOUNT')).toMatchObject({
      meters: {
        letters: { used: 0, limit: UNLIMITED, left: UNLIMITED },
        mails: { used: 1, limit: UNLIMITED, left: UNLIMITED - 1, credits: 1 },
      },
    });
    for (const sk of ['ACCOUNT', 'PERIOD#2026-03-01T00:00:00.000Z']) {
      expect(items.get(sk)).not.toHaveProperty('meters.mails.paid');
      expect(items.get(sk)).not.toHaveProperty('meters.letters.credits');
    }
    const { meters } = await storedAccount(store, userId);
    expect([meters['letters']?.credits, meters['mails']]).toMatchObject([0, { used: 1, paid: 0 }]);
    await writeLetter(store, request(userId, '2026-05-10'));
    const closed = await listClosedPeriods(store, userId, 2, plentyOfTime());
    expect(closed).toMatchObject([
      { meters: { mails: { used: 1, paid: 0 } }, creditsUsed: 1, creditsLeft: 1 },
      { meters: { mails: { used: 1, paid: 0 } }, creditsUsed: 1, creditsLeft: 1 },
    ]);
  });

  it('shows an unknown user as a free one', async () => {
    const { account, closed } = await readAccount(
      table.store(),
      someUser(),
      at('2026-03-10'),
      plentyOfTime(),
    );
    expect(account).toMatchObject({
      plan: 'none',
      meters: { letters: { used: 0, limit: 5 } },
      periodStart: at('2026-03-01'),
    });
    expect(closed).toEqual([]);
  });
});

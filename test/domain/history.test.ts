import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, newAccount } from '../../lambdas/domain/account.ts';
import { getUsageByPeriod } from '../../lambdas/letters/domain/history.ts';
import { pastPeriods } from '../../lambdas/domain/history.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { isWorthKeeping, rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import { active, at, givenSubscriber, periodOf, restsOf, shown, used, usesOf } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

/** The periods that an account shows at a time, newest first, and how many letters each has. */
function shownAt(account: Account, now: string, count: number): [string, number][] {
  const rolled = rollForward(account, at(now), LETTERS);
  const kept = rolled.closed.filter(isWorthKeeping).reverse().slice(0, count);
  return pastPeriods(rolled.account, kept, count).map(({ periodStart, used: uses }) => [
    shown(periodStart),
    uses['letters'] ?? 0,
  ]);
}

describe('the history', () => {
  const free = used(newAccount('user', at('2026-02-10'), LETTERS), { letters: 3 }, '2026-02-10');

  it('shows closed periods, newest first, with what they counted', () => {
    const pro = used(
      givenSubscriber(active({}), '2026-02-10'),
      { letters: 5, emails: 4, mails: 2 },
      '2026-02-10',
    );
    const { account, closed } = rollForward(pro, at('2026-03-01'), LETTERS);
    expect(getUsageByPeriod(pastPeriods(account, closed, 6))).toEqual([
      {
        period: '2026-01-31T00:00:00.000Z',
        lettersCreated: 5,
        emailsSent: 4,
        mailsSent: 2,
        mailCreditsUsed: 2,
      },
    ]);
  });

  it('is empty in an account’s first period', () => {
    expect(shownAt(free, '2026-02-20', 6)).toEqual([]);
  });

  it('fills periods that were not kept with zeros', () => {
    expect(shownAt(free, '2026-06-10', 6)).toEqual([
      ['2026-05-01', 0],
      ['2026-04-01', 0],
      ['2026-03-01', 0],
      ['2026-02-01', 3],
    ]);
    const { account, closed } = rollForward(free, at('2026-04-10'), LETTERS);
    expect(getUsageByPeriod(pastPeriods(account, closed.filter(isWorthKeeping), 1))).toEqual([
      {
        period: '2026-03-01T00:00:00.000Z',
        lettersCreated: 0,
        emailsSent: 0,
        mailsSent: 0,
        mailCreditsUsed: 0,
      },
    ]);
  });

  it('goes back to the account’s beginning, where nothing was ever kept too', () => {
    const unused = newAccount('user', at('2026-02-10'), LETTERS);
    expect(shownAt(unused, '2026-04-10', 6)).toEqual([
      ['2026-03-01', 0],
      ['2026-02-01', 0],
    ]);
  });

  it.each([0, 1, 2, 3])('shows as many as it is asked for: %d', (count) => {
    expect(shownAt(free, '2026-06-10', count)).toHaveLength(count);
  });

  it('shows periods as they were cut: a free one after an ending begins there', () => {
    // Given a subscription that ended on 10 March, and a free account that was not used until May
    const pro = used(
      givenSubscriber(active({ endsAt: '2026-03-10' }), '2026-02-10'),
      { letters: 1 },
      '2026-03-01',
    );
    expect(shownAt(pro, '2026-05-10', 6)).toEqual([
      ['2026-04-01', 0],
      ['2026-03-10', 0],
      ['2026-02-28', 1],
      ['2026-01-31', 0],
    ]);
  });

  it('shows each period by the anchor that it had', () => {
    const pro = used(
      givenSubscriber(active({ anchor: '2026-01-20' }), '2026-01-20'),
      { letters: 2 },
      '2026-01-21',
    );
    const moved = followSubscription(pro, active({ anchor: '2026-02-05' }), at('2026-02-05'), LETTERS);
    const { account, closed } = rollForward(moved.account, at('2026-04-10'), LETTERS);
    expect(periodOf(account)[0]).toBe('2026-04-05');
    const kept = [...moved.closed, ...closed].reverse();
    expect(pastPeriods(account, kept, 6).map((period) => shown(period.periodStart))).toEqual([
      '2026-03-05',
      '2026-02-05T00:00:00.001Z',
      '2026-01-20',
    ]);
  });

  it('for any use and time shows every closed period once', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 12 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 40 }),
        (waits, isFree, count) => {
          let now = at('2026-02-10');
          let account = isFree ? newAccount('user', now, LETTERS) : givenSubscriber(active({}), '2026-02-10');
          const closed = [];
          for (const days of waits) {
            now += days * DAY_MS;
            const rolled = rollForward(account, now, LETTERS);
            closed.push(...rolled.closed);
            account =
              days % 3 === 0 && (restsOf(rolled.account)['letters'] ?? 0) > 0
                ? used(rolled.account, { letters: 1 }, shown(now))
                : rolled.account;
          }
          const newestFirst = closed.reverse();
          const kept = newestFirst.filter(isWorthKeeping).slice(0, count);
          const history = pastPeriods(account, kept, count);
          expect(history.map((period) => [...periodOf(period), period.used['letters'] ?? 0])).toEqual(
            newestFirst.slice(0, count).map((period) => [...periodOf(period), usesOf(period)['letters']]),
          );
        },
      ),
    );
  });
});

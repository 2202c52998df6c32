import { describe, expect, it } from '@jest/globals';
import { type Account } from '../../lambdas/domain/account.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription, type SubscriptionFacts } from '../../lambdas/domain/subscriptions.ts';
import { active, at, givenSubscriber, leftOf, pastDue, periodOf, trial, used } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

function told(account: Account, facts: SubscriptionFacts, now: string): Account {
  return followSubscription(account, facts, at(now), LETTERS).account;
}

const includedLeft = (account: Account): number => leftOf(account).included;
const upgrade = (anchor: string, plan = 'enterprise'): SubscriptionFacts => active({ plan, anchor });

describe('an upgrade counts what the shortened interval has used', () => {
  const pro = givenSubscriber(active({ anchor: '2026-01-31' }), '2026-01-31');

  it.each([
    ['nothing', 0, '2026-02-14', 10],
    ['all of it, on the first day', 2, '2026-01-31T00:00:01Z', 8],
    ['all of it, half an interval before its end', 2, '2026-02-14', 9],
    ['one, half an interval before: rounded up', 1, '2026-02-14', 9],
    ['all of it, at its very end', 2, '2026-02-27T23:59:59Z', 9],
  ])('%s', (_, mails, anchor, expected) => {
    const spent = mails === 0 ? pro : used(pro, { mails }, '2026-01-31');
    expect(includedLeft(told(spent, upgrade(anchor), anchor))).toBe(expected);
  });

  it('so that nobody gets fresh allowances by upgrading again and again', () => {
    const first = told(used(pro, { mails: 2 }, '2026-01-31'), upgrade('2026-02-01'), '2026-02-01');
    expect(includedLeft(first)).toBe(8);
    const second = told(used(first, { mails: 8 }, '2026-02-01T01:00Z'), upgrade('2026-02-02'), '2026-02-02');
    expect(includedLeft(second)).toBe(0);
  });

  it('also when the plan changes under the new anchor, or ends and returns', () => {
    const upgraded = told(used(pro, { mails: 2 }, '2026-01-31'), upgrade('2026-02-01'), '2026-02-01');
    const down = told(upgraded, upgrade('2026-02-01', 'pro'), '2026-02-03');
    expect(includedLeft(down)).toBe(0);
    expect(includedLeft(told(down, upgrade('2026-02-01'), '2026-02-04'))).toBe(8);
    const ended = told(upgraded, null, '2026-02-05');
    expect(includedLeft(told(ended, upgrade('2026-02-01'), '2026-02-06'))).toBe(8);
  });

  it('and the interval after it is whole again', () => {
    const upgraded = told(used(pro, { mails: 2 }, '2026-01-31'), upgrade('2026-02-01'), '2026-02-01');
    const { account } = rollForward(upgraded, at('2026-03-02'), LETTERS);
    expect(account.credits.included).toBe(10);
    expect(account.servedInterval).toBeNull();
  });

  it('to nothing below zero', () => {
    const enterprise = used(
      givenSubscriber(active({ plan: 'enterprise' }), '2026-01-31'),
      { mails: 9 },
      '2026-01-31',
    );
    expect(includedLeft(told(enterprise, active({ anchor: '2026-02-01' }), '2026-02-01'))).toBe(0);
  });

  it('but nothing of a trial, which was free', () => {
    const tried = used(
      givenSubscriber(trial({ trialEndsAt: '2026-02-14' }), '2026-02-01'),
      { mails: 2 },
      '2026-02-02',
    );
    expect(includedLeft(told(tried, active({ anchor: '2026-02-05' }), '2026-02-05'))).toBe(2);
    // A trial that a clock which is ahead calls active already
    const early = told(tried, active({ anchor: '2026-02-14' }), '2026-02-13T23:59:59.999Z');
    expect(includedLeft(told(early, upgrade('2026-02-10'), '2026-02-13T23:59:59.999Z'))).toBe(10);
  });

  it('by the time that Stripe has credited, however late the move is learnt', () => {
    // Given an upgrade on 14 February, of which Postage learns on 21 February
    const spent = used(pro, { mails: 2 }, '2026-02-01');
    expect(includedLeft(told(spent, upgrade('2026-02-14'), '2026-02-21'))).toBe(9);
    // Given one of which it learns in the next interval: both mails lie in the interval that the upgrade has paid for
    const march = used(pro, { mails: 2 }, '2026-03-01');
    expect(includedLeft(told(march, upgrade('2026-02-20'), '2026-03-19'))).toBe(8);
  });

  it('as well when a paid interval becomes a trial', () => {
    const spent = used(pro, { mails: 2 }, '2026-01-31');
    const account = told(spent, trial({ trialEndsAt: '2026-03-10' }), '2026-02-14');
    expect(periodOf(account)).toEqual(['2026-02-14T00:00:00.001Z', '2026-03-10']);
    expect(includedLeft(account)).toBe(1);
  });

  it('and withholds the rest while the upgrade is not paid', () => {
    const spent = used(pro, { mails: 2 }, '2026-01-31');
    const facts = pastDue({ anchor: '2026-02-14', graceEndsAt: '2026-02-21' });
    expect(told(spent, facts, '2026-02-14').credits).toMatchObject({ included: 0, withheld: 1, granted: 2 });
  });
});

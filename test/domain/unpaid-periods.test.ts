import { describe, expect, it } from '@jest/globals';
import { type Account } from '../../lambdas/domain/account.ts';
import { type BillingInterval } from '../../lambdas/domain/catalogue.ts';
import { followSubscription, type LiveFacts } from '../../lambdas/domain/subscriptions.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import {
  active,
  at,
  givenSubscriber,
  leftOf,
  movementsOf,
  periodsOf,
  trial,
  used,
  withCredits,
} from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const enterprise = (anchor: string, interval: BillingInterval = 'month'): LiveFacts =>
  active({ plan: 'enterprise', anchor, interval });

/** Enterprise since 31 January, with 4 credits left of February, as it stands on a day without another word from Stripe. */
function standingOn(day: string, toldAt: string | null, interval: BillingInterval = 'month'): Account {
  const facts = enterprise('2026-01-31', interval);
  const begun = used(givenSubscriber(facts, '2026-01-31'), { mails: 6 }, '2026-02-01');
  const told = toldAt === null ? null : at(toldAt);
  return rollForward({ ...begun, toldAt: told }, at(day), LETTERS).account;
}

describe('a period that opened without a word from Stripe', () => {
  it.each<[string, string, LiveFacts, string | null, number[], number]>([
    [
      'and closed before a smaller plan was learnt: nothing of it is carried',
      '2026-04-02',
      active({ plan: 'pro' }),
      '2026-01-31',
      [0, 0, 0],
      2,
    ],
    [
      'is the first since the smaller plan: what the one before it has left stays',
      '2026-03-02',
      active({ plan: 'pro' }),
      '2026-01-31',
      [0, 0, 4],
      2,
    ],
    [
      'and closed before a moved anchor was learnt: nothing of both is carried',
      '2026-04-02',
      enterprise('2026-02-23'),
      '2026-02-23',
      [0, 0, 0],
      10,
    ],
    [
      'since the anchor moved for the first of two times: nothing of it is carried',
      '2026-03-16',
      enterprise('2026-03-16'),
      '2026-01-31',
      [0, 0, 4],
      10,
    ],
    [
      'of which Stripe has told since: it is carried like any other',
      '2026-03-16',
      enterprise('2026-03-16'),
      '2026-02-28',
      [0, 0, 10],
      10,
    ],
  ])('%s', (_what, day, facts, toldAt, lots, included) => {
    const { account } = followSubscription(standingOn(day, toldAt), facts, at(day), LETTERS);
    expect(leftOf(account)).toEqual({ lots, included, purchased: 0 });
  });

  it('G4: expires by a movement of its own, so that the ledger adds up', () => {
    const late = standingOn('2026-04-02', '2026-01-31');
    const change = followSubscription(late, active({ plan: 'pro' }), at('2026-04-02'), LETTERS);
    expect([periodsOf(change), movementsOf(change)]).toEqual([
      [],
      [
        ['expiry', -10],
        ['expiry', -8],
      ],
    ]);
  });

  it.each<[string, LiveFacts, string | null]>([
    ['under the same plan', enterprise('2026-01-31'), '2026-01-31'],
    ['before Postage kept when it was told', active({ plan: 'pro' }), null],
  ])('and closed %s is carried', (_what, facts, toldAt) => {
    const { account } = followSubscription(
      standingOn('2026-04-02', toldAt),
      facts,
      at('2026-04-02'),
      LETTERS,
    );
    expect(leftOf(account).lots).toEqual([0, 0, 10]);
  });

  it('of a larger plan takes nothing away', () => {
    const pro = withCredits(givenSubscriber(active({}), '2026-01-31'), { lots: [3], included: 2 });
    const late = { ...pro, toldAt: at('2025-12-01') };
    const { account } = followSubscription(late, enterprise('2026-01-31'), at('2026-02-02'), LETTERS);
    expect(leftOf(account)).toEqual({ lots: [3], included: 10, purchased: 0 });
  });

  it('expires what is left of it, and not what was spent', () => {
    const late = used(standingOn('2026-04-02', '2026-01-31'), { mails: 4 }, '2026-04-02');
    const { account } = followSubscription(late, active({ plan: 'pro' }), at('2026-04-02'), LETTERS);
    expect(account.credits).toMatchObject({ lots: [0, 0, 4], usedThisPeriod: 4 });
  });

  it('is never a month of a trial: a trial is one period, however long', () => {
    const trialEndsAt = '2026-04-10';
    const begun = givenSubscriber(trial({ plan: 'enterprise', trialEndsAt }), '2026-02-05');
    const told = { ...withCredits(begun, { lots: [0, 0, 4], included: 3 }), toldAt: at('2026-02-05') };
    const { account } = followSubscription(
      told,
      active({ anchor: trialEndsAt }),
      at(trialEndsAt) + 5_000,
      LETTERS,
    );
    expect(leftOf(account)).toEqual({ lots: [0, 4, 3], included: 2, purchased: 0 });
  });

  it('is none of which Stripe has told, though it tells the same series from an earlier boundary', () => {
    const april = { ...standingOn('2026-04-02', null), toldAt: at('2026-04-01') };
    const { account } = followSubscription(april, enterprise('2025-10-31'), at('2026-04-02'), LETTERS);
    expect(leftOf(account)).toEqual(leftOf(april));
  });

  it('and closed does not come back after an ending that was scheduled, and was taken back without a word', () => {
    const begun = standingOn('2026-03-02', '2026-01-31');
    const ending = active({ plan: 'enterprise', endsAt: '2026-04-01' }).subscription;
    const { account } = followSubscription(
      { ...begun, subscription: ending },
      active({ plan: 'pro' }),
      at('2026-04-02'),
      LETTERS,
    );
    expect(leftOf(account)).toEqual({ lots: [0, 0, 0], included: 2, purchased: 0 });
  });

  it.each<[string, LiveFacts | null]>([
    ['an ending', null],
    ['another subscription', active({ id: 'sub_2', anchor: '2026-04-01' })],
  ])('and closed does not come back after %s', (_what, between) => {
    const late = standingOn('2026-04-02', '2026-01-31');
    const ended = followSubscription(late, between, at('2026-04-02'), LETTERS).account;
    const { account } = followSubscription(ended, active({ plan: 'pro' }), at('2026-04-03'), LETTERS);
    expect(leftOf(account)).toEqual({ lots: [0, 0, 0], included: 2, purchased: 0 });
  });

  it.each([
    ['is paid for within the year', '2026-12-02', 10],
    ['is not after the year', '2027-04-02', 0],
  ])('of a yearly plan %s', (_what, day, carried) => {
    const late = standingOn(day, '2026-01-31', 'year');
    const facts = active({ plan: 'pro', interval: 'year' });
    const { account } = followSubscription(late, facts, at(day), LETTERS);
    expect(leftOf(account).lots.reduce((sum, lot) => sum + lot, 0)).toBe(carried);
  });
});

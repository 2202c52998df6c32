import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account, type AccountState, newAccount } from '../../lambdas/domain/account.ts';
import { type AnyChange } from '../../lambdas/letters/domain/changes.ts';
import { grantPurchased } from '../../lambdas/domain/credits.ts';
import { type DeliveryStatus } from '../../lambdas/letters/domain/deliveries.ts';
import { type PostageEvent } from '../../lambdas/letters/domain/events.ts';
import { eventsOf } from '../../lambdas/letters/domain/events-of.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { followSubscription } from '../../lambdas/domain/subscriptions.ts';
import {
  active,
  at,
  givenSubscriber,
  pastDue,
  trial,
  used,
  withCredits,
  withUses,
} from '../support/accounts.ts';
import { givenDelivery } from '../support/deliveries.ts';
import { LETTERS } from '../support/catalogues.ts';

const WRITTEN_AT = at('2026-02-10T12:00:00.000Z');

function accountChange(before: AccountState | null, after: AccountState | null): AnyChange {
  return { kind: 'account', userId: 'user', at: WRITTEN_AT, before, after };
}

function namesOf(events: readonly PostageEvent[]): string[] {
  return events.map(({ name }) => name);
}

function thresholdsOf(before: Account | null, after: Account): string[] {
  return eventsOf(accountChange(before, after), LETTERS)
    .filter((event) => event.name === 'UsageThresholdReached')
    .map(({ data }) => `${data.meter} ${data.thresholdPercent}% of ${data.limit}`);
}

/** A free user's account with so many letters in the month of February. */
function freeUser(letters: number): Account {
  return used(newAccount('user', at('2026-02-10'), LETTERS), { letters }, '2026-02-10');
}

const PRO = givenSubscriber(active({ plan: 'pro', anchor: '2026-02-01' }), '2026-02-10');

describe('thresholds of usage', () => {
  it.each([
    [null, 3, []],
    [3, 4, ['letters 80% of 5']],
    [4, 5, ['letters 100% of 5']],
    [3, 5, ['letters 80% of 5', 'letters 100% of 5']],
    [null, 5, ['letters 80% of 5', 'letters 100% of 5']],
    [4, 4, []],
    [5, 5, []],
  ])('from %s to %s letters of 5: %j', (before, after, thresholds) => {
    expect(thresholdsOf(before === null ? null : freeUser(before), freeUser(after))).toEqual(thresholds);
  });

  it('a command that rolls the period forward at once counts from zero', () => {
    const full = freeUser(5);
    expect(thresholdsOf(full, used(full, { letters: 3 }, '2026-03-02'))).toEqual([]);
    expect(thresholdsOf(full, used(full, { letters: 5 }, '2026-03-02'))).toEqual([
      'letters 80% of 5',
      'letters 100% of 5',
    ]);
  });

  it('of credits, the limit is what the period had to spend', () => {
    const one = used(PRO, { mails: 1 }, '2026-02-10');
    const two = used(one, { mails: 1 }, '2026-02-10');
    expect(thresholdsOf(PRO, one)).toEqual([]);
    expect(thresholdsOf(one, two)).toEqual(['credits 80% of 2', 'credits 100% of 2']);
    const bought = { ...two, credits: grantPurchased(two.credits, 8, 'purchase', 'test').credits };
    expect(thresholdsOf(two, bought)).toEqual([]);
    expect(thresholdsOf(bought, used(bought, { mails: 6 }, '2026-02-10'))).toEqual(['credits 80% of 10']);
  });

  it('unlimited meters and those with a limit of zero reach nothing', () => {
    expect(thresholdsOf(PRO, used(PRO, { letters: 1_000, emails: 1_000 }, '2026-02-10'))).toEqual([]);
  });

  it('what is held of a level over the end of a period has been reached before', () => {
    const holding = (seats: number): Account => ({ ...PRO, levels: { seats: { used: seats, limit: 5 } } });
    const { account: march } = rollForward(holding(5), at('2026-03-01'), LETTERS);
    expect(thresholdsOf(holding(4), holding(5))).toEqual(['seats 100% of 5']);
    expect(thresholdsOf(holding(5), march)).toEqual([]);
    expect(thresholdsOf(holding(3), { ...march, levels: holding(4).levels })).toEqual(['seats 80% of 5']);
  });

  it('a meter whose id a level has too is not mistaken for it', () => {
    const levels = { letters: { used: 5, limit: 5 } };
    expect(thresholdsOf({ ...freeUser(3), levels }, { ...freeUser(4), levels })).toEqual([
      'letters 80% of 5',
    ]);
  });

  it('tells what has been reached, under an id of user, meter, threshold, period and limit', () => {
    const [event] = eventsOf(accountChange(freeUser(3), freeUser(4)), LETTERS);
    expect(event).toEqual({
      name: 'UsageThresholdReached',
      version: 1,
      id: 'UsageThresholdReached:user:letters:80:2026-02-01T00:00:00.000Z:5',
      at: '2026-02-10T12:00:00.000Z',
      userId: 'user',
      data: {
        meter: 'letters',
        thresholdPercent: 80,
        used: 4,
        limit: 5,
        period: '2026-02-01T00:00:00.000Z',
        periodEndsAt: '2026-03-01T00:00:00.000Z',
      },
    });
  });

  it('each is reached exactly once in a period, whatever the jumps', () => {
    const jump = fc.integer({ min: 1, max: 700 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000 }), fc.array(jump, { maxLength: 12 }), (limit, jumps) => {
        const counts = [0];
        for (const by of jumps) {
          counts.push(Math.min(limit, (counts.at(-1) ?? 0) + by));
        }
        const events = counts
          .slice(1)
          .flatMap((count, index) =>
            eventsOf(accountChange(mailer(counts[index] ?? 0, limit), mailer(count, limit)), LETTERS),
          );
        const reached = events.flatMap((event) =>
          event.name === 'UsageThresholdReached' ? [event.data.thresholdPercent] : [],
        );
        const highest = counts.at(-1) ?? 0;
        expect(reached).toEqual([80, 100].filter((percent) => highest * 100 >= limit * percent));
      }),
    );
  });
});

/** A subscriber who has used so many of so many credits. */
function mailer(mails: number, credits: number): Account {
  return withCredits(PRO, { purchased: credits, usedThisPeriod: mails });
}

describe('suspicious activity', () => {
  const after = (mails: number): Account => withUses(PRO, { mails: { used: mails } });
  it.each([
    [19, 20, 0],
    [20, 21, 1],
    [12, 30, 1],
    [21, 22, 0],
  ])('from %i to %i mails in a period', (before, mails, events) => {
    const published = eventsOf(accountChange(after(before), after(mails)), LETTERS);
    expect(namesOf(published)).toEqual(events === 0 ? [] : ['SuspiciousActivity']);
  });

  it('begins anew with each period', () => {
    const { account } = rollForward(PRO, at('2026-03-01'), LETTERS);
    const next = withUses(account, { mails: { used: 21 } });
    expect(eventsOf(accountChange(after(30), next), LETTERS)).toContainEqual({
      name: 'SuspiciousActivity',
      version: 1,
      id: 'SuspiciousActivity:user:mails:2026-03-01T00:00:00.000Z',
      at: '2026-02-10T12:00:00.000Z',
      userId: 'user',
      data: { period: '2026-03-01T00:00:00.000Z', meter: 'mails', used: 21, above: 20 },
    });
  });

  it('is none of a meter that the account does not know', () => {
    const unknown = { ...PRO, meters: {} };
    expect(eventsOf(accountChange(unknown, unknown), LETTERS)).toEqual([]);
  });

  it('is none of a meter that the catalogue does not watch', () => {
    expect(eventsOf(accountChange(PRO, used(PRO, { letters: 999 }, '2026-02-10')), LETTERS)).toEqual([]);
  });
});

describe('credits', () => {
  it('tells by how much the balance has changed, and the figures that hold it', () => {
    const [event] = eventsOf(
      accountChange({ ...PRO, version: 4 }, { ...used(PRO, { mails: 1 }, '2026-02-10'), version: 5 }),
      LETTERS,
    );
    expect(event).toMatchObject({
      name: 'CreditsChanged',
      id: 'CreditsChanged:user:5',
      data: { accountVersion: 5, change: -1, available: 1, granted: 2, used: 1, expired: 0, takenBack: 0 },
    });
  });

  it('an account that begins with credits has changed from none', () => {
    expect(eventsOf(accountChange(null, PRO), LETTERS)).toContainEqual(
      expect.objectContaining({ name: 'CreditsChanged', data: expect.objectContaining({ change: 2 }) }),
    );
  });

  it('are left alone by letters', () => {
    expect(eventsOf(accountChange(PRO, used(PRO, { letters: 1 }, '2026-02-10')), LETTERS)).toEqual([]);
  });
});

describe('subscriptions', () => {
  const follow = (account: Account, facts: Parameters<typeof followSubscription>[1]): Account =>
    followSubscription(account, facts, at('2026-02-10'), LETTERS).account;

  it.each([
    ['begins', null, PRO, ['none', 'pro', 'none', 'active']],
    [
      'changes its plan',
      PRO,
      follow(PRO, active({ plan: 'enterprise', anchor: '2026-02-01' })),
      ['pro', 'enterprise', 'active', 'active'],
    ],
    [
      'is past due',
      PRO,
      follow(PRO, pastDue({ anchor: '2026-02-01', graceEndsAt: '2026-02-17' })),
      ['pro', 'pro', 'active', 'past_due'],
    ],
    [
      'will end',
      PRO,
      follow(PRO, active({ anchor: '2026-02-01', endsAt: '2026-03-01' })),
      ['pro', 'pro', 'active', 'active'],
    ],
    ['ends', PRO, follow(PRO, null), ['pro', 'none', 'active', 'canceled']],
    [
      'begins with a trial',
      null,
      givenSubscriber(trial({ trialEndsAt: '2026-02-20' }), '2026-02-10'),
      ['none', 'pro', 'none', 'trialing'],
    ],
  ])('%s', (_, before, after, [previousPlan, plan, previousStatus, status]) => {
    const event = eventsOf(accountChange(before, { ...after, version: 9 }), LETTERS).find(
      ({ name }) => name === 'SubscriptionChanged',
    );
    expect(event).toMatchObject({
      id: 'SubscriptionChanged:user:9',
      data: { previousPlan, plan, previousStatus, status },
    });
  });

  it('says when trial, grace and subscription end', () => {
    const ends = [
      givenSubscriber(trial({ trialEndsAt: '2026-02-20' }), '2026-02-10'),
      follow(PRO, pastDue({ anchor: '2026-02-01', graceEndsAt: '2026-02-17', endsAt: '2026-03-01' })),
    ].map((after) => eventsOf(accountChange(null, after), LETTERS)[0]?.data);
    expect(ends).toEqual([
      expect.objectContaining({ trialEndsAt: '2026-02-20T00:00:00.000Z', graceEndsAt: null, endsAt: null }),
      expect.objectContaining({
        subscriptionId: 'sub_1',
        interval: 'month',
        trialEndsAt: null,
        graceEndsAt: '2026-02-17T00:00:00.000Z',
        endsAt: '2026-03-01T00:00:00.000Z',
      }),
    ]);
  });

  it('that stay as they were raise no event', () => {
    expect(eventsOf(accountChange(PRO, { ...PRO, version: 2, billingVersion: 7 }), LETTERS)).toEqual([]);
  });
});

describe('erasure', () => {
  const tombstone: AccountState = { kind: 'erased', userId: 'user', version: 8, erasedAt: WRITTEN_AT };

  it('is told once', () => {
    expect(eventsOf(accountChange(PRO, tombstone), LETTERS)).toEqual([
      expect.objectContaining({ name: 'AccountErased', id: 'AccountErased:user:8' }),
    ]);
    expect(eventsOf(accountChange(null, tombstone), LETTERS)).toHaveLength(1);
    expect(eventsOf(accountChange(tombstone, tombstone), LETTERS)).toEqual([]);
    expect(eventsOf(accountChange(PRO, null), LETTERS)).toEqual([]);
  });
});

const LETTER = { id: 'letter-1', title: 'To myself', createdAt: at('2026-02-09'), deletedAt: null };
const GONE = { ...LETTER, title: '', deletedAt: at('2026-02-10') };

const PERIOD = rollForward(PRO, at('2026-03-01'), LETTERS).closed[0] ?? null;
const MOVEMENT = { id: 'line-1', at: at('2026-02-09'), kind: 'purchase' as const, amount: 5, source: 'test' };

const about = { userId: 'user', at: WRITTEN_AT };

describe('records', () => {
  it.each<[string, AnyChange, string[]]>([
    ['a letter', { kind: 'letter', ...about, before: null, after: LETTER }, ['LetterCreated']],
    ['a deleted letter', { kind: 'letter', ...about, before: LETTER, after: GONE }, ['LetterDeleted']],
    ['a counted delivery of it', { kind: 'letter', ...about, before: LETTER, after: LETTER }, []],
    ['an erased letter', { kind: 'letter', ...about, before: LETTER, after: null }, []],
    ['an erased tombstone', { kind: 'letter', ...about, before: GONE, after: null }, []],
    ['a touched tombstone', { kind: 'letter', ...about, before: GONE, after: GONE }, []],
    ['a period', { kind: 'period', ...about, before: null, after: PERIOD }, ['PeriodClosed']],
    ['a period that owes less', { kind: 'period', ...about, before: PERIOD, after: PERIOD }, []],
    ['an erased line', { kind: 'movement', ...about, before: MOVEMENT, after: null }, []],
    ['a line of the ledger', { kind: 'movement', ...about, before: null, after: MOVEMENT }, []],
  ])('%s', (_, change, names) => {
    expect(namesOf(eventsOf(change, LETTERS))).toEqual(names);
  });

  it.each<[DeliveryStatus | null, DeliveryStatus | null, number]>([
    [null, 'scheduled', 1],
    [null, 'pending_payment', 0],
    ['pending_payment', 'scheduled', 1],
    ['pending_payment', 'failed', 0],
    ['scheduled', 'dispatched', 0],
    ['dispatched', 'dispatched', 0],
    ['scheduled', 'cancelled', 0],
    ['scheduled', 'scheduled', 0],
    ['scheduled', null, 0],
  ])('a delivery from %s to %s: %i', (before, after, count) => {
    const change: AnyChange = {
      kind: 'delivery',
      ...about,
      before: before === null ? null : givenDelivery(before, 'email'),
      after: after === null ? null : givenDelivery(after, 'email'),
    };
    const scheduled = namesOf(eventsOf(change, LETTERS)).filter((name) => name === 'DeliveryScheduled');
    expect(scheduled).toHaveLength(count);
  });

  it('a delivery that is paid later was scheduled when it was paid', () => {
    const [event] = eventsOf(
      {
        kind: 'delivery',
        ...about,
        before: givenDelivery('pending_payment', 'email'),
        after: givenDelivery('scheduled', 'email'),
      },
      LETTERS,
    );
    expect(event?.at).toBe('2026-02-10T12:00:00.000Z');
  });

  it('tell ids, counts and instants, and never what a letter says or whom it goes to', () => {
    const changes: AnyChange[] = [
      { kind: 'letter', ...about, before: null, after: LETTER },
      { kind: 'letter', ...about, before: LETTER, after: GONE },
      { kind: 'delivery', ...about, before: null, after: givenDelivery('scheduled', 'email') },
    ];
    const told = JSON.stringify(changes.flatMap((change) => eventsOf(change, LETTERS)));
    expect(told).not.toContain('To myself');
    expect(told).not.toContain('ada@example.com');
  });
});

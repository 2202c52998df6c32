import { describe, expect, it } from '@jest/globals';
import { auditOf } from '../../lambdas/letters/domain/audit.ts';
import { type Change, type RecordedMovement } from '../../lambdas/domain/changes.ts';
import { type AnyChange } from '../../lambdas/letters/domain/changes.ts';
import { type Delivery, type DeliveryStatus } from '../../lambdas/letters/domain/deliveries.ts';
import { deliveryWith, givenLife, paidByCard } from '../support/delivery-lives.ts';
import { active, at, givenSubscriber, used } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const WRITTEN_AT = at('2026-02-10T12:00:00.000Z');
const about = { userId: 'user', at: WRITTEN_AT };
const PRO = givenSubscriber(active({ plan: 'pro', anchor: '2026-02-01' }), '2026-02-10');

const LINE: RecordedMovement = {
  id: 'line-1',
  at: at('2026-02-10'),
  kind: 'adjustment_up',
  amount: 3,
  source: 'adjustment:line-1',
};

function movement(
  after: RecordedMovement | null,
  before: RecordedMovement | null = null,
): Change<'movement'> {
  return { kind: 'movement', ...about, before, after };
}

function nothing(kind: Exclude<AnyChange['kind'], 'account' | 'movement'>): AnyChange {
  return { kind, ...about, before: null, after: null };
}

describe('the audit trail', () => {
  it('keeps changes of plan', () => {
    expect(
      auditOf({ kind: 'account', ...about, before: null, after: { ...PRO, version: 1 } }, LETTERS),
    ).toEqual([
      {
        id: 'SubscriptionChanged:user:1',
        at: WRITTEN_AT,
        type: 'SubscriptionChanged',
        actor: 'postage:billing',
        userId: 'user',
        data: expect.objectContaining({ previousPlan: 'none', plan: 'pro' }),
      },
    ]);
  });

  it('keeps what cards have paid', () => {
    const byCard = (status: DeliveryStatus): Delivery =>
      deliveryWith(paidByCard(), givenLife(status, WRITTEN_AT));
    const change = { kind: 'delivery', ...about, before: byCard('pending_payment') } as const;
    expect(auditOf({ ...change, after: byCard('scheduled') }, LETTERS)).toEqual([
      {
        id: 'PaymentSucceeded:user:d1',
        at: WRITTEN_AT,
        type: 'PaymentSucceeded',
        actor: 'postage:payments',
        userId: 'user',
        data: { deliveryId: 'd1', amountCents: 300, currency: 'usd', paymentIntentId: 'pi_1' },
      },
    ]);
    expect(auditOf({ ...change, after: byCard('failed') }, LETTERS)).toMatchObject([
      { type: 'PaymentFailed' },
    ]);
  });

  it('keeps no use', () => {
    const after = used(PRO, { mails: 2 }, '2026-02-10');
    expect(auditOf({ kind: 'account', ...about, before: PRO, after }, LETTERS)).toEqual([]);
  });

  it('keeps who adjusted credits and why', () => {
    const by = { actor: 'admin-1', reason: 'Lost in the post' };
    expect(auditOf(movement({ ...LINE, ...by }), LETTERS)).toEqual([
      {
        id: 'CreditsAdjusted:user:line-1',
        at: LINE.at,
        type: 'CreditsAdjusted',
        userId: 'user',
        ...by,
        data: { amount: 3, source: 'adjustment:line-1' },
      },
    ]);
  });

  it.each([
    [
      'an adjustment whose author is not known',
      movement({ ...LINE, kind: 'adjustment_down', amount: -3 }),
      1,
    ],
    ['an erased line', movement(null, LINE), 0],
    ['a line written over', movement(LINE, LINE), 0],
    ['a purchase', movement({ ...LINE, kind: 'purchase' }), 0],
    ['a letter', nothing('letter'), 0],
    ['a delivery', nothing('delivery'), 0],
    ['counted usage', nothing('consumption'), 0],
    ['a period', nothing('period'), 0],
  ])('%s: %#', (_, change, count) => {
    const records = auditOf(change, LETTERS);
    expect(records).toHaveLength(count);
    expect(records.map(({ actor }) => actor)).toEqual(count === 0 ? [] : ['postage:admin']);
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account } from '../../lambdas/domain/account.ts';
import { auditOf } from '../../lambdas/domain/audit.ts';
import { type RecordChange } from '../../lambdas/domain/changes.ts';
import { eventsOf } from '../../lambdas/domain/events-of.ts';
import { countedOf } from '../../lambdas/domain/statistics.ts';
import {
  followPayment,
  type PaymentFacts,
  PURCHASE_STATUSES,
  type Purchase,
  type PurchaseStatus,
} from '../../lambdas/domain/purchases.ts';
import { active, at, givenSubscriber, leftOf, movementsOf, withCredits } from '../support/accounts.ts';
import { givenPurchase } from '../support/purchase-records.ts';
import { LETTERS } from '../support/catalogues.ts';

const NOW = at('2026-02-10');
const ACCOUNT = withCredits(givenSubscriber(active({}), '2026-02-03'), {});

function facts(about: Partial<PaymentFacts> = {}): PaymentFacts {
  return {
    status: 'paid',
    paymentIntentId: 'pi_1',
    customerId: 'cus_1',
    amountCents: 2_700,
    currency: 'usd',
    returnedCents: 0,
    ...about,
  };
}

interface State {
  account: Account;
  record: Purchase;
}

const BEGUN: State = { account: ACCOUNT, record: givenPurchase() };

/** Follows one report after the other; what does not fit changes nothing. */
function followed(state: State, ...reports: readonly PaymentFacts[]): State {
  return reports.reduce((now, report) => {
    const outcome = followPayment(now.account, now.record, report, NOW, LETTERS);
    return outcome.outcome === 'mismatch'
      ? now
      : { account: outcome.change?.account ?? now.account, record: outcome.record };
  }, state);
}

const PAID = followed(BEGUN, facts());

describe('following a payment', () => {
  it('grants a bundle once, and remembers what it was paid by', () => {
    expect(followPayment(ACCOUNT, givenPurchase(), facts(), NOW, LETTERS)).toMatchObject({
      outcome: 'followed',
      record: { status: 'paid', version: 3, paymentIntentId: 'pi_1', settledAt: NOW },
      change: { movements: [{ kind: 'purchase', amount: 10, source: 'purchase:p1' }] },
    });
    expect(followPayment(PAID.account, PAID.record, facts(), NOW, LETTERS)).toEqual({
      outcome: 'followed',
      record: { ...PAID.record, version: 4 },
      change: null,
    });
  });

  it('G10: grants what has been refunded already, and takes it back', () => {
    const outcome = followPayment(ACCOUNT, givenPurchase(), facts({ returnedCents: 1_350 }), NOW, LETTERS);
    expect(outcome).toMatchObject({ record: { returnedCents: 1_350, creditsTaken: 5 } });
    expect(outcome.outcome === 'followed' && outcome.change !== null && movementsOf(outcome.change)).toEqual([
      ['purchase', 10],
      ['claw_back', -5],
    ]);
  });

  it('takes back no more than all of it, however much is reported', () => {
    const { account, record } = followed(PAID, facts({ returnedCents: 4_050 }));
    expect(record).toMatchObject({ returnedCents: 2_700, creditsTaken: 10 });
    expect(leftOf(account).purchased).toBe(0);
  });

  it.each<PurchaseStatus>(['open', 'processing', 'failed', 'expired'])(
    'grants nothing while it is %s',
    (status) => {
      const { account, record } = followed(BEGUN, facts({ status, paymentIntentId: null }));
      expect({ account, status: record.status }).toEqual({ account: ACCOUNT, status });
    },
  );

  it.each<[string, Partial<PaymentFacts>]>([
    ['another amount', { amountCents: 2_600 }],
    ['another currency', { currency: 'eur' }],
    ['another customer', { customerId: 'cus_2' }],
    ['no customer', { customerId: null }],
  ])('refuses %s', (_, about) => {
    expect(followPayment(ACCOUNT, givenPurchase(), facts(about), NOW, LETTERS)).toEqual({
      outcome: 'mismatch',
    });
  });

  it('refuses a second payment of the same purchase', () => {
    const second = facts({ paymentIntentId: 'pi_2' });
    expect(followPayment(PAID.account, PAID.record, second, NOW, LETTERS)).toEqual({ outcome: 'mismatch' });
  });

  it('does not mind a page that was left before it was paid on another one', () => {
    const refunded = followed(PAID, facts({ returnedCents: 1_350 }));
    const left = facts({ status: 'expired', paymentIntentId: null });
    expect(followed(refunded, left)).toEqual({
      account: refunded.account,
      record: { ...refunded.record, version: refunded.record.version + 1 },
    });
  });

  it('G10: reports in any order, repeated, end where the last one alone does', () => {
    const anyReport = fc.record({
      status: fc.constantFrom(...PURCHASE_STATUSES),
      returnedCents: fc.integer({ min: 0, max: 4_000 }),
    });
    fc.assert(
      fc.property(fc.array(anyReport, { maxLength: 6 }), fc.nat({ max: 4_000 }), (reports, returnedCents) => {
        const last = facts({ returnedCents });
        const all = followed(BEGUN, ...reports.map((report) => facts(report)), last, last);
        const alone = followed(BEGUN, last);
        expect({ ...all.record, version: 0 }).toEqual({ ...alone.record, version: 0 });
        expect(leftOf(all.account)).toEqual(leftOf(alone.account));
        expect(all.account.credits.owed).toBe(alone.account.credits.owed);
      }),
    );
  });
});

describe('what follows from a purchase', () => {
  const change = (before: Purchase | null, after: Purchase | null): RecordChange => ({
    kind: 'purchase',
    userId: 'user',
    at: at('2026-02-12'),
    before,
    after,
  });
  const OPEN = givenPurchase();
  const BOUGHT = PAID.record;
  const REFUNDED = followed(PAID, facts({ returnedCents: 1_350 })).record;
  const FAILED = givenPurchase({ status: 'failed' });
  const told = (before: Purchase | null, after: Purchase | null): string[] =>
    eventsOf(change(before, after), LETTERS).map(({ id }) => id);

  it('is told by name, once', () => {
    expect(told(null, OPEN)).toEqual([]);
    expect(told(OPEN, null)).toEqual([]);
    expect(told(OPEN, givenPurchase({ status: 'processing' }))).toEqual([]);
    expect(told(OPEN, BOUGHT)).toEqual(['CreditsPurchased:user:p1']);
    expect(told(BOUGHT, REFUNDED)).toEqual(['PurchaseRefunded:user:p1:4']);
    expect(told(OPEN, REFUNDED)).toEqual(['CreditsPurchased:user:p1', 'PurchaseRefunded:user:p1:4']);
    expect(told(OPEN, FAILED)).toEqual(['PurchaseFailed:user:p1']);
    expect(told(FAILED, FAILED)).toEqual([]);
    expect(told(OPEN, givenPurchase({ status: 'expired' }))).toEqual(['PurchaseFailed:user:p1']);
  });

  it('stands in the audit trail where money has moved', () => {
    const types = (before: Purchase, after: Purchase): string[] =>
      auditOf(change(before, after), LETTERS).map(({ type }) => type);
    expect(types(OPEN, REFUNDED)).toEqual(['CreditsPurchased', 'PurchaseRefunded']);
    expect(types(OPEN, FAILED)).toEqual([]);
    expect(auditOf(change(BOUGHT, REFUNDED), LETTERS)).toMatchObject([
      { actor: 'postage:billing', userId: 'user', data: { returnedCents: 1_350, creditsTaken: 5 } },
    ]);
  });

  it('counts on the day on which it was learnt, each of its states once', () => {
    const counted = (before: Purchase | null, after: Purchase | null): object | null =>
      countedOf(change(before, after));
    expect(counted(null, OPEN)).toBeNull();
    expect(counted(OPEN, null)).toBeNull();
    expect(counted(OPEN, FAILED)).toBeNull();
    expect(counted(OPEN, BOUGHT)).toEqual(
      expect.objectContaining({
        subject: `purchase:p1:${String(BOUGHT.version)}`,
        day: '2026-02-10',
        isUse: false,
        totals: { creditsBought: 10, bundleRevenueCents: 2_700 },
      }),
    );
    expect(counted(BOUGHT, { ...REFUNDED, version: BOUGHT.version + 1 })).toEqual(
      expect.objectContaining({
        subject: `purchase:p1:${String(BOUGHT.version + 1)}`,
        totals: { creditsRefunded: 5, bundleRefundsCents: 1_350 },
      }),
    );
    expect(counted(REFUNDED, { ...BOUGHT, version: 5, settledAt: null })).toEqual(
      expect.objectContaining({
        day: '2026-02-12',
        totals: { creditsRefunded: -5, bundleRefundsCents: -1_350 },
      }),
    );
  });
});

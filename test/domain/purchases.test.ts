import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Account } from '../../lambdas/domain/account.ts';
import { type Settlement, settlePurchase } from '../../lambdas/domain/purchases.ts';
import {
  active,
  at,
  givenSubscriber,
  leftOf,
  movementsOf,
  periodsOf,
  used,
  withCredits,
} from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const NOW = at('2026-02-10');
const ACCOUNT = withCredits(givenSubscriber(active({}), '2026-02-03'), {});
const BUNDLE: Settlement = {
  credits: 10,
  amountCents: 2_700,
  returnedCents: 0,
  creditsTaken: 0,
  isPaid: true,
  isGranted: false,
};

/** Settles what Stripe says, one report after the other. */
function settled(
  account: Account,
  purchase: Settlement,
  reports: readonly Partial<Settlement>[],
): { account: Account; purchase: Settlement } {
  return reports.reduce(
    (now, report) => {
      const change = settlePurchase(now.account, { ...now.purchase, ...report }, NOW, 'purchase:p1', LETTERS);
      return { account: change.account, purchase: change.purchase };
    },
    { account, purchase },
  );
}

describe('settling a purchase', () => {
  it('G10: grants it once when it is paid', () => {
    const first = settlePurchase(ACCOUNT, BUNDLE, NOW, 'purchase:p1', LETTERS);
    expect(first.movements).toEqual([{ kind: 'purchase', amount: 10, source: 'purchase:p1' }]);
    expect(first.purchase).toEqual({ ...BUNDLE, isGranted: true });
    const again = settlePurchase(first.account, first.purchase, NOW, 'purchase:p1', LETTERS);
    expect(again).toEqual({ account: first.account, closed: [], movements: [], purchase: first.purchase });
  });

  it('waits for the payment', () => {
    const unpaid = { ...BUNDLE, isPaid: false };
    const change = settlePurchase(ACCOUNT, unpaid, NOW, 'purchase:p1', LETTERS);
    expect(change).toEqual({ account: ACCOUNT, closed: [], movements: [], purchase: unpaid });
  });

  it('G10: takes back what was refunded before its grant', () => {
    const change = settlePurchase(ACCOUNT, { ...BUNDLE, returnedCents: 1_350 }, NOW, 'purchase:p1', LETTERS);
    expect(movementsOf(change)).toEqual([
      ['purchase', 10],
      ['claw_back', -5],
    ]);
    expect(change.purchase).toMatchObject({ isGranted: true, creditsTaken: 5 });
  });

  it('leaves as owed what was spent, and forgives it when a dispute is won', () => {
    const granted = settled(ACCOUNT, BUNDLE, [{}]);
    const spent = used(granted.account, { mails: 8 }, '2026-02-10');
    const disputed = settled(spent, granted.purchase, [{ returnedCents: 2_700 }]);
    expect(disputed.account.credits).toMatchObject({ purchased: 8, owed: 8, takenBack: 2 });
    expect(disputed.purchase.creditsTaken).toBe(10);
    const won = settled(disputed.account, disputed.purchase, [{ returnedCents: 0 }]);
    expect(won.account.credits).toMatchObject({ purchased: 10, owed: 0, takenBack: 0 });
    expect(leftOf(won.account).purchased).toBe(2);
  });

  it('grants a bundle that cost nothing', () => {
    const { account, purchase } = settled(ACCOUNT, { ...BUNDLE, amountCents: 0 }, [{}, {}]);
    expect(leftOf(account).purchased).toBe(10);
    expect(purchase.creditsTaken).toBe(0);
  });

  it('rolls forward first', () => {
    const change = settlePurchase(ACCOUNT, BUNDLE, at('2026-03-10'), 'purchase:p1', LETTERS);
    expect(periodsOf(change)).toEqual([['2026-01-31', '2026-02-28']]);
    expect(leftOf(change.account)).toMatchObject({ included: 2, purchased: 10 });
  });

  it('G10: G4: reports in any order, repeated, end in the same credits as the last alone', () => {
    const anyReport = fc.record({ returnedCents: fc.integer({ min: 0, max: 4_000 }) });
    fc.assert(
      fc.property(
        fc.array(anyReport, { maxLength: 6 }),
        anyReport,
        fc.nat({ max: 10 }),
        (reports, last, mails) => {
          const granted = settled(ACCOUNT, BUNDLE, [{}]);
          const spent = used(granted.account, { mails }, '2026-02-10');
          const all = settled(spent, granted.purchase, [...reports, last, last]);
          expect(all).toEqual(settled(spent, granted.purchase, [last]));
        },
      ),
    );
  });
});

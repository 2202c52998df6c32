import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  adjustDown,
  available,
  changeAllowance,
  clawBack,
  closeCredits,
  type Credits,
  type CreditsChange,
  giveGift,
  grantIncluded,
  grantPurchased,
  left,
  payOwed,
  restoreLots,
  type ReturnCause,
  returnCredit,
  useCredits,
} from '../../lambdas/domain/credits.ts';
import { sumLots } from '../../lambdas/domain/lots.ts';
import { expireYoungestLots } from '../../lambdas/domain/unpaid-periods.ts';
import { anyCredits, anyLots } from '../support/arbitraries.ts';
import { expectBalancedChange, expectDebtsPaid, expectSoundCredits } from '../support/books.ts';

const anyCarryOver = fc.option(
  fc.record({ cap: fc.constantFrom(0, 3, 10), periods: fc.integer({ min: 1, max: 4 }) }),
);

const FAILED = { because: 'failed' } as const;

/** A step within one period; null where the account refuses it. */
type Step = (credits: Credits) => CreditsChange | null;

const count = fc.integer({ min: 0, max: 9 });

/** The steps whose order does not matter within a period. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  count.map(
    (uses): Step =>
      (credits) =>
        uses > available(credits) ? null : useCredits(credits, uses, 'use'),
  ),
  fc.constant<Step>((credits) =>
    credits.usedThisPeriod === 0 ? null : returnCredit(credits, { period: 'open' }, FAILED, 'return'),
  ),
  fc.nat({ max: 1 }).map((owing): Step => {
    const spentIn = { period: 'closed', purchasedOutstanding: owing } as const;
    return (credits) => returnCredit(credits, spentIn, FAILED, 'return');
  }),
  count.map(
    (bought): Step =>
      (credits) =>
        grantPurchased(credits, bought, 'purchase', 'purchase'),
  ),
  count.map(
    (due): Step =>
      (credits) =>
        clawBack(credits, due, 'refund'),
  ),
  count.map(
    (gift): Step =>
      (credits) =>
        grantPurchased(credits, gift, 'gift_returned', 'gift'),
  ),
  count.map((gift): Step => (credits) => {
    return gift > left(credits).purchased ? null : giveGift(credits, gift, 'gift');
  }),
);

/** Every other way in which credits change. */
const anyTurn: fc.Arbitrary<Step> = fc.oneof(
  // Whether there is room for what its user cancelled depends on what is left at the time.
  fc.nat({ max: 12 }).map((allowed): Step => {
    const cause: ReturnCause = { because: 'cancelled', allowed };
    return (credits) => returnCredit(credits, { period: 'closed', purchasedOutstanding: 0 }, cause, 'return');
  }),
  count.map((taken): Step => (credits) => {
    return taken > available(credits) ? null : adjustDown(credits, taken, 'adjustment');
  }),
  count.map((given): Step => (credits) => {
    return given > credits.takenBack + credits.owed ? null : clawBack(credits, -given, 'dispute');
  }),
  anyCarryOver.map((carryOver): Step => (credits) => {
    return closeCredits(credits, { at: 'boundary', carryOver }, 'close');
  }),
  fc.tuple(anyCarryOver, fc.nat({ max: 3 })).map(([carryOver, unpaidLots]): Step => (credits) => {
    return closeCredits(credits, { at: 'moved anchor', carryOver, unpaidLots }, 'close');
  }),
  fc.constant<Step>((credits) => closeCredits(credits, { at: 'ending' }, 'close')),
  count.map(
    (allowance): Step =>
      (credits) =>
        changeAllowance(credits, allowance, 'change'),
  ),
  count.map((allowance): Step => (credits) => {
    return credits.included > 0 ? null : grantIncluded(credits, allowance, 'open');
  }),
  anyLots.map(
    (lots): Step =>
      (credits) =>
        restoreLots(credits, lots, 'open'),
  ),
  fc.nat({ max: 4 }).map((lots): Step => {
    return (credits) => expireYoungestLots(credits, lots, 'late news');
  }),
  fc.constant<Step>((credits) => payOwed(credits, 'pay')),
);

/** What a gift returned or a dispute won gives back must have been taken before. */
function havingTaken(credits: Credits): Credits {
  return { ...credits, granted: credits.granted + 1_000, takenBack: credits.takenBack + 1_000 };
}

function afterAll(steps: readonly Step[], credits: Credits): Credits | null {
  return steps.reduce<Credits | null>(
    (now, step) => (now === null ? null : (step(now)?.credits ?? null)),
    credits,
  );
}

describe('G4: whatever happens to credits', () => {
  it('G4: G1: pots stay whole and above zero, and the balance moves by what the movements say', () => {
    fc.assert(
      fc.property(anyCredits.map(havingTaken), fc.oneof(anyStep, anyTurn), (credits, step) => {
        const change = step(credits);
        if (change !== null) {
          expectBalancedChange(credits, change);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('G4: the same over a sequence, and nothing stays owed that could be paid within a period', () => {
    fc.assert(
      fc.property(anyCredits.map(havingTaken), fc.array(anyStep, { maxLength: 12 }), (start, steps) => {
        let credits = start;
        for (const step of steps) {
          credits = step(credits)?.credits ?? credits;
          expectSoundCredits(credits);
          expectDebtsPaid(credits);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('within a period', () => {
  it('the order of uses, returns, purchases, gifts and claw-backs does not matter', () => {
    let compared = 0;
    const stepsInTwoOrders = fc
      .array(anyStep, { minLength: 2, maxLength: 7 })
      .chain((steps) =>
        fc.tuple(
          fc.constant(steps),
          fc.shuffledSubarray(steps, { minLength: steps.length, maxLength: steps.length }),
        ),
      );
    fc.assert(
      fc.property(anyCredits.map(havingTaken), stepsInTwoOrders, (credits, [steps, shuffled]) => {
        const one = afterAll(steps, credits);
        const other = afterAll(shuffled, credits);
        if (one !== null && other !== null) {
          compared += 1;
          expect(other).toEqual(one);
        }
      }),
      { numRuns: 2_000 },
    );
    // Refusals depend on the order; enough pairs must have had none.
    expect(compared).toBeGreaterThan(500);
  });

  it('G11: a use and its return leave everything as it was', () => {
    fc.assert(
      fc.property(anyCredits, (credits) => {
        fc.pre(available(credits) > 0);
        const usedOnce = useCredits(credits, 1, 'use').credits;
        expect(returnCredit(usedOnce, { period: 'open' }, FAILED, 'return').credits).toEqual(credits);
      }),
    );
  });
});

describe('closing', () => {
  it('G8: leaves as many purchased credits as were unspent, wherever it closes', () => {
    fc.assert(
      fc.property(
        anyCredits,
        anyCarryOver,
        fc.constantFrom('boundary' as const, 'moved anchor' as const, 'ending' as const),
        (credits, carryOver, at) => {
          const close = at === 'ending' ? { at } : { at, carryOver, unpaidLots: 1 };
          expect(closeCredits(credits, close, 'close').credits.purchased).toBe(left(credits).purchased);
        },
      ),
    );
  });

  it('carries no more than the cap', () => {
    fc.assert(
      fc.property(
        anyCredits,
        fc.nat({ max: 20 }),
        fc.constantFrom('boundary' as const, 'moved anchor' as const),
        (credits, cap, at) => {
          const close = { at, carryOver: { cap, periods: 3 }, unpaidLots: 1 };
          const { lots } = closeCredits(credits, close, 'close').credits;
          expect(sumLots(lots)).toBeLessThanOrEqual(cap);
        },
      ),
    );
  });

  it('lets nothing expire below the cap but the lots that have served their periods', () => {
    fc.assert(
      fc.property(anyCredits, fc.integer({ min: 1, max: 5 }), (credits, periods) => {
        const rest = left(credits);
        const change = closeCredits(credits, { at: 'boundary', carryOver: { cap: 1_000, periods } }, 'close');
        const served = rest.lots.slice(0, Math.max(0, rest.lots.length - periods + 1));
        expect(change.credits.expired - credits.expired).toBe(sumLots(served));
        expect(change.credits.lots).toHaveLength(periods);
      }),
    );
  });
});

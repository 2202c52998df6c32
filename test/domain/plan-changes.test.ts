import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR_MS } from '../../lambdas/domain/instants.ts';
import { type Offer } from '../../lambdas/domain/live-subscription.ts';
import {
  type BillingChange,
  effectiveAtOf,
  endingOfWaiting,
  isSettled,
  judgeChange,
} from '../../lambdas/domain/change-verdicts.ts';
import {
  type AskedChange,
  CHANGE_KINDS,
  CHANGE_REFUSALS,
  type ChangeableSubscription,
  type PendingUpdate,
  UPDATE_PAYMENTS,
  asksForSame,
  decideChange,
  isLarger,
  isSameOffer,
  isSold,
  isStalled,
  isUnpaid,
} from '../../lambdas/domain/plan-changes.ts';
import { at } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const PRO: Offer = { plan: 'pro', interval: 'month' };
const PRO_YEARLY: Offer = { plan: 'pro', interval: 'year' };
const ENTERPRISE: Offer = { plan: 'enterprise', interval: 'month' };
const OFFERS = [PRO, PRO_YEARLY, ENTERPRISE] as const;

const END = at('2026-12-24');

const PENDING: PendingUpdate = {
  offer: ENTERPRISE,
  invoiceId: 'in_1',
  payment: 'needs_holder',
  clientSecret: 'pi_1_secret_1',
  declineCode: null,
  expiresAt: at('2026-11-25'),
};

const ACTIVE: ChangeableSubscription = {
  id: 'sub_1',
  status: 'active',
  offer: PRO,
  periodEndsAt: END,
  cancelAt: null,
  scheduled: null,
  pending: null,
  isInvoiced: false,
  methodType: 'card',
};

const ON_ENTERPRISE = { ...ACTIVE, offer: ENTERPRISE };
const SCHEDULED = { offer: PRO, at: END };

const to = (offer: Offer | null): AskedChange => ({ kind: 'plan_change', offer });
const CANCEL: AskedChange = { kind: 'cancellation', offer: null };
const KEEP: AskedChange = { kind: 'cancellation_taken_back', offer: null };
const TAKE_BACK: AskedChange = { kind: 'plan_change_taken_back', offer: null };

function decide(asked: AskedChange, facts: ChangeableSubscription): string {
  const decision = decideChange(asked, facts, LETTERS);
  return decision.outcome === 'refused' ? decision.refusal : decision.way;
}

describe('a change', () => {
  it.each<[string, AskedChange, ChangeableSubscription, string]>([
    ['a larger plan', to(ENTERPRISE), ACTIVE, 'at_once'],
    ['a larger plan by a shorter interval', to(ENTERPRISE), { ...ACTIVE, offer: PRO_YEARLY }, 'at_once'],
    ['the longer interval', to(PRO_YEARLY), ACTIVE, 'at_once'],
    ['the shorter interval', to(PRO), { ...ACTIVE, offer: PRO_YEARLY }, 'at_period_end'],
    ['a smaller plan', to(PRO), ON_ENTERPRISE, 'at_period_end'],
    ['a smaller plan by a longer interval', to(PRO_YEARLY), ON_ENTERPRISE, 'at_period_end'],
    [
      'another smaller plan than the scheduled one',
      to(PRO_YEARLY),
      { ...ON_ENTERPRISE, scheduled: SCHEDULED },
      'at_period_end',
    ],
    ['a smaller plan while past due', to(PRO), { ...ON_ENTERPRISE, status: 'past_due' }, 'at_period_end'],
    [
      'a smaller plan while a larger one waits',
      to(PRO),
      { ...ACTIVE, offer: PRO_YEARLY, pending: PENDING },
      'at_period_end',
    ],
    [
      'a smaller plan by a bank debit',
      to(PRO),
      { ...ON_ENTERPRISE, methodType: 'sepa_debit' },
      'at_period_end',
    ],
    ['a larger plan by Link', to(ENTERPRISE), { ...ACTIVE, methodType: 'link' }, 'at_once'],
    ['a larger plan without a known method', to(ENTERPRISE), { ...ACTIVE, methodType: null }, 'at_once'],
    ['any plan in a trial', to(ENTERPRISE), { ...ACTIVE, status: 'trialing' }, 'price_only'],
    ['a smaller plan in a trial', to(PRO), { ...ON_ENTERPRISE, status: 'trialing' }, 'price_only'],
    ['a cancellation', CANCEL, ACTIVE, 'at_period_end'],
    ['a cancellation while past due', CANCEL, { ...ACTIVE, status: 'past_due' }, 'at_period_end'],
    ['a cancellation at an unknown price', CANCEL, { ...ACTIVE, offer: null }, 'at_period_end'],
    [
      'a cancellation of what Stripe has stopped charging',
      CANCEL,
      { ...ACTIVE, status: 'unpaid' },
      'at_once',
    ],
    [
      'a cancellation at once of what would end later',
      CANCEL,
      { ...ACTIVE, status: 'unpaid', cancelAt: END },
      'at_once',
    ],
    ['a cancellation of what is paused', CANCEL, { ...ACTIVE, status: 'paused' }, 'at_once'],
    ['a cancellation by invoice', CANCEL, { ...ACTIVE, isInvoiced: true }, 'at_period_end'],
    ['to keep what was cancelled', KEEP, { ...ACTIVE, cancelAt: END }, 'at_once'],
    ['to take back what is scheduled', TAKE_BACK, { ...ON_ENTERPRISE, scheduled: SCHEDULED }, 'at_once'],
    ['to take back what waits', TAKE_BACK, { ...ACTIVE, pending: PENDING }, 'at_once'],
  ])('is accepted: %s', (_, asked, facts, way) => {
    expect(decide(asked, facts)).toBe(way);
  });

  it('tells from when it holds, where it waits for the end of the period', () => {
    expect(decideChange(to(PRO), ON_ENTERPRISE, LETTERS)).toMatchObject({ effectiveAt: END });
    expect(decideChange(CANCEL, ACTIVE, LETTERS)).toMatchObject({ effectiveAt: END });
    expect(decideChange(to(ENTERPRISE), ACTIVE, LETTERS)).toMatchObject({ effectiveAt: null });
  });

  /** Each row also has what every later row is refused for, as far as both can hold at once. */
  it.each<[string, AskedChange, ChangeableSubscription]>([
    [
      'not_subscribed',
      to(PRO),
      { ...ACTIVE, status: 'unpaid', offer: null, isInvoiced: true, cancelAt: END },
    ],
    ['unknown_price', to(PRO), { ...ACTIVE, offer: null, isInvoiced: true, cancelAt: END }],
    ['by_invoice', to(PRO), { ...ACTIVE, isInvoiced: true, cancelAt: END, status: 'past_due' }],
    ['same_plan', to(PRO), { ...ACTIVE, cancelAt: END, status: 'past_due', pending: PENDING }],
    ['cancelled', to(ENTERPRISE), { ...ACTIVE, cancelAt: END, status: 'past_due', methodType: 'sepa_debit' }],
    [
      'already_scheduled',
      to(PRO),
      { ...ON_ENTERPRISE, scheduled: SCHEDULED, status: 'past_due', pending: PENDING },
    ],
    [
      'past_due',
      to(ENTERPRISE),
      { ...ACTIVE, status: 'past_due', methodType: 'sepa_debit', pending: PENDING },
    ],
    ['method', to(ENTERPRISE), { ...ACTIVE, methodType: 'sepa_debit', pending: PENDING }],
    ['pending', to(ENTERPRISE), { ...ACTIVE, pending: PENDING }],
    ['pending', to(PRO_YEARLY), { ...ACTIVE, status: 'trialing', pending: PENDING }],
    ['unknown_price', to(null), ACTIVE],
    ['cancelled', CANCEL, { ...ACTIVE, cancelAt: END }],
    ['nothing_scheduled', KEEP, ACTIVE],
    ['nothing_scheduled', TAKE_BACK, ACTIVE],
    ['not_subscribed', CANCEL, { ...ACTIVE, status: 'canceled' }],
    ['not_subscribed', KEEP, { ...ACTIVE, status: 'incomplete', cancelAt: END }],
  ])('is refused: %s', (refusal, asked, facts) => {
    expect(decide(asked, facts)).toBe(refusal);
  });

  const anyOffer = fc.constantFrom(...OFFERS);
  const anyFacts: fc.Arbitrary<ChangeableSubscription> = fc.record({
    id: fc.constant('sub_1'),
    status: fc.constantFrom('trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled', 'new'),
    offer: fc.option(anyOffer),
    periodEndsAt: fc.constant(END),
    cancelAt: fc.option(fc.constant(END)),
    scheduled: fc.option(fc.record({ offer: fc.option(anyOffer), at: fc.constant(END) })),
    pending: fc.option(
      fc.record({
        offer: fc.option(anyOffer),
        invoiceId: fc.constant('in_1'),
        payment: fc.constantFrom(...UPDATE_PAYMENTS),
        clientSecret: fc.constant(null),
        declineCode: fc.constant(null),
        expiresAt: fc.constant(END),
      }),
    ),
    isInvoiced: fc.boolean(),
    methodType: fc.option(fc.constantFrom('card', 'link', 'sepa_debit')),
  });

  it('is at once exactly if the plan is larger, or the same by a longer interval; and has one outcome', () => {
    fc.assert(
      fc.property(anyOffer, anyFacts, (offer, facts) => {
        const decision = decideChange(to(offer), facts, LETTERS);
        if (decision.outcome === 'refused') {
          expect(CHANGE_REFUSALS).toContain(decision.refusal);
          return;
        }
        expect(facts.offer).not.toBeNull();
        expect(facts.cancelAt).toBeNull();
        const larger = facts.offer !== null && isLarger(offer, facts.offer, LETTERS);
        expect(decision.way === 'at_once').toBe(larger && facts.status !== 'trialing');
        expect(decision.way === 'price_only').toBe(facts.status === 'trialing');
        expect(decision.way === 'at_once' && facts.status === 'past_due').toBe(false);
      }),
    );
  });

  it('is larger than another one or the other way round, and never both', () => {
    for (const one of OFFERS) {
      for (const other of OFFERS) {
        const directions = [isLarger(one, other, LETTERS), isLarger(other, one, LETTERS)];
        expect(directions.filter(Boolean)).toHaveLength(isSameOffer(one, other) ? 0 : 1);
      }
    }
  });

  it('leads to what is sold', () => {
    expect(OFFERS.every((offer) => isSold(offer, LETTERS))).toBe(true);
    expect(isSold({ plan: 'enterprise', interval: 'year' }, LETTERS)).toBe(false);
    expect(isSold({ plan: 'gold', interval: 'year' }, LETTERS)).toBe(false);
  });
});

const NOW = at('2026-11-24T09:00:00Z');
const UPGRADE: BillingChange = {
  id: 'change-1',
  version: 1,
  kind: 'plan_change',
  offer: ENTERPRISE,
  way: 'at_once',
  status: 'asked',
  subscriptionId: 'sub_1',
  aside: null,
  failure: null,
  declineCode: null,
  effectiveAt: null,
  createdAt: NOW,
  settledAt: null,
};
const SENT: BillingChange = { ...UPGRADE, status: 'sent' };
const CANCEL_NOW: BillingChange = { ...UPGRADE, ...CANCEL };
const TAKEN_BACK: BillingChange = { ...UPGRADE, kind: 'plan_change_taken_back', offer: ENTERPRISE };
it.each([
  ['trialing', false, false],
  ['active', false, false],
  ['past_due', true, false],
  ['unpaid', true, true],
  ['paused', false, true],
  ['canceled', false, false],
])('a subscription that is %s is unpaid: %s, and stalled: %s', (status, unpaid, stalled) => {
  const subscription = { ...ACTIVE, status };
  expect([isUnpaid(subscription), isStalled(subscription)]).toEqual([unpaid, stalled]);
});

const UNPAID: ChangeableSubscription = { ...ACTIVE, status: 'unpaid' };
const ENDED: ChangeableSubscription = { ...ACTIVE, status: 'canceled' };
const DOWNGRADE: BillingChange = { ...UPGRADE, offer: PRO, way: 'at_period_end' };

it('a change that waited for the end of a period holds from when Stripe says', () => {
  const [meant, told] = [at('2026-11-30'), END];
  const cancellation: BillingChange = { ...UPGRADE, ...CANCEL, way: 'at_period_end', effectiveAt: meant };
  expect(effectiveAtOf(cancellation, { ...ACTIVE, cancelAt: told })).toBe(told);
  expect(effectiveAtOf(cancellation, ENDED)).toBe(meant);
  const downgrade: BillingChange = { ...DOWNGRADE, effectiveAt: meant };
  expect(effectiveAtOf(downgrade, { ...ACTIVE, scheduled: { offer: PRO, at: told } })).toBe(told);
  expect(effectiveAtOf(downgrade, ACTIVE)).toBe(meant);
  expect(effectiveAtOf(UPGRADE, { ...ACTIVE, cancelAt: told })).toBeNull();
});

describe('what has become of a change', () => {
  const judge = (change: BillingChange, facts: ChangeableSubscription | null, now = NOW): string => {
    const judgement = judgeChange(change, facts, now);
    return judgement.verdict === 'refused' ? judgement.failure : judgement.verdict;
  };

  it.each<[string, BillingChange, ChangeableSubscription | null, string]>([
    ['a plan that is there', UPGRADE, ON_ENTERPRISE, 'done'],
    ['a plan that was taken back too late', { ...SENT, failure: 'taken_back' }, ON_ENTERPRISE, 'done'],
    ['a plan that waits', UPGRADE, { ...ACTIVE, pending: PENDING }, 'waiting'],
    ['a payment on its way', SENT, { ...ACTIVE, pending: { ...PENDING, payment: 'under_way' } }, 'waiting'],
    [
      'a card that was declined',
      UPGRADE,
      { ...ACTIVE, pending: { ...PENDING, payment: 'declined' } },
      'payment_failed',
    ],
    [
      'one that is about to be taken back',
      { ...SENT, failure: 'taken_back' },
      { ...ACTIVE, pending: PENDING },
      'taken_back',
    ],
    ['one that Stripe has dropped', SENT, ACTIVE, 'payment_failed'],
    ['one that gave way', { ...SENT, failure: 'replaced' }, ACTIVE, 'replaced'],
    ['one that is on its way', UPGRADE, ACTIVE, 'unknown'],
    [
      'one while another waits',
      UPGRADE,
      { ...ACTIVE, pending: { ...PENDING, offer: PRO_YEARLY } },
      'unknown',
    ],
    ['a schedule that is there', DOWNGRADE, { ...ON_ENTERPRISE, scheduled: SCHEDULED }, 'done'],
    ['a schedule that is not', DOWNGRADE, ON_ENTERPRISE, 'unknown'],
    ['a schedule whose phase has begun', DOWNGRADE, { ...ACTIVE, scheduled: null }, 'done'],
    ['a schedule that was made and is gone', { ...DOWNGRADE, status: 'sent' }, ON_ENTERPRISE, 'rejected'],
    ['a cancellation', { ...DOWNGRADE, ...CANCEL }, { ...ACTIVE, cancelAt: END }, 'done'],
    ['a cancellation that has not come', { ...DOWNGRADE, ...CANCEL }, ACTIVE, 'unknown'],
    ['a cancellation taken back', { ...UPGRADE, ...KEEP }, ACTIVE, 'done'],
    ['a cancellation whose subscription has ended', { ...DOWNGRADE, ...CANCEL }, ENDED, 'done'],
    ['a cancellation at once', CANCEL_NOW, ENDED, 'done'],
    ['a cancellation at once that has not come', CANCEL_NOW, { ...UNPAID, cancelAt: END }, 'unknown'],
    [
      'a cancellation at once of what was paid meanwhile',
      { ...CANCEL_NOW, status: 'sent' },
      ACTIVE,
      'rejected',
    ],
    ['a cancellation taken back too late', { ...UPGRADE, ...KEEP }, ENDED, 'lapsed'],
    ['a schedule taken back', TAKEN_BACK, ON_ENTERPRISE, 'done'],
    ['a schedule taken back too late', TAKEN_BACK, ACTIVE, 'lapsed'],
    [
      'a schedule at an unknown price taken back',
      { ...TAKEN_BACK, offer: null },
      { ...ACTIVE, offer: null },
      'done',
    ],
    ['a schedule not yet taken back', TAKEN_BACK, { ...ON_ENTERPRISE, scheduled: SCHEDULED }, 'unknown'],
    ['a subscription that has ended', UPGRADE, { ...ACTIVE, status: 'canceled' }, 'lapsed'],
    ['a subscription that Stripe does not know', UPGRADE, null, 'lapsed'],
  ])('is seen: %s', (_, change, facts, verdict) => {
    expect(judge(change, facts)).toBe(verdict);
  });

  it('is that it lapsed when Stripe does not know it after an hour', () => {
    expect(judge(UPGRADE, ACTIVE, NOW + HOUR_MS - 1)).toBe('unknown');
    expect(judge(UPGRADE, ACTIVE, NOW + HOUR_MS)).toBe('lapsed');
    expect(judge(UPGRADE, { ...ACTIVE, pending: PENDING }, NOW + HOUR_MS)).toBe('waiting');
  });

  it('is for good once it is done or refused', () => {
    const settled = (['asked', 'sent', 'done', 'refused'] as const).map((status) =>
      isSettled({ ...UPGRADE, status }),
    );
    expect(settled).toEqual([false, false, true, true]);
  });
});

describe('a larger plan that waits', () => {
  it.each<[AskedChange, string | null]>([
    [to(PRO_YEARLY), null],
    [to(ENTERPRISE), null],
    [to(PRO), null],
    [to(null), null],
    [KEEP, null],
    [CANCEL, 'replaced'],
    [TAKE_BACK, 'taken_back'],
  ])('with %j', (asked, failure) => {
    expect(endingOfWaiting(asked, PRO, LETTERS)).toBe(failure);
  });

  it('gives way to a smaller plan', () => {
    expect(endingOfWaiting(to(PRO), PRO_YEARLY, LETTERS)).toBe('replaced');
    expect(endingOfWaiting(to(PRO), null, LETTERS)).toBeNull();
  });

  it('has a kind of change for each of them', () => {
    expect(CHANGE_KINDS).toHaveLength(4);
  });
});

describe('two requests', () => {
  const pro = { plan: 'pro', interval: 'month' } as const;
  const yearly = { plan: 'pro', interval: 'year' } as const;

  it.each<[string, AskedChange, AskedChange, boolean]>([
    ['the same plan', { kind: 'plan_change', offer: pro }, { kind: 'plan_change', offer: { ...pro } }, true],
    ['another interval', { kind: 'plan_change', offer: pro }, { kind: 'plan_change', offer: yearly }, false],
    ['another kind', { kind: 'plan_change', offer: pro }, { kind: 'cancellation', offer: null }, false],
    [
      'taking back, whichever plan goes on',
      { kind: 'plan_change_taken_back', offer: pro },
      { kind: 'plan_change_taken_back', offer: null },
      true,
    ],
  ])('for %s', (_, one, other, isSame) => {
    expect(asksForSame(one, other)).toBe(isSame);
  });
});

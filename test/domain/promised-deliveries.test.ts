import { describe, expect, it } from '@jest/globals';
import { type Delivery, promiseAt } from '../../lambdas/letters/domain/deliveries.ts';
import { dispatchDelivery, dueAtOf } from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS, HOUR_MS } from '../../lambdas/domain/instants.ts';
import { type LifeDecision } from '../../lambdas/letters/domain/life-decisions.ts';
import { at } from '../support/accounts.ts';
import { deliveryWith } from '../support/delivery-lives.ts';

function after(decision: LifeDecision): Delivery {
  if (decision.outcome !== 'changed') {
    throw new Error(`The step was not taken: ${JSON.stringify(decision)}`);
  }
  return decision.delivery;
}

describe('a wall-clock time', () => {
  const promise = { local: '2031-03-30T02:30:00', zone: 'Europe/Berlin' };
  const FIRST_AFTER_GAP = at('2031-03-30T01:00Z');
  /** As it was promised under rules that have changed since: Berlin was to be at UTC then. */
  const asPromised = deliveryWith({
    deliverAt: at('2031-03-30T02:30Z'),
    promised: { ...promise, lookAt: at('2031-03-29T02:30Z') },
  });

  it('is computed again a day before, and then stays', () => {
    expect(dueAtOf(asPromised)).toBe(at('2031-03-29T02:30Z'));
    expect(dispatchDelivery(asPromised, at('2031-03-29T02:29Z'))).toEqual({
      outcome: 'refused',
      refusal: 'not_due',
    });
    const settled = after(dispatchDelivery(asPromised, at('2031-03-29T02:30Z')));
    expect(settled).toMatchObject({ status: 'scheduled', deliverAt: FIRST_AFTER_GAP });
    expect(settled.promised).toEqual({ ...promise, lookAt: null });
    expect(dueAtOf(settled)).toBe(FIRST_AFTER_GAP);
    const dispatched = after(dispatchDelivery(settled, FIRST_AFTER_GAP));
    expect(dispatched).toMatchObject({ status: 'dispatched', promised: { ...promise, lookAt: null } });
  });

  it('that has moved by more than a day is looked at again', () => {
    const early = deliveryWith({
      deliverAt: at('2031-03-20T00:00Z'),
      promised: { ...promise, lookAt: at('2031-03-19T00:00Z') },
    });
    const moved = after(dispatchDelivery(early, at('2031-03-19T00:00Z')));
    expect(dueAtOf(moved)).toBe(FIRST_AFTER_GAP - DAY_MS);
  });

  it('that is met late is handed over at once', () => {
    const late = after(dispatchDelivery(asPromised, FIRST_AFTER_GAP + HOUR_MS));
    expect(late).toMatchObject({ status: 'dispatched', deliverAt: FIRST_AFTER_GAP });
  });

  it('of the next day is settled when it is promised', () => {
    expect(promiseAt(promise, FIRST_AFTER_GAP - DAY_MS).promised.lookAt).toBeNull();
    expect(promiseAt(promise, FIRST_AFTER_GAP - DAY_MS - 1).promised.lookAt).toBe(FIRST_AFTER_GAP - DAY_MS);
  });
});

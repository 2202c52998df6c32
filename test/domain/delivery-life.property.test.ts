import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import {
  answerDelivery,
  cancelDelivery,
  claimAttempt,
  dispatchDelivery,
  dueAtOf,
  effectsOf,
  isOpenDelivery,
  MAX_ATTEMPTS,
  noteAccepted,
  releaseAttempt,
  reportDelivery,
} from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { type LifeDecision } from '../../lambdas/letters/domain/life-decisions.ts';
import { at } from '../support/accounts.ts';
import { deliveryWith, givenLife } from '../support/delivery-lives.ts';

const DUE = at('2026-03-10T09:00Z');
const LATER = DUE + 2 * HOUR_MS;
const SENT = { attempt: 1, result: 'sent', providerId: 'p1' } as const;
const FAILED = { attempt: 1, result: 'failed', failure: 'rejected' } as const;

function after(decision: LifeDecision): Delivery {
  if (decision.outcome !== 'changed') {
    throw new Error(`The step was not taken: ${JSON.stringify(decision)}`);
  }
  return decision.delivery;
}

describe('reports of the provider', () => {
  const dispatched = deliveryWith({ deliverAt: DUE }, givenLife('dispatched', DUE));
  const noted = after(noteAccepted(dispatched, 'p1'));

  it('leave the same delivery in any order, late and repeated', () => {
    const reports = fc.array(fc.constantFrom('sent' as const, 'failed' as const), { minLength: 1 });
    fc.assert(
      fc.property(reports, fc.boolean(), (results, answersFirst) => {
        const start = answersFirst ? after(answerDelivery(noted, SENT, LATER)) : noted;
        const end = results.reduce((delivery, result) => {
          const report = { result, providerId: 'p1', failure: 'rejected' };
          const decision = reportDelivery(delivery, report, LATER);
          return decision.outcome === 'changed' ? decision.delivery : delivery;
        }, start);
        expect(end.status).toBe(results.includes('failed') ? 'failed' : 'sent');
      }),
    );
  });
});

describe('any life', () => {
  type Step = (delivery: Delivery, now: Instant) => LifeDecision;
  const attempt = fc.integer({ min: 1, max: MAX_ATTEMPTS + 1 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constant<Step>(cancelDelivery),
    { weight: 6, arbitrary: fc.constant<Step>(dispatchDelivery) },
    { weight: 3, arbitrary: attempt.map<Step>((number) => (d, now) => claimAttempt(d, number, 'c1', now)) },
    fc.constantFrom('c1', 'c2').map<Step>((id) => (d) => releaseAttempt(d, id)),
    fc.constantFrom('p1', 'p2').map<Step>((id) => (d) => noteAccepted(d, id)),
    attempt.map<Step>((number) => (d, now) => answerDelivery(d, { ...SENT, attempt: number }, now)),
    attempt.map<Step>((number) => (d, now) => answerDelivery(d, { ...FAILED, attempt: number }, now)),
    fc
      .constantFrom('sent' as const, 'failed' as const)
      .map<Step>(
        (result) => (d, now) => reportDelivery(d, { result, providerId: 'p1', failure: 'rejected' }, now),
      ),
  );
  const life = fc.array(fc.tuple(step, fc.integer({ min: 0, max: 30 * HOUR_MS })), {
    maxLength: 60,
    size: 'max',
  });

  it('G11: gives its credit back once, if it ends without being sent, and closes its letter once', () => {
    fc.assert(
      fc.property(
        life,
        fc.constantFrom('none' as const, 'credit' as const, 'card' as const),
        (steps, paidWith) => {
          let delivery = deliveryWith({ deliverAt: DUE, paidWith });
          let now = DUE - DAY_MS;
          const total = { returned: 0, closed: 0 };
          for (const [take, pauseMs] of steps) {
            now += pauseMs;
            const decision = take(delivery, now);
            if (decision.outcome === 'changed') {
              const { closesLetter, returnsCredit } = effectsOf(delivery, decision.delivery);
              total.returned += returnsCredit ? 1 : 0;
              total.closed += closesLetter ? 1 : 0;
              expect(decision.delivery.version).toBe(delivery.version + 1);
              delivery = decision.delivery;
            }
            if (delivery.status === 'dispatched') {
              expect(delivery.dispatch.attempts).toBeLessThanOrEqual(MAX_ATTEMPTS);
            }
          }
          const isForNothing = delivery.status === 'failed' || delivery.status === 'cancelled';
          expect(total.returned).toBe(isForNothing && paidWith === 'credit' ? 1 : 0);
          expect(total.closed).toBe(isOpenDelivery(delivery) ? 0 : 1);
        },
      ),
    );
  });

  it('comes to its end by the reconciler alone', () => {
    fc.assert(
      fc.property(life, (steps) => {
        let delivery = deliveryWith({ deliverAt: DUE });
        let now = DUE;
        const take = (next: Step): void => {
          const decision = next(delivery, now);
          delivery = decision.outcome === 'changed' ? decision.delivery : delivery;
        };
        steps.forEach(([next]) => take(next));
        for (let dueAt = dueAtOf(delivery); dueAt !== null; dueAt = dueAtOf(delivery)) {
          now = dueAt;
          take(dispatchDelivery);
        }
        expect(isOpenDelivery(delivery)).toBe(false);
      }),
    );
  });
});

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type Delivery,
  type DeliveryLife,
  type DeliveryStatus,
  promiseAt,
} from '../../lambdas/letters/domain/deliveries.ts';
import {
  answerDelivery,
  answerTimeMs,
  cancelDelivery,
  claimAttempt,
  dispatchDelivery,
  dueAtOf,
  excuseAttempt,
  effectsOf,
  isOpenDelivery,
  MAX_ATTEMPTS,
  noteAccepted,
  releaseAttempt,
  reportDelivery,
} from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS, HOUR_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { type LifeDecision, type LifeRefusal } from '../../lambdas/letters/domain/life-decisions.ts';
import { at } from '../support/accounts.ts';
import { deliveryWith, givenDispatch, givenLife } from '../support/delivery-lives.ts';

const DUE = at('2026-03-10T09:00Z');
const LATER = DUE + 2 * HOUR_MS;

const STATUSES = ['pending_payment', 'scheduled', 'dispatched', 'sent', 'failed', 'cancelled'] as const;

function given(status: DeliveryStatus): Delivery {
  return deliveryWith({ deliverAt: DUE }, givenLife(status, DUE));
}

/** What a step makes of a delivery in each of its states, in a word. */
function stepsOf(step: (delivery: Delivery) => LifeDecision) {
  return Object.fromEntries(
    STATUSES.map((status) => {
      const decision = step(given(status));
      switch (decision.outcome) {
        case 'changed':
          return [status, `→ ${decision.delivery.status}`];
        case 'unchanged':
          return [status, 'unchanged'];
        case 'refused':
          return [status, decision.refusal];
      }
    }),
  );
}

function after(decision: LifeDecision): Delivery {
  if (decision.outcome !== 'changed') {
    throw new Error(`The step was not taken: ${JSON.stringify(decision)}`);
  }
  return decision.delivery;
}

function refusedAs(refusal: LifeRefusal): LifeDecision {
  return { outcome: 'refused', refusal };
}

const SENT = { attempt: 1, result: 'sent', providerId: 'p1' } as const;
const FAILED = { attempt: 1, result: 'failed', failure: 'rejected' } as const;

describe('each step, from each state', () => {
  const over = { sent: 'already_sent', failed: 'already_failed', cancelled: 'already_cancelled' };
  const unsent = { pending_payment: 'payment_pending', scheduled: 'not_dispatched', ...over };
  const failure = { result: 'failed', providerId: 'p1', failure: 'rejected' } as const;
  const steps: [string, (delivery: Delivery) => LifeDecision, Record<DeliveryStatus, string>][] = [
    [
      'cancelling',
      (delivery) => cancelDelivery(delivery, DUE - 1),
      { ...unsent, scheduled: '→ cancelled', dispatched: 'already_dispatched', cancelled: 'unchanged' },
    ],
    [
      'dispatching when it is due',
      (delivery) => dispatchDelivery(delivery, LATER),
      { ...unsent, scheduled: '→ dispatched', dispatched: '→ dispatched' },
    ],
    [
      'dispatching before',
      (delivery) => dispatchDelivery(delivery, DUE - 1),
      { ...unsent, scheduled: 'not_due', dispatched: 'not_due' },
    ],
    [
      'claiming an attempt',
      (delivery) => claimAttempt(delivery, 1, 'c1', DUE),
      { ...unsent, dispatched: '→ dispatched' },
    ],
    [
      'giving a claim back that was not made',
      (delivery) => releaseAttempt(delivery, 'c1'),
      { ...unsent, dispatched: 'unchanged' },
    ],
    [
      'the provider’s acceptance',
      (delivery) => noteAccepted(delivery, 'p1'),
      { ...unsent, dispatched: '→ dispatched' },
    ],
    [
      'the answer that it was sent',
      (delivery) => answerDelivery(delivery, SENT, LATER),
      { ...unsent, dispatched: '→ sent', sent: 'unchanged' },
    ],
    [
      'the answer that it failed',
      (delivery) => answerDelivery(delivery, FAILED, LATER),
      { ...unsent, dispatched: '→ failed', failed: 'unchanged' },
    ],
    [
      'the report that it was sent',
      (delivery) => reportDelivery(delivery, { result: 'sent', providerId: 'p1' }, LATER),
      { ...unsent, dispatched: '→ sent', sent: 'unchanged' },
    ],
    [
      'the report that it failed',
      (delivery) => reportDelivery(delivery, failure, LATER),
      { ...unsent, dispatched: '→ failed', sent: '→ failed', failed: 'unchanged' },
    ],
  ];
  it.each(steps)('%s', (_name, step, expected) => {
    expect(stepsOf(step)).toEqual(expected);
  });

  it.each(['email', 'mail'] as const)('keeps all else (%s), and raises the version', (channel) => {
    const before = deliveryWith({ channel, deliverAt: DUE });
    const dispatched = after(dispatchDelivery(before, DUE));
    expect(dispatched).toEqual({
      ...before,
      status: 'dispatched',
      version: 2,
      dispatch: givenDispatch({ lastDispatchedAt: DUE, nextTryAt: DUE + HOUR_MS }),
    });
    const sent = after(answerDelivery(dispatched, SENT, LATER));
    expect(sent).toMatchObject({ status: 'sent', sentAt: LATER, version: 3, dispatch: { providerId: 'p1' } });
    expect(after(cancelDelivery(before, DUE))).toEqual({
      ...before,
      status: 'cancelled',
      cancelledAt: DUE,
      refund: 'none',
      version: 2,
    });
  });
});

describe('attempts', () => {
  it('follow each other after an hour, and ever later, at most a day', () => {
    const hours = Array.from({ length: MAX_ATTEMPTS }, (_, index) => answerTimeMs(index + 1) / HOUR_MS);
    expect(hours).toEqual([1, 2, 4, 8, 16, 24, 24, 24]);
  });

  it('end with the eighth: then it has failed', () => {
    let delivery = deliveryWith({ deliverAt: DUE });
    let now = DUE;
    for (let attempts = 1; attempts <= MAX_ATTEMPTS; attempts += 1) {
      expect(dispatchDelivery(delivery, now - 1)).toEqual(refusedAs('not_due'));
      delivery = after(dispatchDelivery(delivery, now));
      now += answerTimeMs(attempts);
      expect(delivery).toMatchObject({ status: 'dispatched', dispatch: { attempts, nextTryAt: now } });
    }
    const failed = after(dispatchDelivery(delivery, now));
    expect(failed).toMatchObject({ status: 'failed', failure: 'unanswered', failedAt: DUE + 103 * HOUR_MS });
  });

  it('are claimed once each, and not while another one has followed', () => {
    const first = after(dispatchDelivery(deliveryWith({ deliverAt: DUE }), DUE));
    const claimed = after(claimAttempt(first, 1, 'c1', DUE + 5));
    expect(claimed).toMatchObject({
      dispatch: { claim: { id: 'c1', at: DUE + 5 }, nextTryAt: DUE + 5 + HOUR_MS },
    });
    expect(claimAttempt(claimed, 1, 'c1', DUE + 6)).toEqual({ outcome: 'unchanged' });
    expect(claimAttempt(claimed, 1, 'c2', DUE + 6)).toEqual(refusedAs('already_claimed'));
    const second = after(dispatchDelivery(claimed, DUE + 5 + HOUR_MS));
    expect(claimAttempt(second, 1, 'c1', LATER)).toEqual(refusedAs('superseded'));
    expect(claimAttempt(second, 2, 'c2', LATER).outcome).toBe('changed');
    expect(claimAttempt(second, 3, 'c2', LATER)).toEqual(refusedAs('not_dispatched'));
  });

  it('give a sender that claims late its whole time', () => {
    const first = after(dispatchDelivery(deliveryWith({ deliverAt: DUE }), DUE));
    const late = DUE + HOUR_MS - 1;
    expect(dispatchDelivery(after(claimAttempt(first, 1, 'c1', late)), DUE + HOUR_MS)).toEqual(
      refusedAs('not_due'),
    );
  });

  it('keep the reconciler’s time when a slow clock claims them before they are due', () => {
    const first = after(dispatchDelivery(deliveryWith({ deliverAt: DUE }), DUE));
    const claimed = after(claimAttempt(first, 1, 'c1', DUE - 1_000));
    expect(claimed).toMatchObject({ dispatch: { nextTryAt: DUE + HOUR_MS } });
  });

  it('can be given back by the sender that claimed them, and then be claimed again', () => {
    const claimed = after(claimAttempt(given('dispatched'), 1, 'c1', DUE));
    const released = after(releaseAttempt(claimed, 'c1'));
    expect(released).toMatchObject({ dispatch: { claim: null } });
    expect(claimAttempt(released, 1, 'c2', DUE).outcome).toBe('changed');
    expect(releaseAttempt(claimed, 'c2')).toEqual({ outcome: 'unchanged' });
  });

  it('don’t count when the provider was busy or not set up, so that such a delivery never fails', () => {
    let delivery = given('dispatched');
    let now = DUE;
    for (let attempts = 1; attempts <= 3 * MAX_ATTEMPTS; attempts += 1) {
      const claimed = after(claimAttempt(delivery, attempts, 'c1', now));
      const excused = after(excuseAttempt(claimed, 'c1'));
      expect(excused).toMatchObject({ dispatch: { attempts, uncounted: attempts, claim: null } });
      // The same attempt may be made, and excused, several times.
      const twice = after(excuseAttempt(after(claimAttempt(excused, attempts, 'c2', now)), 'c2'));
      expect(twice).toMatchObject({ dispatch: { uncounted: attempts } });
      now = dueAtOf(twice) ?? 0;
      delivery = after(dispatchDelivery(twice, now));
    }
    // From then on, eight attempts that nobody answers are the end.
    for (let unanswered = 1; unanswered < MAX_ATTEMPTS; unanswered += 1) {
      now = dueAtOf(delivery) ?? 0;
      delivery = after(dispatchDelivery(delivery, now));
    }
    const end = after(dispatchDelivery(delivery, dueAtOf(delivery) ?? 0));
    expect(end).toMatchObject({ status: 'failed', failure: 'unanswered' });
    expect(excuseAttempt(given('dispatched'), 'c1')).toEqual({ outcome: 'unchanged' });
  });

  it('keep the provider’s first id', () => {
    const noted = after(noteAccepted(given('dispatched'), 'p1'));
    expect(noteAccepted(noted, 'p2').outcome).toBe('unchanged');
    expect(after(dispatchDelivery(noted, LATER))).toMatchObject({ dispatch: { providerId: 'p1' } });
    const sent = after(answerDelivery(noted, { ...SENT, providerId: 'p2' }, LATER));
    expect(sent).toMatchObject({ status: 'sent', dispatch: { providerId: 'p1' } });
  });
});

describe('answers', () => {
  const second = after(dispatchDelivery(given('dispatched'), LATER));

  it('that it was sent count for any attempt that was made', () => {
    expect(answerDelivery(second, SENT, LATER).outcome).toBe('changed');
    expect(answerDelivery(second, { ...SENT, attempt: 3 }, LATER)).toEqual(refusedAs('not_dispatched'));
  });

  it('that it failed count for the last attempt only', () => {
    expect(answerDelivery(second, FAILED, LATER)).toEqual(refusedAs('superseded'));
    expect(answerDelivery(second, { ...FAILED, attempt: 2 }, LATER).outcome).toBe('changed');
  });
});

describe('reports of the provider', () => {
  const noted = after(noteAccepted(given('dispatched'), 'p1'));
  const failed = { result: 'failed', providerId: 'p1', failure: 'rejected' } as const;
  it('are about the letter that counts', () => {
    const other = { ...failed, providerId: 'p2' };
    expect(reportDelivery(noted, other, LATER)).toEqual(refusedAs('superseded'));
    const sent = after(answerDelivery(noted, SENT, LATER));
    expect(reportDelivery(sent, other, LATER)).toEqual(refusedAs('superseded'));
  });

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

  it('name the letter where the sender could not', () => {
    expect(after(reportDelivery(given('dispatched'), failed, LATER))).toMatchObject({
      status: 'failed',
      dispatch: { providerId: 'p1' },
    });
    const sentUnnamed = after(answerDelivery(given('dispatched'), { ...SENT, providerId: null }, LATER));
    expect(after(reportDelivery(sentUnnamed, failed, LATER))).toMatchObject({
      status: 'failed',
      dispatch: { providerId: 'p1' },
    });
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

describe('when the reconciler has to look', () => {
  it.each<[string, DeliveryLife, Instant | null]>([
    ['pending payment: a day after it was made', { status: 'pending_payment' }, DUE - DAY_MS + DAY_MS],
    ['scheduled: when it is to be delivered', { status: 'scheduled' }, DUE],
    ['dispatched: at the next try', givenLife('dispatched', DUE), DUE + HOUR_MS],
    ['sent: never', givenLife('sent', DUE), null],
    ['failed: never', givenLife('failed', DUE), null],
    ['cancelled: never', givenLife('cancelled', DUE), null],
    ['failed, with a refund to make: at once', { ...failedLife(), refund: 'needed' }, DUE],
    [
      'cancelled, with a refund to make: at once',
      { status: 'cancelled', cancelledAt: DUE, refund: 'needed' },
      DUE,
    ],
    ['refunded: never', { ...failedLife(), refund: 'done' }, null],
  ])('%s', (_name, life, dueAt) => {
    expect(dueAtOf(deliveryWith({ deliverAt: DUE, createdAt: DUE - DAY_MS }, life))).toBe(dueAt);
  });

  function failedLife(): Extract<DeliveryLife, { status: 'failed' }> {
    return { status: 'failed', dispatch: null, failedAt: DUE, failure: 'unanswered', refund: 'none' };
  }
});

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
    expect(dispatchDelivery(asPromised, at('2031-03-29T02:29Z'))).toEqual(refusedAs('not_due'));
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

import '../support/silent-functions.ts';
import { Logger } from '@aws-lambda-powertools/logger';
import { describe, expect, it, jest } from '@jest/globals';
import { refundIfNeeded } from '../../lambdas/letters/commands/refund-delivery.ts';
import { takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { eraseUser } from '../support/as-deployed.ts';
import { cancelDelivery } from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS, HOUR_MS } from '../../lambdas/domain/instants.ts';
import {
  askForMail,
  givenPayer,
  onlyDelivery,
  type Payer,
  reconcileAt,
  usePayers,
} from '../support/pay-as-you-go.ts';
import { plentyOfTime } from '../support/table.ts';

const { suite, now, asking } = usePayers();

function later(ms: number): void {
  suite.at().moveTo(new Date(now() + ms).toISOString());
}

async function refundedCharges({ customerId }: Payer): Promise<boolean[]> {
  const { data } = await suite.stripe().charges.list({ customer: customerId, limit: 100 });
  return data.filter(({ status }) => status === 'succeeded').map(({ refunded }) => refunded);
}

async function closeDispute(how: 'won' | 'lost'): Promise<void> {
  const { data } = await suite.stripe().disputes.list();
  suite.at().standIn.control.closeDispute(data[0]?.id ?? '', how);
  // Stripe repeats a refusal under its key for a day.
  later(DAY_MS);
}

describe('a disputed charge of a user who was erased meanwhile', () => {
  it.each([
    ['gone', plentyOfTime()],
    ['yet to go', { remainingMs: () => 3_000 }],
  ])('G9, G12: is refunded once the dispute is won (records have %s)', async (_, deadline) => {
    const payer = await givenPayer(suite, 'pm_card_createDispute');
    // The answer to the confirmation is lost, and the process dies.
    let requests = 0;
    const dying = suite.services(async (send) => {
      requests += 1;
      const answer = requests > 4 ? null : await send();
      return requests > 3 || answer === null ? new Response('{}', { status: 500 }) : answer;
    });
    await expect(askForMail(dying, payer, asking(payer))).rejects.toThrow();
    expect(await refundedCharges(payer)).toEqual([false]);
    await eraseUser(suite.store(), payer.userId, now(), deadline);

    expect(await suite.follow(suite.newEvents())).toEqual([]);
    expect(await refundedCharges(payer)).toEqual([false]);
    await closeDispute('won');
    expect(await suite.follow(suite.newEvents())).toEqual([]);
    expect(await refundedCharges(payer)).toEqual([true]);
  });
});

describe('a charge that is to be refunded', () => {
  /** A delivery that was paid and cancelled, and whose charge has yet to be refunded. */
  async function givenCancelled(card: 'pm_card_visa' | 'pm_card_createDispute'): Promise<Payer> {
    const payer = await givenPayer(suite, card);
    const { delivery } = await askForMail(suite.services(), payer, asking(payer));
    const context = { userId: payer.userId, id: delivery?.id ?? '', now: now(), deadline: plentyOfTime() };
    await takeStep(suite.store(), context, (current) => cancelDelivery(current, now()));
    return payer;
  }

  it('G9, G12: is reported when Stripe lets Postage’s key refund nothing', async () => {
    const payer = await givenCancelled('pm_card_visa');
    const error = { type: 'invalid_request_error', message: 'The key lacks a permission.' };
    const forbidden = suite.services(() => Response.json({ error }, { status: 403 }));
    const { failures } = await reconcileAt(suite, now(), forbidden);
    const { id } = await onlyDelivery(suite, payer);
    expect(failures).toMatchObject([{ key: `USER#${payer.userId} DELIVERY#${id}` }]);
    await reconcileAt(suite, now());
    expect(await refundedCharges(payer)).toEqual([true]);
  });

  it.each(['won', 'lost'] as const)(
    'G9: waits for the end of a dispute, and is settled when that was %s',
    async (how) => {
      const payer = await givenCancelled('pm_card_createDispute');
      const erase = (): Promise<{ outcome: string }> =>
        eraseUser(suite.store(), payer.userId, now(), plentyOfTime());
      await reconcileAt(suite, now());
      expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'cancelled', refund: 'needed' });
      expect(await erase()).toEqual({ outcome: 'unfinished' });
      await closeDispute(how);
      await reconcileAt(suite, now());
      expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'cancelled', refund: 'done' });
      // The customer already has the money of a lost dispute.
      expect(await refundedCharges(payer)).toEqual([how === 'won']);
      expect(await erase()).toEqual({ outcome: 'erased' });
    },
  );

  it.each(['by Postage', 'by hand'])(
    'G12: is remembered when its refund (%s) came back, until somebody gives the money back by hand',
    async (by) => {
      const payer = await givenPayer(suite, 'pm_card_refundFail');
      const { delivery } = await askForMail(suite.services(), payer, asking(payer));
      const context = { userId: payer.userId, id: delivery?.id ?? '', now: now(), deadline: plentyOfTime() };
      if (by === 'by hand') {
        await suite.stripe().refunds.create({ payment_intent: delivery?.payment?.intentId ?? '' });
      }
      const step = await takeStep(suite.store(), context, (current) => cancelDelivery(current, now()));
      if (step.delivery === undefined) {
        throw new Error('It was cancelled.');
      }
      expect(await refundIfNeeded(suite.services(), context, step.delivery)).toMatchObject({
        refund: 'done',
      });
      later(2 * HOUR_MS);
      const events = suite.newEvents();
      await suite.follow(events);
      const failed = events.find(({ type }) => type === 'refund.failed');
      const kept = expect.objectContaining({ id: failed?.id, reason: 'refund_failed' });
      expect(await suite.failed()).toContainEqual(kept);
    },
  );

  it('G9, G12: and whose refund fails at once is logged, and stays due', async () => {
    const payer = await givenCancelled('pm_card_visa');
    const delivery = await onlyDelivery(suite, payer);
    const context = { userId: payer.userId, id: delivery.id, now: now(), deadline: plentyOfTime() };
    const stripe = { ...suite.services().stripe, sdk: () => Promise.reject(new TypeError('A bug of ours.')) };
    const log = jest.spyOn(Logger.prototype, 'error');
    const refunded = await refundIfNeeded({ store: suite.store(), stripe }, context, delivery);
    expect(refunded).toMatchObject({ refund: 'needed' });
    const about = { deliveryId: delivery.id, error: expect.any(TypeError) };
    expect(log).toHaveBeenCalledWith('A charge could not be refunded at once.', about);
  });
});

import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { callOffDelivery } from '../../lambdas/letters/commands/call-off-delivery.ts';
import { type CardPayments } from '../../lambdas/letters/commands/refund-delivery.ts';
import { type StepContext } from '../../lambdas/letters/commands/take-step.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { StripeUnavailableError } from '../../lambdas/adapters/stripe/errors.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import {
  askForMail,
  AWAY,
  deliveriesOf,
  expectOneCharge,
  givenPayer,
  onlyDelivery,
  type Payer,
  reconcileAt,
  usePayers,
} from '../support/pay-as-you-go.ts';
import { plentyOfTime } from '../support/table.ts';
import { request } from '../support/users.ts';

const { suite, now, intentsOf, dieAt } = usePayers();

function asking({ userId }: Payer): CommandContext {
  return request(userId, now(), { id: `of-${userId}` });
}

async function stepOf(payer: Payer): Promise<StepContext> {
  const { id } = await onlyDelivery(suite, payer);
  return { userId: payer.userId, id, now: now(), deadline: plentyOfTime() };
}

describe('a pending payment that its user calls off', () => {
  async function givenDialog(): Promise<{ payer: Payer; intentId: string }> {
    const payer = await givenPayer(suite, 'pm_card_authenticationRequired');
    expect((await askForMail(suite.services(), payer, asking(payer))).asked).toBe('action_required');
    return { payer, intentId: (await onlyDelivery(suite, payer)).payment?.intentId ?? '' };
  }

  it('G9: can charge no card any more, and frees its letter', async () => {
    const { payer, intentId } = await givenDialog();
    for (let times = 0; times < 2; times += 1) {
      expect(await callOffDelivery(suite.services(), await stepOf(payer))).toMatchObject({
        outcome: 'unchanged',
        delivery: { status: 'cancelled', refund: 'none' },
      });
    }
    expect(() => suite.at().standIn.control.authenticate(intentId, true)).toThrow();
    expect((await askForMail(suite.services(), payer, asking(payer))).asked).toBe('ended');
    await suite.followAll();
    expect(await intentsOf(payer)).toEqual(['canceled']);
    await expectOneCharge(suite, payer);
  });

  it('G9: is refunded when it has come all the same, unnoticed', async () => {
    const { payer, intentId } = await givenDialog();
    suite.at().standIn.control.authenticate(intentId, true);
    expect(await callOffDelivery(suite.services(), await stepOf(payer))).toMatchObject({
      outcome: 'changed',
      delivery: { status: 'cancelled', refund: 'needed' },
    });
    await reconcileAt(suite, now());
    await suite.followAll();
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'cancelled', refund: 'done' });
    await expectOneCharge(suite, payer);
  });

  it('needs no Stripe before it has an intent', async () => {
    const payer = await givenPayer(suite);
    await expect(askForMail(suite.services(AWAY), payer, asking(payer))).rejects.toThrow();
    expect(await callOffDelivery(suite.services(AWAY), await stepOf(payer))).toMatchObject({
      delivery: { status: 'cancelled', refund: 'none' },
    });
    expect(await intentsOf(payer)).toEqual([]);
    await expectOneCharge(suite, payer);
  });

  it('G9: stays pending where Stripe is away, since it could still come', async () => {
    const { payer } = await givenDialog();
    const called = callOffDelivery(suite.services(AWAY), await stepOf(payer));
    await expect(called).rejects.toThrow(StripeUnavailableError);
    expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'pending_payment' });
  });

  it.each(['again', 'by webhooks and the reconciler'])(
    'G9: ends once when its process dies at any request, and goes on %s',
    async (how) => {
      for (let n = 1; ; n += 1) {
        const { payer, intentId } = await givenDialog();
        const step = await stepOf(payer);
        const isOver = await dieAt(n, (payments) => callOffDelivery(payments, step));
        if (n % 2 === 0 && (await intentsOf(payer))[0] !== 'canceled') {
          suite.at().standIn.control.authenticate(intentId, true);
        }
        if (how === 'again') {
          await callOffDelivery(suite.services(), step);
        }
        await suite.followAll();
        await reconcileAt(suite, now() + DAY_MS);
        await expectOneCharge(suite, payer);
        if (how === 'again') {
          expect(await onlyDelivery(suite, payer)).toMatchObject({ status: 'cancelled' });
        }
        if (isOver) {
          expect(n).toBeGreaterThan(4);
          return;
        }
      }
    },
  );

  it('G9: has one end when it is asked for again at the same time', async () => {
    for (let times = 0; times < 10; times += 1) {
      const payer = await givenPayer(suite);
      await expect(askForMail(suite.services(AWAY), payer, asking(payer))).rejects.toThrow();
      const step = await stepOf(payer);
      const pay = (payments: CardPayments): Promise<unknown> => askForMail(payments, payer, asking(payer));
      await Promise.allSettled([
        pay(suite.services()),
        callOffDelivery(suite.services(), step),
        pay(suite.services()),
        callOffDelivery(suite.services(), step),
      ]);
      await callOffDelivery(suite.services(), step);
      await reconcileAt(suite, now());
      await suite.followAll();
      expect((await deliveriesOf(suite, payer)).map(({ status }) => status)).not.toContain('pending_payment');
      await expectOneCharge(suite, payer);
    }
  });
});

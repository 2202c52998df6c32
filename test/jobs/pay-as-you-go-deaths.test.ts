import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { expirePayment } from '../../lambdas/letters/commands/expire-payment.ts';
import { refundIfNeeded } from '../../lambdas/letters/commands/refund-delivery.ts';
import { takeStep } from '../../lambdas/letters/commands/take-step.ts';
import { cancelDelivery } from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import {
  askForMail,
  deliveriesOf,
  expectOneCharge,
  givenPayer,
  onlyDelivery,
  type Payer,
  reconcileAt,
  usePayers,
} from '../support/pay-as-you-go.ts';
import { plentyOfTime } from '../support/table.ts';

const { suite, now, asking, intentsOf, dieAt } = usePayers();

describe('processes that die', () => {
  const RESUMES = ['the same key', 'webhooks', 'the reconciler'] as const;
  const CARDS = {
    pm_card_visa: 'scheduled',
    pm_card_chargeCustomerFail: 'failed',
    pm_card_authenticationRequired: 'pending_payment',
  } as const;
  type Card = keyof typeof CARDS;

  async function settle(payer: Payer, how: (typeof RESUMES)[number], key: string): Promise<void> {
    switch (how) {
      case 'the same key':
        await askForMail(suite.services(), payer, asking(payer, key));
        break;
      case 'webhooks':
        await suite.followAll();
        break;
      case 'the reconciler':
        await reconcileAt(suite, now() + DAY_MS);
    }
  }

  it.each(RESUMES.flatMap((how) => (Object.keys(CARDS) as Card[]).map((card) => [how, card] as const)))(
    'G9: at any request, and go on by %s (%s), charge once for a delivery and for nothing else',
    async (how, card) => {
      for (let n = 1; ; n += 1) {
        const payer = await givenPayer(suite, card);
        const key = payer.userId.slice(-20);
        const isOver = await dieAt(n, (payments) => askForMail(payments, payer, asking(payer, key)));
        await settle(payer, how, key);
        // Whatever it was: what Stripe has told, and what is left after a day.
        await suite.followAll();
        const [delivery] = await deliveriesOf(suite, payer);
        if (how === 'the same key') {
          expect(delivery?.status).toBe(CARDS[card]);
        }
        await reconcileAt(suite, now() + DAY_MS);
        await suite.followAll();
        expect((await intentsOf(payer)).length).toBeLessThanOrEqual(1);
        expect((await deliveriesOf(suite, payer)).map(({ status }) => status)).not.toContain(
          'pending_payment',
        );
        await expectOneCharge(suite, payer);
        if (isOver) {
          expect(n).toBeGreaterThan(8);
          return;
        }
      }
    },
  );

  it('G9: while they end a payment or refund one, are followed by others that do', async () => {
    for (let n = 1; ; n += 1) {
      const declined = await givenPayer(suite, 'pm_card_authenticationRequired');
      await askForMail(suite.services(), declined, asking(declined));
      const pending = await onlyDelivery(suite, declined);
      const cancelling = await givenPayer(suite);
      const { delivery: paid } = await askForMail(suite.services(), cancelling, asking(cancelling));
      const deadline = plentyOfTime();
      const isOver = await dieAt(n, async (payments) => {
        const about = { userId: cancelling.userId, id: paid?.id ?? '', now: now(), deadline };
        const step = await takeStep(payments.store, about, (current) => cancelDelivery(current, now()));
        await refundIfNeeded(payments, about, step.delivery ?? pending);
        const late = { userId: declined.userId, id: pending.id, now: now() + DAY_MS, deadline };
        await expirePayment(payments, late, pending);
      });
      await suite.followAll();
      await reconcileAt(suite, now() + DAY_MS);
      await expectOneCharge(suite, declined);
      const [{ status } = { status: null }] = await deliveriesOf(suite, cancelling);
      expect(['scheduled', 'cancelled']).toContain(status);
      await expectOneCharge(suite, cancelling);
      if (isOver) {
        expect(n).toBeGreaterThan(8);
        return;
      }
    }
  });
});

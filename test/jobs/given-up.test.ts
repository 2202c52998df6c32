import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { beginSubscription } from '../../lambdas/commands/begin-subscription.ts';
import { DAY_MS, HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import { askFor, CANCEL, changeTo, ENTERPRISE_OFFER, PRO_OFFER } from '../support/changes.ts';
import { PRO_YEARLY, usePayments } from '../support/payments.ts';
import { plentyOfTime } from '../support/table.ts';

const suite = usePayments('2026-01-31T09:00:00Z', { billing: { afterRetries: 'unpaid', retryDays: [1] } });

describe('a subscription that Stripe has given up charging', () => {
  it('can be cancelled at once, so that its user can subscribe again', async () => {
    const user = await suite.givenCustomer();
    const { stripe, standIn, clock, moveTo } = suite.at();
    const { id } = await stripe.subscriptions.create({
      customer: user.customerId,
      items: [{ price: PRO_YEARLY }],
    });
    await suite.followAll();
    standIn.control.changeCardInPortal(user.customerId, 'pm_card_chargeCustomerFail');
    moveTo('2027-01-31T10:00:00Z');
    await suite.followAll();
    moveTo(toIso(clock.now() + 2 * HOUR_MS));
    await suite.followAll();
    moveTo(toIso(clock.now() + 8 * DAY_MS));
    await suite.followAll();
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'unpaid' });
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'none' });

    const request = { userId: user.userId, now: clock.now() };
    const begin = (): Promise<string | null> =>
      beginSubscription(
        { ...suite.services(), appUrl: 'https://app.example' },
        { ...request, id: 'begin', idempotencyKey: null, fingerprint: '', deadline: plentyOfTime() },
        PRO_OFFER,
      );
    expect(await begin()).toBeNull();
    expect(await askFor(suite.services(), changeTo(ENTERPRISE_OFFER), request)).toMatchObject({
      refusal: 'not_subscribed',
    });
    expect(await askFor(suite.services(), CANCEL, { ...request, key: 'give up' })).toMatchObject({
      record: { status: 'done', way: 'at_once' },
    });
    expect(await stripe.subscriptions.retrieve(id)).toMatchObject({ status: 'canceled' });
    expect(await begin()).toMatch(/^https/);
    await suite.followAll();
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'none', openChange: null });
    expect(await askFor(suite.services(), CANCEL, { ...request, key: 'give up' })).toMatchObject({
      record: { status: 'done' },
      isRepeated: true,
    });
  });
});

/** What Stripe's documentation does not settle. Postage keeps its promises either way. */
import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { DAY_MS, toIso } from '../../lambdas/domain/instants.ts';
import { isLive } from '../../lambdas/domain/account.ts';
import { available } from '../../lambdas/domain/credits.ts';
import { askFor, CANCEL, changeTo, ENTERPRISE_OFFER, PRO_OFFER } from '../support/changes.ts';
import { openPortal } from '../support/owners-portal.ts';
import { askForMail, givenPayer } from '../support/pay-as-you-go.ts';
import {
  ENTERPRISE,
  type PaymentsSuite,
  PRO,
  PRO_YEARLY,
  type StandInOptions,
  type StripeGate,
  usePayments,
} from '../support/payments.ts';
import { expectClosedBooks, request } from '../support/users.ts';

interface Subscriber {
  userId: string;
  customerId: string;
  id: string;
}

async function subscribe(
  suite: PaymentsSuite,
  price: string,
  { card = 'pm_card_visa', ...params }: { card?: string } & Partial<Stripe.SubscriptionCreateParams> = {},
): Promise<Subscriber> {
  const user = await suite.givenCustomer();
  const order = { customer: user.customerId, items: [{ price }], ...params };
  const { id } = await suite.stripe().subscriptions.create(order);
  suite.at().standIn.control.changeCardInPortal(user.customerId, card);
  await suite.followAll();
  return { ...user, id };
}

function using(options: StandInOptions): PaymentsSuite {
  return usePayments('2026-01-31T09:00:00Z', options);
}

async function seen(suite: PaymentsSuite, { userId }: Subscriber): Promise<object> {
  const { plan, subscription, credits } = await suite.account(userId);
  const endsAt = isLive(subscription) ? subscription.endsAt : null;
  return { plan, status: subscription.status, available: available(credits), ends: endsAt !== null };
}

function ask(
  suite: PaymentsSuite,
  { userId }: Subscriber,
  asked: Parameters<typeof askFor>[1],
): ReturnType<typeof askFor> {
  return askFor(suite.services(), asked, { userId, now: suite.at().clock.now() });
}

const done = { outcome: 'answered', record: { status: 'done' } };

describe.each([true, false])('a refused method that Stripe names: %s', (namesRefusedMethod) => {
  const suite = usePayments('2026-03-10T09:00:00Z', { plays: { namesRefusedMethod } });
  /** It was a card when Postage looked. */
  const wasCard: StripeGate = async (send) => {
    const answer = await send();
    const text = await answer.text();
    return new Response(text.replaceAll(/"type":\s*"us_bank_account"/g, '"type":"card"'), answer);
  };

  it('G9: charges nobody, and ends the delivery', async () => {
    const payer = await givenPayer(suite, 'pm_usBankAccount_success');
    const asked = await askForMail(
      suite.services(wasCard),
      payer,
      request(payer.userId, suite.at().clock.now()),
    );
    expect(asked.asked).toBe('no_card');
    const { data } = await suite.stripe().paymentIntents.list({ customer: payer.customerId });
    expect(data).toMatchObject([{ status: 'canceled', latest_charge: null }]);
  });
});

describe.each(['ends_trial', 'refused'] as const)('a new anchor in a trial: %s', (anchorInTrial) => {
  const suite = using({ billing: { anchorInTrial } });

  it('is never asked for: a plan change leaves the trial as it is', async () => {
    const user = await subscribe(suite, PRO, { trial_period_days: 10 });
    const before = await suite.stripe().subscriptions.retrieve(user.id);
    expect(await ask(suite, user, changeTo(ENTERPRISE_OFFER))).toMatchObject(done);
    const { status, trial_end: end } = await suite.stripe().subscriptions.retrieve(user.id);
    expect({ status, end }).toEqual({ status: 'trialing', end: before.trial_end });
    expect(await seen(suite, user)).toMatchObject({ plan: 'enterprise', status: 'trialing' });
  });

  it('by the owner’s hand is followed', async () => {
    const user = await subscribe(suite, PRO, { trial_period_days: 10 });
    const update = suite.stripe().subscriptions.update(user.id, { billing_cycle_anchor: { type: 'now' } });
    await (anchorInTrial === 'refused' ? expect(update).rejects.toThrow('trial') : update);
    await suite.followAll();
    const status = anchorInTrial === 'refused' ? 'trialing' : 'active';
    expect(await seen(suite, user)).toMatchObject({ plan: 'pro', status, available: 2 });
  });
});

describe.each(['refused', 'held'] as const)('metadata of a pending update: %s', (pendingUpdateMetadata) => {
  const suite = using({ billing: { pendingUpdateMetadata } });

  it('are not sent: a larger plan waits for its payment', async () => {
    const user = await subscribe(suite, PRO, { card: 'pm_card_authenticationRequired' });
    expect(await ask(suite, user, changeTo(ENTERPRISE_OFFER))).toMatchObject({
      record: { status: 'sent' },
      clientSecret: expect.any(String),
    });
    expect(await seen(suite, user)).toMatchObject({ plan: 'pro', available: 2 });
  });
});

describe.each(['applied', 'refused'] as const)('a change in the Portal that is not paid: %s', (play) => {
  const suite = using({ billing: { portalUnpaidChange: play } });

  it('gives neither the plan nor its credits', async () => {
    const user = await subscribe(suite, PRO, { card: 'pm_card_chargeCustomerFail' });
    await openPortal(suite.stripe());
    const change = (): unknown => suite.at().standIn.control.changePriceInPortal(user.id, ENTERPRISE);
    if (play === 'refused') {
      expect(change).toThrow('declined');
    } else {
      change();
    }
    await suite.followAll();
    expect(await seen(suite, user)).toMatchObject(
      play === 'refused'
        ? { plan: 'pro', status: 'active', available: 2 }
        : { plan: 'pro', status: 'past_due', available: 0 },
    );
    await expectClosedBooks(suite.store(), user.userId, suite.at().clock.now());
  });
});

describe.each(['releases', 'blocks'] as const)('a scheduled change in the Portal: %s', (play) => {
  const suite = using({ billing: { portalWhileScheduled: play } });

  it('keeps nobody from cancelling by Postage', async () => {
    const user = await subscribe(suite, ENTERPRISE);
    await openPortal(suite.stripe());
    expect(await ask(suite, user, changeTo(PRO_OFFER))).toMatchObject(done);
    const cancel = (): unknown => suite.at().standIn.control.cancelInPortal(user.id);
    if (play === 'blocks') {
      expect(cancel).toThrow('scheduled');
      expect(await ask(suite, user, CANCEL)).toMatchObject(done);
    } else {
      cancel();
      await suite.followAll();
      expect(await ask(suite, user, CANCEL)).toMatchObject({ refusal: 'cancelled' });
    }
    expect(await seen(suite, user)).toMatchObject({ plan: 'enterprise', ends: true });
  });
});

describe.each(['per_year', 'bare_amount'] as const)(
  'a smaller amount in the Portal, %s',
  (portalDecrease) => {
    const suite = using({ billing: { portalDecrease } });

    it('is followed, whether it holds at once or waits', async () => {
      const user = await subscribe(suite, ENTERPRISE);
      await openPortal(suite.stripe());
      suite.at().standIn.control.changePriceInPortal(user.id, PRO_YEARLY);
      await suite.followAll();
      const waits = portalDecrease === 'per_year';
      expect(await seen(suite, user)).toMatchObject({ plan: waits ? 'enterprise' : 'pro', status: 'active' });
      suite.at().moveTo('2026-03-01T09:00:00Z');
      await suite.followAll();
      expect(await seen(suite, user)).toMatchObject({ plan: 'pro', status: 'active' });
    });
  },
);

describe.each([
  ['canceled', 'open'],
  ['unpaid', 'open'],
  ['past_due', 'open'],
  ['canceled', 'uncollectible'],
  ['unpaid', 'uncollectible'],
] as const)('a subscription that nobody pays becomes %s, its invoice %s', (afterRetries, unpaidInvoices) => {
  const suite = using({ billing: { afterRetries, unpaidInvoices, retryDays: [1, 3] } });

  it('G7: gives a plan until its grace has ended, and nothing of the unpaid period', async () => {
    const user = await subscribe(suite, PRO, { card: 'pm_card_chargeCustomerFail' });
    suite.at().moveTo('2026-02-28T12:00:00Z');
    await suite.followAll();
    expect(await seen(suite, user)).toMatchObject({ plan: 'pro', status: 'past_due', available: 0 });
    suite.at().moveTo(toIso(suite.at().clock.now() + 8 * DAY_MS));
    await suite.followAll();
    expect(await seen(suite, user)).toMatchObject({ available: 0 });
    expect((await suite.stripe().subscriptions.retrieve(user.id)).status).toBe(afterRetries);
    await expectClosedBooks(suite.store(), user.userId, suite.at().clock.now());
  });
});

import '../support/silent-functions.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type StripeServices } from '../../lambdas/commands/stripe-handler.ts';
import { DAY_MS, HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import {
  CANCEL,
  changeTo,
  ENTERPRISE_OFFER,
  KEEP,
  PRO_OFFER,
  PRO_YEARLY_OFFER,
  TAKE_BACK,
} from '../support/changes.ts';
import { done, isUpdate, NEEDS_HOLDER, REFUSED, useChanging } from '../support/changing.ts';
import { ENTERPRISE, PRO, PRO_YEARLY } from '../support/payments.ts';

const { suite, user, subscriptionId, subscribe, ask, gated, atStripe, invoices, passes, now } = useChanging();

describe('an upgrade whose answer is lost', () => {
  const losing = (): StripeServices =>
    gated(async (path, send) => {
      const answer = await send();
      if (isUpdate(path)) {
        throw new TypeError('The connection was cut.');
      }
      return answer;
    });

  it('G2: is charged once, and goes on under its key', async () => {
    await expect(ask(changeTo(ENTERPRISE_OFFER), { key: 'one', services: losing() })).rejects.toThrow(
      'Stripe',
    );
    expect(await ask(changeTo(ENTERPRISE_OFFER), { key: 'one' })).toMatchObject(done);
    expect(await invoices()).toHaveLength(2);
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });

  it('is completed by the events of Stripe', async () => {
    await expect(ask(changeTo(ENTERPRISE_OFFER), { services: losing() })).rejects.toThrow();
    expect((await suite.account(user().userId)).openChange).not.toBeNull();
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });

  it('is completed by whoever asks for the same', async () => {
    await expect(ask(changeTo(ENTERPRISE_OFFER), { services: losing() })).rejects.toThrow();
    expect(await ask(changeTo(ENTERPRISE_OFFER))).toMatchObject({ outcome: 'refused', refusal: 'same_plan' });
    expect(await invoices()).toHaveLength(2);
    expect(await suite.account(user().userId)).toMatchObject({ openChange: null });
  });

  it('is answered as it stands when the time of the request is over', async () => {
    let remainingMs = 20_000;
    const slow = gated(async (path, send) => {
      const answer = await send();
      if (isUpdate(path)) {
        remainingMs = 500;
        throw new TypeError('The connection was cut.');
      }
      return answer;
    });
    const deadline = { remainingMs: () => remainingMs };
    const outcome = await ask(changeTo(ENTERPRISE_OFFER), { services: slow, deadline });
    expect(outcome).toMatchObject({ outcome: 'answered', record: { status: 'asked' } });
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });

  it('waits for its holder all the same', async () => {
    await subscribe(PRO, NEEDS_HOLDER);
    await expect(ask(changeTo(ENTERPRISE_OFFER), { services: losing(), key: 'two' })).rejects.toThrow();
    const again = await ask(changeTo(ENTERPRISE_OFFER), { key: 'two' });
    expect(again).toMatchObject({ record: { status: 'sent' }, clientSecret: expect.stringMatching(/^pi_/) });
  });
});

describe('a change that does not reach Stripe', () => {
  const deaf = (): StripeServices => gated(() => Promise.resolve(new Response('{}', { status: 500 })));

  it('keeps another one waiting, and is refused after an hour', async () => {
    await expect(ask(changeTo(ENTERPRISE_OFFER), { key: 'lost', services: deaf() })).rejects.toThrow();
    const open = { outcome: 'refused', refusal: 'change_open' };
    expect(await ask(CANCEL)).toMatchObject(open);
    passes(HOUR_MS - 1);
    expect(await ask(CANCEL)).toMatchObject(open);
    passes(1);
    expect(await ask(CANCEL)).toMatchObject(done);
    expect(await ask(changeTo(ENTERPRISE_OFFER), { key: 'lost' })).toMatchObject({
      record: { status: 'refused', failure: 'lapsed' },
      isRepeated: true,
    });
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'pro', openChange: null });
  });

  it('puts back what it had put aside', async () => {
    await subscribe(ENTERPRISE);
    await ask(changeTo(PRO_OFFER));
    const { items } = await atStripe();
    await suite.stripe().subscriptions.update(subscriptionId(), {
      items: [{ id: items.data[0]?.id ?? '', price: PRO }],
    });
    const onlyReleases = gated((path, send) =>
      path.endsWith('/release') ? send() : Promise.resolve(new Response('{}', { status: 500 })),
    );
    await expect(ask(changeTo(PRO_YEARLY_OFFER), { services: onlyReleases })).rejects.toThrow();
    expect((await atStripe()).schedule).toBeNull();
    const events = suite.newEvents();
    expect(await suite.follow(events)).toEqual(['subscription_schedule.released']);
    passes(HOUR_MS);
    // Nobody asks for anything any more.
    expect(await suite.follow(events)).toEqual([]);
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'pro', openChange: null });
    const { schedule } = await atStripe();
    expect(schedule).toMatchObject({ status: 'active', phases: [{}, { items: [{ price: PRO }] }] });
  });
});

describe('a 500 that Stripe keeps under the key', () => {
  /** At the first request whose path is this. */
  const failing = (which: RegExp): StripeServices => {
    const { control } = suite.at().standIn;
    let hasFailed = false;
    return gated(async (path, send) => {
      if (hasFailed || !which.test(path)) {
        return send();
      }
      hasFailed = true;
      control.setFaults({ api: { errorRate: true, errors: ['kept_server_error'] } });
      const answer = await send();
      control.setFaults({});
      return answer;
    });
  };

  it('G12: does not keep a smaller plan from being scheduled', async () => {
    await subscribe(ENTERPRISE);
    const services = failing(/\/subscription_schedules$/);
    expect(await ask(changeTo(PRO_OFFER), { services })).toMatchObject(done);
    expect((await atStripe()).schedule).toMatchObject({ phases: [{}, { items: [{ price: PRO }] }] });
  });

  it('G12: nor a subscription from being cancelled, and kept', async () => {
    expect(await ask(CANCEL, { services: failing(/\/subscriptions\//) })).toMatchObject(done);
    expect(await ask(KEEP, { services: failing(/\/subscriptions\//) })).toMatchObject(done);
    expect((await atStripe()).cancel_at).toBeNull();
  });

  it('G12: nor a schedule from being released', async () => {
    await subscribe(ENTERPRISE);
    await ask(changeTo(PRO_OFFER));
    expect(await ask(TAKE_BACK, { services: failing(/\/release$/) })).toMatchObject(done);
    expect((await atStripe()).schedule).toBeNull();
  });
});

describe('a card that is given while a smaller plan is scheduled', () => {
  const giveCard = async (name: string): Promise<string> => {
    const { id } = await suite.stripe().paymentMethods.attach(name, { customer: user().customerId });
    await suite.stripe().subscriptions.update(subscriptionId(), { default_payment_method: id });
    return id;
  };

  it('pays for the smaller plan', async () => {
    await subscribe(ENTERPRISE);
    await giveCard('pm_card_visa');
    await ask(changeTo(PRO_OFFER));
    const given = await giveCard('pm_card_mastercard');
    passes(32 * DAY_MS);
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'pro' });
    expect((await atStripe()).default_payment_method).toBe(given);
  });

  it('pays for it also where it was put aside and is scheduled again', async () => {
    await subscribe(PRO_YEARLY);
    await giveCard('pm_card_visa');
    await ask(changeTo(PRO_OFFER));
    passes(330 * DAY_MS);
    await giveCard('pm_card_chargeCustomerFail');
    expect(await ask(changeTo(ENTERPRISE_OFFER))).toMatchObject({ record: { failure: 'payment_failed' } });
    expect((await atStripe()).schedule).toMatchObject({ phases: [{}, { items: [{ price: PRO }] }] });
    const given = await giveCard('pm_card_mastercard');
    passes(36 * DAY_MS);
    expect(await atStripe()).toMatchObject({
      default_payment_method: given,
      items: { data: [{ price: { id: PRO } }] },
    });
  });
});

describe('a card that Stripe does not copy to the schedule', () => {
  const kept = useChanging({ billing: { methodWhileScheduled: 'kept' } });

  it('is the schedule’s with the next change', async () => {
    await kept.subscribe(ENTERPRISE);
    expect(await kept.ask(changeTo(PRO_OFFER))).toMatchObject({ outcome: 'answered' });
    const { stripe } = kept.suite.at();
    const { id } = await stripe.paymentMethods.attach('pm_card_mastercard', {
      customer: kept.user().customerId,
    });
    await stripe.subscriptions.update(kept.subscriptionId(), { default_payment_method: id });
    expect(await kept.ask(CANCEL)).toMatchObject({ outcome: 'answered' });
    expect((await kept.atStripe()).schedule).toMatchObject({
      default_settings: { default_payment_method: id },
    });
  });
});

describe('two changes at once', () => {
  it('are one if they ask for the same', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => ask(changeTo(ENTERPRISE_OFFER))));
    expect(outcomes.some((outcome) => outcome.outcome === 'answered')).toBe(true);
    expect(await invoices()).toHaveLength(2);
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });

  it('come one after the other if not, or one is refused', async () => {
    await Promise.all([ask(changeTo(ENTERPRISE_OFFER)), ask(CANCEL)]);
    await suite.followAll();
    const { cancel_at: cancelAt, items } = await atStripe();
    const account = await suite.account(user().userId);
    expect(account.openChange).toBeNull();
    expect(account.plan).toBe(items.data[0]?.price.id === ENTERPRISE ? 'enterprise' : 'pro');
    expect(account.subscription).toMatchObject({ endsAt: cancelAt === null ? null : cancelAt * 1_000 });
  });

  it('G2: under one key make one record', async () => {
    const outcomes = await Promise.all([1, 2].map(() => ask(CANCEL, { key: 'both' })));
    const ids = outcomes.map((outcome) => (outcome.outcome === 'answered' ? outcome.record.id : null));
    expect(ids[0]).toEqual(expect.any(String));
    expect(ids[1]).toBe(ids[0]);
  });
});

describe('what Stripe refuses', () => {
  it('is refused for good, and changes nothing', async () => {
    const refusing = gated((path, send) => (isUpdate(path) ? Promise.resolve(REFUSED()) : send()));
    const refused = { record: { status: 'refused', failure: 'rejected' } };
    expect(await ask(changeTo(ENTERPRISE_OFFER), { key: 'no', services: refusing })).toMatchObject(refused);
    expect(await ask(changeTo(ENTERPRISE_OFFER), { key: 'no' })).toMatchObject(refused);
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'pro', openChange: null });
  });

  it('has happened if it shows all the same', async () => {
    const doneAndRefused = gated(async (path, send) => {
      const answer = await send();
      return isUpdate(path) ? REFUSED() : answer;
    });
    expect(await ask(CANCEL, { services: doneAndRefused })).toMatchObject(done);
  });
});

describe('a larger plan that somebody has asked Stripe for', () => {
  it('is not taken back if its holder has just paid', async () => {
    await subscribe(PRO, NEEDS_HOLDER);
    const { items } = await atStripe();
    await suite.stripe().subscriptions.update(subscriptionId(), {
      items: [{ id: items.data[0]?.id ?? '', price: ENTERPRISE }],
      billing_cycle_anchor: { type: 'now' },
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    });
    const paying = gated(async (path, send) => {
      if (path.endsWith('/void')) {
        suite.at().standIn.control.payInvoice((await invoices())[0]?.id ?? '', 'pm_card_visa');
      }
      return send();
    });
    expect(await ask(TAKE_BACK, { services: paying })).toMatchObject({ refusal: 'nothing_scheduled' });
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });
});

describe('a change that meets the end of the period', () => {
  const atEnd = async (): Promise<void> => {
    const { items } = await atStripe();
    suite.at().moveTo(toIso((items.data[0]?.current_period_end ?? 0) * 1_000 + 1_000));
  };
  const losing = (path: (name: string) => boolean): StripeServices =>
    gated(async (name, send) => {
      const answer = await send();
      if (path(name)) {
        throw new TypeError('The connection was cut.');
      }
      return answer;
    });

  beforeEach(async () => {
    await subscribe(ENTERPRISE);
    const { items } = await atStripe();
    suite.at().moveTo(toIso((items.data[0]?.current_period_end ?? 0) * 1_000 - 60_000));
  });

  it('is done, though nobody heard that it was scheduled', async () => {
    const services = losing((path) => /schedules\/sub_sched_\w+$/.test(path));
    await expect(ask(changeTo(PRO_OFFER), { key: 'late', services })).rejects.toThrow('Stripe');
    await atEnd();
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'pro', openChange: null });
    expect(await ask(changeTo(PRO_OFFER), { key: 'late' })).toMatchObject(done);
  });

  it('ends the period in which it reaches Stripe, and its record says so', async () => {
    const away = gated(() => Promise.reject(new TypeError('No connection.')));
    await expect(ask(CANCEL, { key: 'again', services: away })).rejects.toThrow('Stripe');
    await atEnd();
    const answer = await ask(CANCEL, { key: 'again' });
    const effectiveAt = ((await atStripe()).cancel_at ?? 0) * 1_000;
    expect(effectiveAt).toBeGreaterThan(now());
    expect(answer).toMatchObject({ record: { status: 'done', effectiveAt } });
  });

  it('is not taken back any more once it holds', async () => {
    await ask(changeTo(PRO_OFFER));
    const late = gated(async (path, send) => {
      if (path.endsWith('/release')) {
        await atEnd();
      }
      return send();
    });
    expect(await ask(TAKE_BACK, { key: 'late', services: late })).toMatchObject({
      record: { status: 'refused', failure: 'lapsed' },
    });
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'pro', openChange: null });
    expect(await ask(changeTo(ENTERPRISE_OFFER))).toMatchObject(done);
  });

  it('is a cancellation that has happened', async () => {
    const services = losing(isUpdate);
    await expect(ask(CANCEL, { key: 'last', services })).rejects.toThrow('Stripe');
    await atEnd();
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'none', openChange: null });
    expect(await ask(CANCEL, { key: 'last' })).toMatchObject(done);
  });
});

import '../support/silent-functions.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Stripe } from 'stripe';
import { type ChangeOutcome } from '../../lambdas/commands/change-billing.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { type StripeServices } from '../../lambdas/commands/stripe-handler.ts';
import { HOUR_MS, toIso } from '../../lambdas/domain/instants.ts';
import { type AskedChange } from '../../lambdas/domain/plan-changes.ts';
import {
  askFor,
  CANCEL,
  changeTo,
  ENTERPRISE_OFFER,
  PRO_OFFER,
  PRO_YEARLY_OFFER,
  TAKE_BACK,
} from '../support/changes.ts';
import { ENTERPRISE, gatedConnection, PRO, PRO_YEARLY, usePayments } from '../support/payments.ts';

const suite = usePayments('2026-01-31T09:00:00Z');
const NEEDS_HOLDER = 'pm_card_authenticationRequired';

let user: { userId: string; customerId: string };
let subscriptionId: string;

beforeEach(async () => {
  await subscribe(PRO);
});

async function subscribe(price: string, card = 'pm_card_visa'): Promise<void> {
  user = await suite.givenCustomer(card);
  const { stripe } = suite.at();
  subscriptionId = (await stripe.subscriptions.create({ customer: user.customerId, items: [{ price }] })).id;
  if (card === NEEDS_HOLDER) {
    const { data } = await stripe.invoices.list({ customer: user.customerId });
    suite.at().standIn.control.payInvoice(data[0]?.id ?? '', 'pm_card_visa');
  }
  await suite.followAll();
}

const now = (): number => suite.at().clock.now();
const card = (name: string): unknown => suite.at().standIn.control.changeCardInPortal(user.customerId, name);

/** @param key of the request; without one, each request is another */
function ask(
  asked: AskedChange,
  {
    key,
    services = suite.services(),
    ...context
  }: Partial<CommandContext> & {
    key?: string;
    services?: StripeServices;
  } = {},
): Promise<ChangeOutcome> {
  const own = key === undefined ? {} : { key };
  return askFor(services, asked, { userId: user.userId, now: now(), ...own }, context);
}

/** Another function, whose requests that change something go through a gate. */
function gated(gate: (path: string, send: () => Promise<Response>) => Promise<Response>): StripeServices {
  const gatedFetch: typeof fetch = (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    const send = (): Promise<Response> => fetch(input, init);
    return init?.method === 'POST' ? gate(pathname, send) : send();
  };
  const stripe = gatedConnection(suite.at().standIn, () => null, gatedFetch);
  return { ...suite.services(), stripe };
}

const REFUSED = (): Response =>
  Response.json({ error: { type: 'invalid_request_error', message: 'Not allowed.' } }, { status: 400 });
const isUpdate = (path: string): boolean => path.startsWith('/v1/subscriptions/');

async function atStripe(): Promise<Stripe.Subscription> {
  return suite.stripe().subscriptions.retrieve(subscriptionId, { expand: ['schedule'] });
}

async function invoices(): Promise<Stripe.Invoice[]> {
  return (await suite.stripe().invoices.list({ subscription: subscriptionId })).data;
}

function passes(ms: number): void {
  suite.at().moveTo(toIso(now() + ms));
}

const done = { outcome: 'answered', record: { status: 'done' } };

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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });

  it('is completed by the events of Stripe', async () => {
    await expect(ask(changeTo(ENTERPRISE_OFFER), { services: losing() })).rejects.toThrow();
    expect((await suite.account(user.userId)).openChange).not.toBeNull();
    await suite.followAll();
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });

  it('is completed by whoever asks for the same', async () => {
    await expect(ask(changeTo(ENTERPRISE_OFFER), { services: losing() })).rejects.toThrow();
    expect(await ask(changeTo(ENTERPRISE_OFFER))).toMatchObject({ outcome: 'refused', refusal: 'same_plan' });
    expect(await invoices()).toHaveLength(2);
    expect(await suite.account(user.userId)).toMatchObject({ openChange: null });
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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'enterprise', openChange: null });
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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', openChange: null });
  });

  it('puts back what it had put aside', async () => {
    await subscribe(ENTERPRISE);
    await ask(changeTo(PRO_OFFER));
    const { items } = await atStripe();
    await suite.stripe().subscriptions.update(subscriptionId, {
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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', openChange: null });
    const { schedule } = await atStripe();
    expect(schedule).toMatchObject({ status: 'active', phases: [{}, { items: [{ price: PRO }] }] });
  });
});

describe('an upgrade that waits for its holder', () => {
  beforeEach(async () => {
    await subscribe(ENTERPRISE);
    await ask(changeTo(PRO_OFFER));
    const { items } = await atStripe();
    await suite.stripe().subscriptions.update(subscriptionId, {
      items: [{ id: items.data[0]?.id ?? '', price: PRO }],
    });
    card(NEEDS_HOLDER);
    expect(await ask(changeTo(PRO_YEARLY_OFFER), { key: 'waits' })).toMatchObject({
      record: { status: 'sent' },
    });
    await suite.followAll();
    expect((await atStripe()).schedule).toBeNull();
  });

  it('is settled by the events when it expires, and what it had put aside is scheduled again', async () => {
    passes(24 * HOUR_MS);
    await suite.followAll();
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', openChange: null });
    const { schedule, pending_update: pending } = await atStripe();
    expect(pending).toBeNull();
    expect(schedule).toMatchObject({ status: 'active', phases: [{}, { items: [{ price: PRO }] }] });
    expect(await ask(changeTo(PRO_YEARLY_OFFER), { key: 'waits' })).toMatchObject({
      record: { status: 'refused', failure: 'payment_failed' },
    });
  });

  it('holds when its holder pays while it is being taken back', async () => {
    const paying = gated(async (path, send) => {
      if (path.endsWith('/void')) {
        const [invoice] = await invoices();
        suite.at().standIn.control.payInvoice(invoice?.id ?? '', 'pm_card_visa');
      }
      return send();
    });
    expect(await ask(TAKE_BACK, { services: paying })).toMatchObject({ refusal: 'nothing_scheduled' });
    await suite.followAll();
    expect(await suite.account(user.userId)).toMatchObject({
      plan: 'pro',
      subscription: { interval: 'year' },
      openChange: null,
    });
    expect(await ask(changeTo(PRO_YEARLY_OFFER), { key: 'waits' })).toMatchObject(done);
  });

  it('leaves what it had put aside where it gives way to a change that Stripe refuses', async () => {
    const phases = async (): Promise<number> => {
      const { schedule } = await atStripe();
      return typeof schedule === 'object' ? (schedule?.phases.length ?? 0) : 0;
    };
    const refusing = gated(async (path, send) =>
      isUpdate(path) || (/schedules\/sub_sched_\w+$/.test(path) && (await phases()) > 1) ? REFUSED() : send(),
    );
    expect(await ask(CANCEL, { services: refusing })).toMatchObject({
      record: { status: 'refused', failure: 'rejected' },
    });
    expect(await ask(changeTo(PRO_YEARLY_OFFER), { key: 'waits' })).toMatchObject({
      record: { failure: 'replaced' },
    });
    const { schedule, pending_update: pending } = await atStripe();
    expect(pending).toBeNull();
    expect(schedule).toMatchObject({ status: 'active', phases: [{}, { items: [{ price: PRO }] }] });
  });

  it('is found by its own invoice, whatever the subscription’s latest one is', async () => {
    const [ofUpdate, first] = await invoices();
    const fetchFrom: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      const text = await answer.text();
      const latest = new RegExp(`"latest_invoice": "${ofUpdate?.id ?? ''}"`);
      return new Response(text.replace(latest, `"latest_invoice": "${first?.id ?? ''}"`), answer);
    };
    const stripe = gatedConnection(suite.at().standIn, () => null, fetchFrom);
    const services = { ...suite.services(), stripe };
    expect(await ask(changeTo(PRO_YEARLY_OFFER), { key: 'waits', services })).toMatchObject({
      record: { status: 'sent' },
      clientSecret: expect.any(String),
    });
    expect(await ask(TAKE_BACK, { services })).toMatchObject(done);
    expect((await atStripe()).pending_update).toBeNull();
  });

  it('ends with its subscription', async () => {
    await suite.stripe().subscriptions.cancel(subscriptionId);
    await suite.followAll();
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'none', openChange: null });
    expect(await ask(changeTo(PRO_YEARLY_OFFER), { key: 'waits' })).toMatchObject({
      record: { status: 'refused', failure: 'lapsed' },
    });
  });
});

it('an upgrade that waits gives way to what was scheduled before, which is scheduled again', async () => {
  await subscribe(PRO_YEARLY);
  await ask(changeTo(PRO_OFFER));
  // What is unused of a year pays for most of a larger plan.
  suite.at().moveTo('2026-12-31T09:00:00Z');
  card(NEEDS_HOLDER);
  expect(await ask(changeTo(ENTERPRISE_OFFER))).toMatchObject({ record: { status: 'sent' } });
  const { items } = await atStripe();
  expect(await ask(changeTo(PRO_OFFER), { key: 'smaller' })).toMatchObject({
    record: { status: 'done', effectiveAt: (items.data[0]?.current_period_end ?? 0) * 1_000 },
  });
  expect(await atStripe()).toMatchObject({
    pending_update: null,
    schedule: { phases: [{}, { items: [{ price: PRO }] }] },
  });
  expect(await ask(changeTo(PRO_OFFER), { key: 'smaller' })).toMatchObject({ ...done, isRepeated: true });
});

it('G2: a change is answered from its record, also when its plan is not sold any more', async () => {
  const services = suite.services();
  const { catalogue } = services.store;
  const [free, ...sold] = catalogue.plans;
  const plans: typeof catalogue.plans = [
    free,
    ...sold.map((plan) => ({ ...plan, isRetired: plan.id === 'enterprise' })),
  ];
  const later = { ...services, store: { ...services.store, catalogue: { ...catalogue, plans } } };
  expect(await ask(changeTo(ENTERPRISE_OFFER), { key: 'before', services: later })).toEqual({
    outcome: 'not_sold',
    offer: ENTERPRISE_OFFER,
  });
  expect(await ask(changeTo(ENTERPRISE_OFFER), { key: 'before' })).toMatchObject(done);
  expect(await ask(changeTo(ENTERPRISE_OFFER), { key: 'before', services: later })).toMatchObject({
    ...done,
    isRepeated: true,
  });
});

describe('two changes at once', () => {
  it('are one if they ask for the same', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => ask(changeTo(ENTERPRISE_OFFER))));
    expect(outcomes.some((outcome) => outcome.outcome === 'answered')).toBe(true);
    expect(await invoices()).toHaveLength(2);
    await suite.followAll();
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'enterprise', openChange: null });
  });

  it('come one after the other if not, or one is refused', async () => {
    await Promise.all([ask(changeTo(ENTERPRISE_OFFER)), ask(CANCEL)]);
    await suite.followAll();
    const { cancel_at: cancelAt, items } = await atStripe();
    const account = await suite.account(user.userId);
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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', openChange: null });
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
    await suite.stripe().subscriptions.update(subscriptionId, {
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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'enterprise', openChange: null });
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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', openChange: null });
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
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'pro', openChange: null });
    expect(await ask(changeTo(ENTERPRISE_OFFER))).toMatchObject(done);
  });

  it('is a cancellation that has happened', async () => {
    const services = losing(isUpdate);
    await expect(ask(CANCEL, { key: 'last', services })).rejects.toThrow('Stripe');
    await atEnd();
    await suite.followAll();
    expect(await suite.account(user.userId)).toMatchObject({ plan: 'none', openChange: null });
    expect(await ask(CANCEL, { key: 'last' })).toMatchObject(done);
  });
});

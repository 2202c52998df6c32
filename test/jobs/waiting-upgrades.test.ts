import '../support/silent-functions.ts';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { HOUR_MS } from '../../lambdas/domain/instants.ts';
import {
  CANCEL,
  changeTo,
  ENTERPRISE_OFFER,
  PRO_OFFER,
  PRO_YEARLY_OFFER,
  TAKE_BACK,
} from '../support/changes.ts';
import { done, isUpdate, NEEDS_HOLDER, REFUSED, useChanging } from '../support/changing.ts';
import { ENTERPRISE, gatedConnection, PRO, PRO_YEARLY } from '../support/payments.ts';

const { suite, user, subscriptionId, subscribe, ask, gated, atStripe, invoices, passes, card } =
  useChanging();

describe('an upgrade that waits for its holder', () => {
  beforeEach(async () => {
    await subscribe(ENTERPRISE);
    await ask(changeTo(PRO_OFFER));
    const { items } = await atStripe();
    await suite.stripe().subscriptions.update(subscriptionId(), {
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
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'pro', openChange: null });
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
    expect(await suite.account(user().userId)).toMatchObject({
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
    await suite.stripe().subscriptions.cancel(subscriptionId());
    await suite.followAll();
    expect(await suite.account(user().userId)).toMatchObject({ plan: 'none', openChange: null });
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

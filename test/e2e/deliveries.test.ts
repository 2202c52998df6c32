import { describe, expect, it } from '@jest/globals';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { DELIVER_AT, givenLetter, givenSubscriber, schedule } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import { useWorld } from './support/use-world.ts';

const world = useWorld();

describe('deliveries', () => {
  it('cannot be scheduled for free', async () => {
    const user = await world().meet('freeScheduler');
    const letterId = await givenLetter(world(), user);
    for (const channel of ['email', 'mail'] as const) {
      const refused = await schedule(world(), user, letterId, channel);
      expectAnswer(refused, 402, { code: 'plan_required', upgradeTo: 'pro' });
    }
    expect(await get(world(), '/deliveries', user.token)).toEqual({ items: [], nextCursor: null });
  });

  it('G1: two mails are paid with credits, the third is refused with its price and the date', async () => {
    const user = await givenSubscriber(world(), 'proSender', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    for (let count = 1; count <= 2; count += 1) {
      const scheduled = await schedule(world(), user, letterId, 'mail');
      expectAnswer(scheduled, 201, { letterId, channel: 'mail', status: 'scheduled', paidWith: 'credit' });
    }
    const { periodEndsAt } = await get(world(), '/usage', user.token);
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 402, {
      code: 'insufficient_credits',
      ...{ limit: 2, used: 2, resetsAt: periodEndsAt },
      price: usd(300),
      upgradeTo: 'enterprise',
    });
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 0, granted: 2, used: 2 });
  });

  it('are listed and read with their recipient, and keep their letter', async () => {
    const user = await givenSubscriber(world(), 'proEmailer', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    const scheduled = await schedule(world(), user, letterId, 'email');
    const delivery = { letterId, channel: 'email', paidWith: 'none', deliverAt: DELIVER_AT };
    expectAnswer(scheduled, 201, delivery);
    const id = String(scheduled.body['id']);

    const listed = await eventually('a list with the delivery', async () => {
      const { items } = await get(world(), '/deliveries', user.token);
      return Array.isArray(items) && items.length > 0 ? items : null;
    });
    expect(listed).toMatchObject([{ id, ...delivery }]);
    const recipient = { email: 'ada@example.com' };
    expect(await get(world(), `/deliveries/${id}`, user.token)).toMatchObject({ ...delivery, recipient });
    expect(await get(world(), '/usage', user.token)).toMatchObject({
      usage: { emailsSent: 1, mailsSent: 0 },
    });

    const deletion = await ask(world(), `DELETE /letters/${letterId}`, { token: user.token });
    expectAnswer(deletion, 409, { code: 'illegal_transition', openDeliveries: 1 });
    expectAnswer(await schedule(world(), user, 'no-such-letter', 'email'), 404, { code: 'not_found' });
  });

  it('G1: of requests that race for the last credit, one wins', async () => {
    const user = await givenSubscriber(world(), 'proRacer', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201);

    const racers = Array.from({ length: 8 }, () => schedule(world(), user, letterId, 'mail'));
    const statuses = (await Promise.all(racers)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, ...Array.from({ length: 7 }, () => 402)]);
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 0, used: 2 });
  });

  it('G4: each credit spent stands in the ledger, whose sum is what is left', async () => {
    const user = await givenSubscriber(world(), 'enterpriseSender', { plan: 'enterprise' });
    const letterId = await givenLetter(world(), user);
    for (let count = 1; count <= 3; count += 1) {
      expectAnswer(await schedule(world(), user, letterId, 'mail'), 201);
    }
    const credits = { available: 7, included: 7, carried: 0, purchased: 0, granted: 10, used: 3, expired: 0 };
    expect(await get(world(), '/credits', user.token)).toMatchObject({ ...credits, owed: 0, takenBack: 0 });

    const { items } = await get(world(), '/credits/ledger', user.token);
    const uses = [7, 8, 9].map((balanceAfter) => ({ kind: 'use', amount: -1, balanceAfter }));
    expect(items).toMatchObject([...uses, { kind: 'allowance', amount: 10, balanceAfter: 10 }]);
  });

  it('G11: are cancelled with their letter, and a mail’s credit goes back once', async () => {
    const user = await givenSubscriber(world(), 'proCanceller', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    const mail = await schedule(world(), user, letterId, 'mail');
    expectAnswer(mail, 201);
    const question = { token: user.token };
    const cancelling = `DELETE /deliveries/${String(mail.body['id'])}`;
    for (let times = 1; times <= 2; times += 1) {
      expectAnswer(await ask(world(), cancelling, question), 200, { status: 'cancelled' });
    }
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 2, granted: 2, used: 0 });

    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201);
    expectAnswer(await ask(world(), `DELETE /letters/${letterId}?cancelDeliveries=true`, question), 204);
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 2, used: 0 });
    expectAnswer(await ask(world(), `GET /letters/${letterId}`, question), 404);
  });

  it('are promised at a wall-clock time in a zone, and show its instant', async () => {
    const user = await givenSubscriber(world(), 'proPromiser', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    const promise = (local: string, zone = 'Europe/Berlin') =>
      schedule(world(), user, letterId, 'email', { local, zone });
    const inGap = { local: '2081-03-30T02:30:00', zone: 'Europe/Berlin' };
    const scheduled = await promise(inGap.local);
    const shown = { deliverAt: '2081-03-30T01:00:00.000Z', promisedAt: inGap, status: 'scheduled' };
    expectAnswer(scheduled, 201, shown);
    expect(await get(world(), `/deliveries/${String(scheduled.body['id'])}`, user.token)).toMatchObject(
      shown,
    );
    const inFold = await promise('2081-10-26T02:30:00');
    expectAnswer(inFold, 201, { deliverAt: '2081-10-26T00:30:00.000Z' });
    const nowhere = await promise(inGap.local, 'Europe/Atlantis');
    expectAnswer(nowhere, 422, { code: 'invalid' });
    expect(nowhere.body['errors']).toMatchObject([{ path: 'deliverAt.zone' }]);
  });

  it('are handed over when they are due, and then can be cancelled no more', async () => {
    const user = await givenSubscriber(world(), 'proReceiver', { plan: 'pro' });
    const letterId = await givenLetter(world(), user);
    const deliverAt = (await world().now()) + 1_500;
    const scheduled = await schedule(world(), user, letterId, 'email', new Date(deliverAt).toISOString());
    expectAnswer(scheduled, 201);
    const path = `/deliveries/${String(scheduled.body['id'])}`;
    const status = await eventually('handed over', async () => {
      const run = await ask(world(), 'POST /cron/reconcile-deliveries', { token: world().cronSecret });
      expectAnswer(run, 200, { errorCount: 0 });
      const delivery = await get(world(), path, user.token);
      return delivery['status'] === 'scheduled' ? null : delivery['status'];
    });
    // Whether it is sent by then depends on the sender, if there is one.
    expect(['dispatched', 'sent']).toContain(status);
    const refused = await ask(world(), `DELETE ${path}`, { token: user.token });
    expectAnswer(refused, 409, { code: 'illegal_transition' });
  });
});

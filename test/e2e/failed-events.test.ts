import { describe, expect } from '@jest/globals';
import * as z from 'zod/mini';
import { utcDay } from '../../lambdas/domain/instants.ts';
import { givenSubscriber } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import { atStripe, itWithStripe } from './support/paying.ts';
import { useWorld } from './support/use-world.ts';

const world = useWorld();

const page = z.object({
  items: z.array(z.object({ id: z.string(), type: z.string(), reason: z.string(), failedAt: z.string() })),
});
type FailedEvent = z.infer<typeof page>['items'][number];

async function failedEvents(): Promise<FailedEvent[]> {
  const token = await world().adminToken();
  return z.parse(page, await get(world(), '/admin/failed-events?limit=100', token)).items;
}

async function redrive({ id }: FailedEvent): Promise<void> {
  const token = await world().adminToken();
  expectAnswer(await ask(world(), `POST /admin/failed-events/${id}/redrive`, { token }), 200, { id });
}

/** A user begins to buy, is erased, and still pays on the open page. @returns the PaymentIntent */
async function givenPaymentOfAnErasedUser(): Promise<string> {
  const { userId, token } = await givenSubscriber(world(), 'proLeaver', { plan: 'pro' });
  const begun = await ask(world(), 'POST /credits/purchases', { token, json: { bundle: 5 } });
  expectAnswer(begun, 201);
  const erasure = `DELETE /admin/users/${encodeURIComponent(userId)}`;
  const erased = await ask(world(), erasure, { token: await world().adminToken() });
  expectAnswer(erased, 200, { erased: true });
  const session = /cs_test_\w+/.exec(z.parse(z.string(), begun.body['checkoutUrl']))?.[0] ?? '';
  const paid = await atStripe(world(), `/checkout/${session}/pay`);
  return z.parse(z.string(), paid['payment_intent']);
}

describe('an event of Stripe’s that fails', () => {
  itWithStripe('G12: is listed, and sent again: in vain, until its cause is gone', async () => {
    const before = new Set((await failedEvents()).map(({ id }) => id));
    const newEvents = async (): Promise<FailedEvent[]> =>
      (await failedEvents()).filter(({ id }) => !before.has(id));
    const paymentIntent = await givenPaymentOfAnErasedUser();
    const failed = await eventually('the events of the payment that failed', async () => {
      const events = await newEvents();
      return events.length === 2 ? events.toSorted((one, other) => (one.type < other.type ? -1 : 1)) : null;
    });
    expect(failed).toMatchObject([
      { type: 'checkout.session.completed', reason: 'customer_without_user' },
      { type: 'payment_intent.succeeded', reason: 'customer_without_user' },
    ]);

    // Nobody has given the money back yet.
    for (const event of failed) {
      await redrive(event);
    }
    await eventually('the events that failed again', async () => {
      const again = (await newEvents()).filter(({ id, failedAt }) =>
        failed.some((event) => event.id === id && event.failedAt < failedAt),
      );
      return again.length === failed.length || null;
    });

    await atStripe(world(), '/disputes', { payment_intent: paymentIntent });
    for (const event of failed) {
      await redrive(event);
    }
    expect(await newEvents()).toEqual([]);
    const day = utcDay(await world().now());
    const token = await world().adminToken();
    const trail = await get(world(), `/admin/audit-events?date=${day}&type=EventRedriven&limit=100`, token);
    const redriven = failed.flatMap(({ id }) => [
      expect.objectContaining({ data: expect.objectContaining({ event: id }) as unknown }),
    ]);
    expect(trail['items']).toEqual(expect.arrayContaining(redriven));
  });
});

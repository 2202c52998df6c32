import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { givenLetter, givenSubscriber, schedule } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import { buyFive, itWithStripe, payAt, stripeOf, untilCredits } from './support/paying.ts';
import { useWorld } from './support/use-world.ts';
import type { User } from './support/world.ts';

const world = useWorld();

/** The answer to `POST /credits/purchases`. */
const begun = z.object({ id: z.string(), checkoutUrl: z.string() });

async function begin({ token }: User, bundle: number, key: string): Promise<z.infer<typeof begun>> {
  const answer = await ask(world(), 'POST /credits/purchases', { token, key, json: { bundle } });
  expectAnswer(answer, 201);
  return z.parse(begun, answer.body);
}

describe('a bundle', () => {
  itWithStripe('is granted once it is paid, and the same key gives the same page', async () => {
    const anchor = (await world().now()) - DAY_MS;
    const user = await givenSubscriber(world(), 'proBuyer', { plan: 'pro', anchor });
    const purchase = await begin(user, 5, 'first');
    expect(await begin(user, 5, 'first')).toEqual(purchase);
    await payAt(world(), purchase.checkoutUrl);
    await untilCredits(world(), user, { available: 7, included: 2, purchased: 5, granted: 7 });
    expect(await get(world(), '/credits/purchases', user.token)).toMatchObject({
      items: [{ id: purchase.id, status: 'paid', credits: 5, checkoutUrl: null }],
      nextCursor: null,
    });
  });

  itWithStripe('G4: is taken back as it is refunded: once what is unspent, the rest is owed', async () => {
    const user = await givenSubscriber(world(), 'proRefunded', { plan: 'pro' });
    const intent = await buyFive(world(), user);
    const letterId = await givenLetter(world(), user);
    for (let mails = 0; mails < 4; mails += 1) {
      expectAnswer(await schedule(world(), user, letterId, 'mail'), 201, { paidWith: 'credit' });
    }
    await stripeOf(world()).refunds.create({ payment_intent: intent, amount: 700 });
    await untilCredits(world(), user, { available: 1, purchased: 1, takenBack: 2, owed: 0 });
    await stripeOf(world()).refunds.create({ payment_intent: intent });
    await untilCredits(world(), user, { available: 0, purchased: 0, takenBack: 3, owed: 2 });
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 402, { code: 'insufficient_credits' });

    const token = await world().adminToken();
    const path = `/admin/users/${encodeURIComponent(user.userId)}`;
    expect(await get(world(), path, token)).toMatchObject({
      purchases: [{ status: 'paid', credits: 5, returnedCents: 1_400, creditsTaken: 5 }],
    });
    expect(await get(world(), `${path}/ledger-proof`, token)).toMatchObject({ holds: true });
    const trail = `/admin/audit-events?user=${encodeURIComponent(user.userId)}&type=PurchaseRefunded`;
    const refunds = await eventually('both refunds in the audit trail', async () => {
      const { items } = await get(world(), trail, token);
      return Array.isArray(items) && items.length > 1 ? items : null;
    });
    expect(refunds).toMatchObject([
      { actor: 'postage:billing', data: { returnedCents: 1_400, creditsTaken: 5 } },
      { actor: 'postage:billing', data: { returnedCents: 700, creditsTaken: 2 } },
    ]);
  });

  it('is one of three', async () => {
    const user = await givenSubscriber(world(), 'proBrowser', { plan: 'pro' });
    const answer = await ask(world(), 'POST /credits/purchases', { token: user.token, json: { bundle: 7 } });
    expectAnswer(answer, 422, { code: 'invalid' });
  });
});

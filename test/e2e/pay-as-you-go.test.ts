import { describe, expect } from '@jest/globals';
import * as z from 'zod/mini';
import { usd } from '../../lambdas/domain/catalogue.ts';
import { DELIVER_AT, givenLetter, RECIPIENTS, schedule } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { type Answer, ask, expectAnswer, get } from './support/http.ts';
import { atStripe, givenPayingUser, inPortal, itWithStripe, untilEntitled } from './support/paying.ts';
import type { Person } from './support/people.ts';
import { useWorld } from './support/use-world.ts';
import type { User } from './support/world.ts';

const world = useWorld();
const PRICE = usd(300);

/** A subscriber to Pro with a letter, who has spent both credits. */
async function givenPayer(person: Person, card?: string): Promise<{ user: User; letterId: string }> {
  const user = await givenPayingUser(world(), person, { plan: 'pro', interval: 'month' }, card);
  await untilEntitled(world(), user, { plan: 'pro', status: 'active' });
  const letterId = await givenLetter(world(), user);
  for (let credits = 0; credits < 2; credits += 1) {
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201, { paidWith: 'credit' });
  }
  return { user, letterId };
}

async function pay({ token }: User, letterId: string, key: string): Promise<Answer> {
  const mail = { channel: 'mail', deliverAt: DELIVER_AT, recipient: RECIPIENTS.mail, payAsYouGo: true };
  return ask(world(), 'POST /deliveries', { token, key, json: { letterId, ...mail } });
}

describe('a mail beyond the credits', () => {
  itWithStripe('G9: is paid by card, with a receipt, once', async () => {
    const { user, letterId } = await givenPayer('freePayer');
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 402, {
      code: 'insufficient_credits',
      price: PRICE,
    });
    const paid = await pay(user, letterId, 'one');
    expectAnswer(paid, 201, { status: 'scheduled', paidWith: 'card', price: PRICE });
    expect(paid.body['receiptUrl']).toMatch(/^https:\/\//);
    expectAnswer(await pay(user, letterId, 'one'), 201, paid.body);
    expect(await get(world(), '/usage', user.token)).toMatchObject({ usage: { mailsSent: 3 } });

    const path = `/deliveries/${String(paid.body['id'])}`;
    const cancelled = await ask(world(), `DELETE ${path}`, { token: user.token });
    expectAnswer(cancelled, 200, { status: 'cancelled', refund: 'done' });
  });

  itWithStripe('is not scheduled when the card is declined, and the same key says so', async () => {
    const { user, letterId } = await givenPayer('freeDeclined');
    await inPortal(world(), user, 'card', { paymentMethod: 'pm_card_chargeCustomerFail' });
    const declined = { code: 'payment_failed', price: PRICE, declineCode: 'generic_decline' };
    expectAnswer(await pay(user, letterId, 'one'), 402, declined);
    expectAnswer(await pay(user, letterId, 'one'), 402, declined);
  });

  itWithStripe('G9: waits for the card’s holder, and is refunded when its letter goes', async () => {
    const { user, letterId } = await givenPayer('freeAuthenticator', 'pm_card_authenticationRequired');
    const asked = await pay(user, letterId, 'one');
    expectAnswer(asked, 402, { code: 'payment_action_required', price: PRICE });
    const [intent] = z.parse(z.string(), asked.body['clientSecret']).split('_secret');
    await atStripe(world(), `/payment-intents/${String(intent)}/authenticate`, { approved: true });
    const id = await eventually('scheduled', async () => {
      const { items } = await get(world(), '/deliveries?limit=1', user.token);
      const [newest] = z.parse(z.array(z.looseObject({ id: z.string(), status: z.string() })), items);
      return newest?.status === 'scheduled' ? newest.id : null;
    });
    const { token } = user;
    expectAnswer(await ask(world(), `DELETE /letters/${letterId}?cancelDeliveries=true`, { token }), 204);
    await eventually('refunded', async () => {
      await ask(world(), 'POST /cron/reconcile-deliveries', { token: world().cronSecret });
      const delivery = await get(world(), `/deliveries/${id}`, token);
      return delivery['refund'] === 'done' || null;
    });
  });
});

import { describe, expect } from '@jest/globals';
import * as z from 'zod/mini';
import { givenSubscriber } from './support/deeds.ts';
import { type Answer, ask, expectAnswer, get } from './support/http.ts';
import { atStripe, buyFive, itWithStripe, untilCredits } from './support/paying.ts';
import type { Person } from './support/people.ts';
import { useWorld } from './support/use-world.ts';
import type { User } from './support/world.ts';

const world = useWorld();

/** A subscriber to Pro who has bought five credits. @returns with the PaymentIntent */
async function givenBuyer(person: Person): Promise<{ user: User; paymentIntent: string }> {
  const user = await givenSubscriber(world(), person, { plan: 'pro' });
  return { user, paymentIntent: await buyFive(world(), user) };
}

async function give({ token }: User, count: number): Promise<string> {
  const question = { token, key: `gift of ${String(count)}`, json: { count } };
  const gift = await ask(world(), 'POST /credits/gifts', question);
  expectAnswer(gift, 201, { count });
  expect((await ask(world(), 'POST /credits/gifts', question)).body).toEqual(gift.body);
  return z.parse(z.string(), gift.body['code']);
}

async function claim({ token }: User, code: string): Promise<Answer> {
  return ask(world(), `POST /credits/gifts/${code}/redemption`, { token });
}

describe('a gift', () => {
  itWithStripe('G8: leaves the giver, and stays with whoever has claimed it', async () => {
    const { user } = await givenBuyer('proGiver');
    const receiver = await world().meet('freeReceiver');
    const code = await give(user, 2);
    expectAnswer(await claim(user, code), 422, { code: 'invalid' });
    expectAnswer(await claim(receiver, code), 200, { count: 2 });
    expectAnswer(await claim(receiver, code), 409, { code: 'already_claimed' });
    expectAnswer(await claim(receiver, '0'.repeat(28)), 404, { code: 'not_found' });
    expect(await get(world(), '/credits', receiver.token)).toMatchObject({ available: 2, purchased: 2 });
    expect(await get(world(), '/credits', user.token)).toMatchObject({ purchased: 3, takenBack: 2 });
    const gifts = await ask(world(), 'GET /credits/gifts', { token: user.token });
    expectAnswer(gifts, 200, { items: [expect.objectContaining({ status: 'claimed', count: 2 })] });
    expect(gifts.text).not.toContain(code);
  });

  itWithStripe('comes back when the purchase behind it is disputed', async () => {
    const { user, paymentIntent } = await givenBuyer('proDisputed');
    const code = await give(user, 4);
    const dispute = await atStripe(world(), '/disputes', { payment_intent: paymentIntent });
    await untilCredits(world(), user, { purchased: 0, owed: 0, takenBack: 5 });
    const receiver = await world().meet('freeLatecomer');
    expectAnswer(await claim(receiver, code), 409, { code: 'illegal_transition' });
    await atStripe(world(), `/disputes/${z.parse(z.string(), dispute['id'])}/close`, { status: 'won' });
    await untilCredits(world(), user, { purchased: 5, owed: 0, takenBack: 0 });
  });
});

import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { givenSubscriber } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get } from './support/http.ts';
import { itWithStripe } from './support/paying.ts';
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

async function pay({ checkoutUrl }: z.infer<typeof begun>): Promise<void> {
  const session = /cs_test_\w+/.exec(checkoutUrl)?.[0] ?? '';
  await world().atStripe?.('POST', `/checkout/${session}/pay`);
}

async function untilAvailable({ token }: User, available: number): Promise<Record<string, unknown>> {
  return eventually(`${String(available)} credits`, async () => {
    const credits = await get(world(), '/credits', token);
    return credits['available'] === available ? credits : null;
  });
}

describe('a bundle', () => {
  itWithStripe('is granted once it is paid, and the same key gives the same page', async () => {
    const anchor = (await world().now()) - DAY_MS;
    const user = await givenSubscriber(world(), 'proBuyer', { plan: 'pro', anchor });
    const purchase = await begin(user, 5, 'first');
    expect(await begin(user, 5, 'first')).toEqual(purchase);
    await pay(purchase);
    expect(await untilAvailable(user, 7)).toMatchObject({ included: 2, purchased: 5, granted: 7 });
  });

  it('is one of three', async () => {
    const user = await givenSubscriber(world(), 'proBrowser', { plan: 'pro' });
    const answer = await ask(world(), 'POST /credits/purchases', { token: user.token, json: { bundle: 7 } });
    expectAnswer(answer, 422, { code: 'invalid' });
  });
});

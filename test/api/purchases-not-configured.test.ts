import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { someApiUser } from '../support/api-client.ts';
import { type Postage, startPostage } from '../support/server.ts';
import { itemsOf } from '../support/users.ts';

let postage: Postage;

beforeAll(async () => {
  postage = await startPostage();
  // Before the function is loaded, which is when it is first called.
  process.env[VARIABLES.stripeSecretId] = 'a secret that nobody has set';
});

afterAll(async () => {
  await postage.stop();
});

describe('without keys of Stripe', () => {
  it('a purchase is refused before anything is written', async () => {
    const user = await someApiUser(postage, 'pro');
    const before = await itemsOf(postage.store, user.id);
    const answer = await user.call('POST', '/credits/purchases', { body: { bundle: 5 } });
    expect(answer).toMatchObject({ status: 503, body: { code: 'not_configured' } });
    expect(answer.headers.get('retry-after')).toBe('300');
    expect(await itemsOf(postage.store, user.id)).toEqual(before);
  });
});

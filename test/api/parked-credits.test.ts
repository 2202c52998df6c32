import { beforeAll, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { ADDRESS, type ApiUser, call, LETTER, someApiUser } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';
import { expectClosedBooks } from '../support/users.ts';

const postage = usePostage();

beforeAll(async () => {
  await postage().followStream();
});

/** A subscriber whose token never runs out. */
async function userWith(plan: 'pro' | 'enterprise'): Promise<ApiUser> {
  const { id } = await someApiUser(postage(), plan);
  const ask: ApiUser['call'] = async (method, path, request = {}) =>
    call(postage(), method, path, { token: await postage().token(id), ...request });
  return { id, call: ask };
}

/** Schedules every credit for 2090, month after month, and cancels it all after half a year, the newest first. */
async function heldAfterParking(plan: 'pro' | 'enterprise', allowance: number) {
  const user = await userWith(plan);
  const letterIds: string[] = [];
  const ids: string[] = [];
  for (let month = 0; month < 7; month += 1) {
    // A letter has at most so many open deliveries.
    const letter = await user.call('POST', '/letters', { body: LETTER });
    letterIds.push(String(letter.body['id']));
    for (let mail = 0; mail < allowance; mail += 1) {
      const body = { letterId: letterIds.at(-1), channel: 'mail', deliverAt: '2090-01-31T09:00:00.000Z' };
      const answer = await user.call('POST', '/deliveries', { body: { ...body, recipient: ADDRESS } });
      expect(answer).toMatchObject({ status: 201, body: { paidWith: 'credit' } });
      ids.push(String(answer.body['id']));
    }
    postage().clock.moveTo(postage().clock.now() + (month < 6 ? 31 : 0) * DAY_MS);
  }
  for (const id of ids.toReversed()) {
    expect(await user.call('DELETE', `/deliveries/${id}`)).toMatchObject({ status: 200 });
  }
  await expectClosedBooks(postage().store, user.id, postage().clock.now());
  const [credits, ledger] = await Promise.all([
    user.call('GET', '/credits'),
    user.call('GET', '/credits/ledger'),
  ]);
  return { credits: credits.body, ledger: ledger.body['items'] };
}

describe('G11: a user who parks credits in mails for 2090', () => {
  it('holds at most the allowance on pro', async () => {
    const { credits, ledger } = await heldAfterParking('pro', 2);
    expect(credits).toMatchObject({ available: 2, included: 2, carried: 0 });
    expect((ledger as unknown[]).slice(0, 2)).toMatchObject([
      { kind: 'expiry', amount: -1, balanceAfter: 2 },
      { kind: 'regranted', amount: 1, balanceAfter: 3 },
    ]);
  });

  it('holds at most the allowance and the cap on enterprise', async () => {
    const { credits } = await heldAfterParking('enterprise', 10);
    expect(credits).toMatchObject({ available: 20, included: 10, carried: 10 });
  });
});

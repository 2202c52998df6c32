import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Administrator, administratorOf, trailOf } from '../support/admin.ts';
import { LETTER, someApiUser } from '../support/api-client.ts';
import { usePostage } from '../support/server.ts';

const postage = usePostage();
let admin: Administrator;

beforeAll(async () => {
  await postage().followStream();
  admin = await administratorOf(postage());
});

describe('users near a limit', () => {
  it('are listed with their limits, and the audit trail tells who read it', async () => {
    const ada = await someApiUser(postage());
    expect(await admin.getPage('/users?nearing=0.8')).toEqual({ items: [], nextCursor: null });
    for (let letters = 0; letters < 4; letters += 1) {
      await ada.call('POST', '/letters', { body: LETTER });
    }
    const limits = [{ of: 'letters', used: 4, limit: 5, percent: 80 }];
    expect((await admin.getPage('/users')).items).toMatchObject([{ userId: ada.id, plan: 'none', limits }]);
    expect((await admin.getPage('/users?nearing=1')).items).toEqual([]);
    await ada.call('POST', '/letters', { body: LETTER });
    const [user] = (await admin.getPage('/users?nearing=1')).items;
    expect(user).toMatchObject({ userId: ada.id, limits: [{ percent: 100 }] });

    const today = new Date(postage().clock.now()).toISOString().slice(0, 10);
    const { items } = await admin.getPage(`/audit-events?date=${today}&type=UserDataRead`);
    expect(items).toContainEqual(
      expect.objectContaining({ data: { route: 'GET /admin/users', nearing: 0.8 } }),
    );
    expect(await trailOf(postage(), ada.id)).toEqual([]);
  });

  it('have their ledger shown, and the audit trail tells that too', async () => {
    const ada = await someApiUser(postage(), 'pro');
    const own = await ada.call('GET', '/credits/ledger');
    expect(await admin.getPage(`/users/${ada.id}/ledger`)).toEqual(own.body);
    const reads = (await trailOf(postage(), ada.id)).filter(({ type }) => type === 'UserDataRead');
    expect(reads).toMatchObject([{ data: { route: 'GET /admin/users/{userId}/ledger' } }]);
    expect(await admin.ask('GET', '/users/nobody/ledger')).toMatchObject({ status: 404 });
  });

  it('G13: are for administrators alone, and are not noted before 80%', async () => {
    const ada = await someApiUser(postage());
    expect(await ada.call('GET', '/admin/users')).toMatchObject({ status: 403 });
    for (const share of ['0.5', '2', 'x']) {
      expect(await admin.ask('GET', `/users?nearing=${share}`)).toMatchObject({ status: 422 });
    }
  });
});

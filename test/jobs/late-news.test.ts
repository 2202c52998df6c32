import '../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import { sumLots } from '../../lambdas/domain/lots.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { leftOf } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';
import { ENTERPRISE, PRO, usePayments } from '../support/payments.ts';

const suite = usePayments('2026-01-31T09:00:00Z');

describe('news that comes late', () => {
  it('G5: of a smaller plan: nothing is carried of a period that has come and gone without its events', async () => {
    const { userId, customerId } = await suite.givenCustomer();
    const { subscriptions } = suite.stripe();
    const items = [{ price: ENTERPRISE }];
    const { id, items: sold } = await subscriptions.create({ customer: customerId, items });
    await suite.followAll();
    const creditsLeft = async (): Promise<number> => {
      const { account } = rollForward(await suite.account(userId), suite.at().clock.now(), LETTERS);
      const { lots, included } = leftOf(account);
      return sumLots(lots) + included;
    };
    suite.at().moveTo('2026-03-01T00:00:00Z');
    await suite.followAll();
    expect(await creditsLeft()).toBe(20);

    suite.at().moveTo('2026-04-10T00:00:00Z');
    const change = { items: [{ id: sold.data[0]?.id ?? '', price: PRO }] };
    await subscriptions.update(id, { ...change, proration_behavior: 'none' });
    suite.at().moveTo('2026-05-02T00:00:00Z');
    await suite.followAll();
    expect((await suite.account(userId)).plan).toBe('pro');
    expect(await creditsLeft()).toBe(2);
  });
});

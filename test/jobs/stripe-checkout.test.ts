import { beforeEach, describe, expect, it } from '@jest/globals';
import { beginSubscription } from '../../lambdas/commands/begin-subscription.ts';
import { PRO, type StripeGate, usePayments } from '../support/payments.ts';
import { request } from '../support/users.ts';

const suite = usePayments('2026-01-31T00:00:00Z');
let user: { userId: string; customerId: string };

beforeEach(async () => {
  user = await suite.givenCustomer();
});

function begin(gate?: StripeGate): Promise<string | null> {
  const services = { ...suite.services(gate), appUrl: 'https://app.test/' };
  const context = { ...request(user.userId, suite.at().clock.now()), idempotencyKey: null };
  return beginSubscription(services, context, { plan: 'pro', interval: 'month' });
}

async function sessions(): Promise<(string | null)[]> {
  const { data } = await suite.stripe().checkout.sessions.list({ customer: user.customerId });
  return data.map(({ status }) => status);
}

describe('a second Checkout whose first one is paid meanwhile', () => {
  // Requests: its price, its subscriptions, its new session, the open sessions; then it expires the older one.
  it.each([2, 3, 4, 5])(
    'G9: ends as subscribed already, and leaves no page to pay (before request %i)',
    async (n) => {
      await begin();
      const { data } = await suite.stripe().checkout.sessions.list({ customer: user.customerId });
      let requests = 0;
      const gate: StripeGate = async (send) => {
        requests += 1;
        if (requests === n) {
          suite.at().standIn.control.payCheckout(data[0]?.id ?? '');
        }
        return send();
      };
      expect(await begin(gate)).toBeNull();
      expect((await sessions()).filter((status) => status === 'open')).toEqual([]);
      const { data: subscribed } = await suite.stripe().subscriptions.list({ customer: user.customerId });
      expect(subscribed.map(({ items }) => items.data[0]?.price.id)).toEqual([PRO]);
    },
  );
});

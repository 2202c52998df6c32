import { type Channel, type Delivery, type DeliveryStatus } from '../../lambdas/letters/domain/deliveries.ts';
import { at } from './accounts.ts';
import { givenLife } from './delivery-lives.ts';

/** A delivery of the letter `letter-1`, as it stands at some point of its life. */
export function givenDelivery(status: DeliveryStatus, channel: Channel, createdAt = '2026-02-09'): Delivery {
  const destination =
    channel === 'email'
      ? { channel, recipient: { email: 'ada@example.com' } }
      : {
          channel,
          recipient: {
            name: 'Ada Lovelace',
            line1: '12 St James’s Square',
            city: 'London',
            postalCode: 'SW1Y 4JH',
            country: 'GB',
          },
        };
  return {
    id: 'delivery-1',
    letterId: 'letter-1',
    version: 1,
    ...givenLife(status, at(createdAt)),
    paidWith: channel === 'email' ? 'none' : 'credit',
    payment: null,
    deliverAt: at('2036-02-09'),
    createdAt: at(createdAt),
    ...destination,
  };
}

import { type Deadline } from '../../domain/deadline.ts';
import { cancelDelivery, heldSinceOf } from '../domain/delivery-life.ts';
import { needsRefund } from '../domain/delivery-payment.ts';
import { type Instant } from '../../domain/instants.ts';
import { parseDelivery } from '../adapters/delivery-item.ts';
import { takeStep } from './take-step.ts';
import { recordKey, userKey } from '../../adapters/dynamodb/keys.ts';
import { eachOfPartition } from '../../adapters/dynamodb/partitions.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';

/**
 * Cancels the mails that a card has paid for and no sender has. The records stay until the reconciler has refunded the
 * charges, since nothing else remembers them (G9). A pending payment has charged nothing. If Stripe charges later, its
 * event leads to the refund.
 *
 * @returns whether no refund is left to make
 * @throws BusyError
 */
export async function callOffPaidMails(
  store: Store,
  userId: string,
  now: Instant,
  deadline: Deadline,
): Promise<boolean> {
  let isRefunded = true;
  for await (const item of eachOfPartition(store, userKey(userId), recordKey('DELIVERY', ''), deadline)) {
    let delivery = parseDelivery(item);
    const isWaiting = delivery.status === 'scheduled' || heldSinceOf(delivery) !== null;
    if (isWaiting && delivery.paidWith === 'card') {
      const context = { userId, id: delivery.id, now, deadline };
      const step = await takeStep(store, context, (current) => cancelDelivery(current, now), delivery);
      delivery = step.delivery ?? delivery;
    }
    isRefunded &&= !needsRefund(delivery);
  }
  return isRefunded;
}

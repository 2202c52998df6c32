import { type Delivery, type Destination } from '../../domain/deliveries.ts';
import { ItemReader, toWire, type WireItem } from './items.ts';
import { deliveryShard, listKey, recordKey, userKey } from './keys.ts';

export function deliveryItem(userId: string, delivery: Delivery, fingerprint: string): WireItem {
  return toWire({
    pk: userKey(userId),
    sk: recordKey('DELIVERY', delivery.id),
    listKey: listKey('DELIVERY', delivery.createdAt, delivery.id),
    dueShard: deliveryShard(delivery.id),
    dueAt: delivery.deliverAt,
    fingerprint,
    ...delivery,
  });
}

export function deliveryKey(userId: string, id: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('DELIVERY', id) });
}

/** @throws CorruptItemError */
export function parseDelivery(item: WireItem): Delivery {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    letterId: reader.string('letterId'),
    status: reader.oneOf('status', [
      'pending_payment',
      'scheduled',
      'dispatched',
      'sent',
      'failed',
      'cancelled',
    ]),
    paidWith: reader.oneOf('paidWith', ['none', 'credit', 'card']),
    deliverAt: reader.integer('deliverAt'),
    createdAt: reader.integer('createdAt'),
    ...parseDestination(reader),
  };
}

function parseDestination(reader: ItemReader): Destination {
  const channel = reader.oneOf('channel', ['email', 'mail']);
  const recipient = reader.map('recipient');
  switch (channel) {
    case 'email':
      return { channel, recipient: { email: recipient.string('email') } };
    case 'mail':
      return {
        channel,
        recipient: {
          name: recipient.string('name'),
          line1: recipient.string('line1'),
          line2: recipient.optionalString('line2'),
          city: recipient.string('city'),
          state: recipient.optionalString('state'),
          postalCode: recipient.string('postalCode'),
          country: recipient.string('country'),
        },
      };
  }
}

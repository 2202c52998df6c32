import { type Catalogue } from '../../domain/catalogue.ts';
import { eventsOf as coreEventsOf } from '../../domain/events-of.ts';
import { toIso } from '../../domain/instants.ts';
import {
  type AnyChange,
  type DeliveryChange,
  isScheduledNow,
  type LetterChange,
  type ScheduledNow,
  scheduledAt,
} from './changes.ts';
import { event, type LettersEvent, type PostageEvent } from './events.ts';
import { eventsOfPayment } from './payment-events.ts';

/** The events of a change, of the letters app or of the core. */
export function eventsOf(change: AnyChange, catalogue: Catalogue): PostageEvent[] {
  if (change.kind === 'letter') {
    return eventsOfLetter(change);
  }
  if (change.kind === 'delivery') {
    return [
      ...(isScheduledNow(change) ? [deliveryScheduled(change)] : eventsOfDelivery(change)),
      ...eventsOfPayment(change),
    ];
  }
  return coreEventsOf(change, catalogue);
}

function eventsOfLetter({ userId, before, after }: LetterChange): LettersEvent[] {
  if (after === null) {
    return [];
  }
  const { id, createdAt, deletedAt } = after;
  if (before === null) {
    return [event('LetterCreated', userId, [id], createdAt, { letterId: id, createdAt: toIso(createdAt) })];
  }
  return before.deletedAt === null && deletedAt !== null
    ? [event('LetterDeleted', userId, [id], deletedAt, { letterId: id, deletedAt: toIso(deletedAt) })]
    : [];
}

function deliveryScheduled(change: ScheduledNow): LettersEvent {
  const { id: deliveryId, letterId, channel, paidWith, deliverAt, createdAt } = change.after;
  return event('DeliveryScheduled', change.userId, [deliveryId], scheduledAt(change), {
    deliveryId,
    letterId,
    channel,
    paidWith,
    deliverAt: toIso(deliverAt),
    createdAt: toIso(createdAt),
  });
}

function eventsOfDelivery({ userId, before, after }: DeliveryChange): LettersEvent[] {
  if (before === null || after === null) {
    return [];
  }
  const { id: deliveryId, letterId, channel } = after;
  const about = { deliveryId, letterId, channel };
  if (after.status === 'dispatched') {
    const { attempts, lastDispatchedAt } = after.dispatch;
    const isTheSame = before.status === 'dispatched' && before.dispatch.attempts === attempts;
    const data = { ...about, attempt: attempts, deliverAt: toIso(after.deliverAt) };
    return isTheSame ? [] : [event('DeliveryDue', userId, [deliveryId, attempts], lastDispatchedAt, data)];
  }
  if (before.status === after.status) {
    return [];
  }
  switch (after.status) {
    case 'pending_payment':
    case 'scheduled':
      return [];
    case 'sent': {
      const { sentAt, dispatch } = after;
      const data = { ...about, sentAt: toIso(sentAt), providerId: dispatch.providerId };
      return [event('DeliverySent', userId, [deliveryId], sentAt, data)];
    }
    case 'failed': {
      const { failedAt, failure } = after;
      const data = { ...about, failedAt: toIso(failedAt), failure };
      return [event('DeliveryFailed', userId, [deliveryId], failedAt, data)];
    }
    case 'cancelled': {
      const { cancelledAt } = after;
      const data = { ...about, cancelledAt: toIso(cancelledAt) };
      return [event('DeliveryCancelled', userId, [deliveryId], cancelledAt, data)];
    }
  }
}

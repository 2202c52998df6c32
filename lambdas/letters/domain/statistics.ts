import { arrived } from '../../domain/changes.ts';
import { counted, type Counted, countedOf as coreCountedOf, used } from '../../domain/statistics.ts';
import {
  type AnyChange,
  type DeliveryChange,
  isScheduledNow,
  type LetterChange,
  scheduledAt,
} from './changes.ts';
import { costOf } from './deliveries.ts';
import { paymentFactOf } from './delivery-payment.ts';

/** What a change adds to the statistics; null: nothing. */
export function countedOf(change: AnyChange): Counted | null {
  if (change.kind === 'letter') {
    return countedLetter(change);
  }
  if (change.kind === 'delivery') {
    return countedDelivery(change);
  }
  return change.kind === 'text' ? null : coreCountedOf(change);
}

function countedLetter(change: LetterChange): Counted | null {
  const letter = arrived(change);
  return letter === null
    ? null
    : used(change, `letter:${letter.id}`, letter.createdAt, { letters: 1, emails: 0, mails: 0 });
}

function countedDelivery(change: DeliveryChange): Counted | null {
  if (!isScheduledNow(change)) {
    return countedSending(change) ?? countedPayment(change);
  }
  const { id, channel, payment } = change.after;
  const byCard = payment === null ? {} : { cardMails: 1, cardRevenueCents: payment.price.amountCents };
  return used(change, `delivery:${id}`, scheduledAt(change), { ...costOf(channel), ...byCard });
}

/** Counts a mail on the day when it was sent, and takes it off that day if it comes back. */
function countedSending(change: DeliveryChange): Counted | null {
  const { before, after } = change;
  if (before === null || after?.channel !== 'mail') {
    return null;
  }
  const mails = after.paidWith === 'card' ? 'cardMailsSent' : 'creditMailsSent';
  if (before.status !== 'sent' && after.status === 'sent') {
    return counted(change, `sent:${after.id}`, after.sentAt, { [mails]: 1 });
  }
  return before.status === 'sent' && after.status !== 'sent'
    ? counted(change, `came-back:${after.id}`, before.sentAt, { [mails]: -1 })
    : null;
}

/** Counts the money that does not come with a scheduled mail. */
function countedPayment(change: DeliveryChange): Counted | null {
  const { at, before, after } = change;
  if (before === null || !after?.payment) {
    return null;
  }
  const { price, intentId } = after.payment;
  switch (paymentFactOf(before, after)?.fact) {
    case undefined:
      return null;
    case 'charged':
      return counted(change, `charge:${after.id}`, at, { cardRevenueCents: price.amountCents });
    case 'failed':
      // Nobody asked a card if there is no intent.
      return intentId === null
        ? null
        : counted(change, `failed-payment:${after.id}`, at, { cardPaymentsFailed: 1 });
    case 'refunded':
      return counted(change, `refund:${after.id}`, at, {
        cardRefunds: 1,
        cardRefundsCents: price.amountCents,
      });
  }
}

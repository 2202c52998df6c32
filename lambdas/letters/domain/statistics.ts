import { type ClosedPeriod } from '../../domain/account.ts';
import { arrived } from '../../domain/changes.ts';
import {
  counted,
  type Counted,
  countedOf as coreCountedOf,
  used,
  usedTotals,
} from '../../domain/statistics.ts';
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
  if (change.kind === 'text') {
    return null;
  }
  const ofCore = coreCountedOf(change);
  return ofCore === null || change.kind !== 'period' || change.after === null
    ? ofCore
    : { ...ofCore, totals: { ...ofCore.totals, ...mailsOf(change.after) } };
}

/** The totals that the letters app adds to the core's. */
export type LettersTotal =
  /** Mails that a card has paid for, and what cards were charged for them. */
  | 'cardMails'
  | 'cardRevenueCents'
  /** Charges that came to nothing: the bank declined, or nobody authenticated in time. */
  | 'cardPaymentsFailed'
  /** Refunds of charges, and what has gone back. It is not subtracted from the revenue. */
  | 'cardRefunds'
  | 'cardRefundsCents'
  /** Mails that were sent with a credit, and those that a card has paid for; one that came back counts no more. */
  | 'creditMailsSent'
  | 'cardMailsSent'
  /** Periods of the plan on which the report gives the mean, and the mails in them. */
  | 'reportedPeriods'
  | 'reportedPeriodMails';

type LettersTotals = Readonly<Partial<Record<LettersTotal, number>>>;

/** The plan of whose periods the report tells the mean of mails. */
const REPORTED_PLAN = 'pro';

function mailsOf({ plan, meters }: ClosedPeriod): LettersTotals {
  if (plan !== REPORTED_PLAN) {
    return {};
  }
  const mails = meters['mails']?.used ?? 0;
  return mails === 0 ? { reportedPeriods: 1 } : { reportedPeriods: 1, reportedPeriodMails: mails };
}

function countedLetter(change: LetterChange): Counted | null {
  const letter = arrived(change);
  return letter === null
    ? null
    : used(change, `letter:${letter.id}`, letter.createdAt, usedTotals({ letters: 1 }));
}

function countedDelivery(change: DeliveryChange): Counted | null {
  if (!isScheduledNow(change)) {
    return countedSending(change) ?? countedPayment(change);
  }
  const { id, channel, payment } = change.after;
  const byCard: LettersTotals =
    payment === null ? {} : { cardMails: 1, cardRevenueCents: payment.price.amountCents };
  return used(change, `delivery:${id}`, scheduledAt(change), {
    ...usedTotals(costOf(channel).consume),
    ...byCard,
  });
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

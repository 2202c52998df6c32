import { type ClosedPeriod } from '../../domain/account.ts';
import { arrived } from '../../domain/changes.ts';
import {
  addTotals,
  counted,
  type Counted,
  countedOf as coreCountedOf,
  type Totals,
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
import { costOf, type Delivery } from './deliveries.ts';
import { type PaymentFact, paymentFactsOf, paymentOf } from './delivery-payment.ts';

/** What a change adds to the statistics; null: nothing. */
export function countedOf(change: AnyChange): Counted | null {
  if (change.kind === 'letter') {
    return countedLetter(change);
  }
  if (change.kind === 'delivery') {
    return countedDelivery(change);
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
  /** Refunds of charges, also of a part. */
  | 'cardRefunds'
  /** What has gone back, by refunds and by disputes. It is not subtracted from the revenue. */
  | 'cardRefundsCents'
  /** Disputes of charges that were opened, and how they ended. */
  | 'cardDisputes'
  | 'cardDisputesWon'
  | 'cardDisputesLost'
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
  const { id, channel, paidWith } = change.after;
  return used(change, `delivery:${id}`, scheduledAt(change), {
    ...usedTotals(costOf(channel).consume),
    cardMails: paidWith === 'card' ? 1 : 0,
    ...paidTotals(change),
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
  const totals = paidTotals(change);
  const subject = `payment:${change.after?.id ?? ''}:${String(change.after?.version)}`;
  return Object.keys(totals).length === 0 ? null : counted(change, subject, change.at, totals);
}

function paidTotals({ before, after }: DeliveryChange): Totals {
  return before === null || after === null
    ? {}
    : paymentFactsOf(before, after)
        .map((fact) => totalsOf(fact, after))
        .reduce(addTotals, {});
}

function totalsOf(happened: PaymentFact, delivery: Delivery): LettersTotals {
  const { price, intentId } = paymentOf(delivery);
  switch (happened.fact) {
    case 'charged':
      return { cardRevenueCents: price.amountCents };
    case 'failed':
      // Nobody asked a card if there is no intent.
      return intentId === null ? {} : { cardPaymentsFailed: 1 };
    case 'disputed':
      return { cardDisputes: 1 };
    case 'dispute_won':
      return { cardDisputesWon: 1 };
    case 'dispute_lost':
      return { cardDisputesLost: Math.sign(happened.cents), cardRefundsCents: happened.cents };
    case 'refunded':
      return { cardRefunds: Math.sign(happened.cents), cardRefundsCents: happened.cents };
  }
}

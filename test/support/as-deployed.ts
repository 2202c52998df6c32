/** Commands of the core with what the letters app adds to them, as the deployed functions put them together. */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { eraseUser as eraseWith, type ErasureOutcome } from '../../lambdas/commands/erase-user.ts';
import { processStripeEvents as processWith } from '../../lambdas/commands/process-stripe-events.ts';
import {
  CORE_SETTLERS,
  type Part,
  settleDue,
  type Settled,
  type Settler,
} from '../../lambdas/commands/settle-due.ts';
import { type StripeServices } from '../../lambdas/commands/stripe-handler.ts';
import { type Deadline } from '../../lambdas/domain/deadline.ts';
import { type Instant } from '../../lambdas/domain/instants.ts';
import { textsOf } from '../../lambdas/letters/adapters/letter-item.ts';
import { callOffPaidMails } from '../../lambdas/letters/commands/call-off-paid-mails.ts';
import { type CardSettlement, settleDelivery } from '../../lambdas/letters/commands/settle-delivery.ts';
import { EVENT_HANDLERS } from '../../lambdas/letters/commands/stripe-event-handlers.ts';
import { type DueOutcome } from '../../lambdas/letters/domain/reconciliation.ts';

export type Reconciliation = Settled<DueOutcome>;

const wait = (): Promise<'waiting'> => Promise.resolve('waiting');

/** @param cards what is done about payments by card; by default they wait */
export function reconcile(
  store: Store,
  now: Instant,
  deadline: Deadline,
  cards: CardSettlement = { settlePayment: wait, refund: wait },
  part?: Part,
): Promise<Reconciliation> {
  const settlers = new Map<string, Settler<DueOutcome>>([
    ...CORE_SETTLERS,
    ['DELIVERY', settleDelivery(cards)],
  ]);
  return settleDue(store, settlers, now, deadline, part);
}

export function processStripeEvents(
  services: StripeServices,
  records: readonly SQSRecord[],
  deadlineMs?: number,
): Promise<SQSBatchResponse> {
  return processWith(services, EVENT_HANDLERS, records, deadlineMs);
}

export function eraseUser(
  store: Store,
  userId: string,
  now: Instant,
  deadline: Deadline,
): Promise<ErasureOutcome> {
  return eraseWith(store, userId, now, deadline, { settle: callOffPaidMails, belongingsOf: textsOf });
}

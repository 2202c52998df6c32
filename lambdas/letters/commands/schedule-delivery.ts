import {
  type Channel,
  costOf,
  type Delivery,
  type DeliveryLife,
  type Destination,
} from '../domain/deliveries.ts';
import { type Charge } from '../../domain/usage.ts';
import { type CommandContext } from '../../commands/command-context.ts';
import { type CostingCommand, decidingWrite, type WriteOutcome } from '../../commands/deciding-write.ts';
import { type Replay, replayOf } from '../../commands/replay.ts';
import { deliveryItem, deliveryKey, parseDelivery } from '../adapters/delivery-item.ts';
import { getItem } from '../../adapters/dynamodb/get-item.ts';
import { type WireItem } from '../../adapters/dynamodb/items.ts';
import { isFull, MAX_OPEN_DELIVERIES, openDelivery, pagesBeyond } from '../adapters/letter-item.ts';
import { mostPagesTo } from '../domain/mail-limits.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';

/** How scheduling ends: as any command that costs usage, or because the letter can't be sent so. */
export type SchedulingOutcome = WriteOutcome<Delivery> | LetterRefusal;

/** In the order in which they are told. */
export type LetterRefusal =
  | { outcome: 'letter_missing' }
  /** The sender would cut it. */
  | { outcome: 'letter_too_long'; pages: number; mostPages: number }
  /** It takes no more deliveries now. */
  | { outcome: 'letter_full'; openDeliveries: number };

type DeliveryRequest<To extends Channel> = Pick<Delivery, 'letterId' | 'deliverAt' | 'promised'> &
  Pick<Extract<Destination, { channel: To }>, 'recipient'>;

/** Schedules an e-mail and counts it. @throws BusyError */
export async function trackEmailDelivery(
  store: Store,
  context: CommandContext,
  { recipient, ...delivery }: DeliveryRequest<'email'>,
): Promise<SchedulingOutcome> {
  return schedule(store, context, { ...delivery, channel: 'email', recipient }, null);
}

/**
 * Schedules a physical mail and takes a mail credit for it.
 *
 * @param payAsYouGo not null: a card may pay when no credit is left. The delivery then waits for its payment, and counts
 *   among the mails of the day only. It is called first, and throws when no card can pay
 * @throws BusyError
 */
export async function deductMailCredit(
  store: Store,
  context: CommandContext,
  { recipient, ...delivery }: DeliveryRequest<'mail'>,
  payAsYouGo: PayAsYouGo = null,
): Promise<SchedulingOutcome> {
  return schedule(store, context, { ...delivery, channel: 'mail', recipient }, payAsYouGo);
}

type PayAsYouGo = CostingCommand<Delivery>['payAsYouGo'];

async function schedule(
  store: Store,
  context: CommandContext,
  asked: Destination & Pick<Delivery, 'letterId' | 'deliverAt' | 'promised'>,
  payAsYouGo: PayAsYouGo,
): Promise<SchedulingOutcome> {
  const { userId, id, fingerprint } = context;
  const mostPages = asked.channel === 'mail' ? mostPagesTo(asked.recipient.country) : null;
  return decidingWrite<Delivery, Exclude<SchedulingOutcome, WriteOutcome<Delivery>>>(store, {
    ...context,
    use: costOf(asked.channel),
    source: `delivery:${id}`,
    alongside: [
      {
        write: openDelivery(store.table, { userId, letterId: asked.letterId, deliveryId: id }, mostPages),
        ifRefused: (letter) => whyNotOpened(letter, mostPages),
      },
    ],
    payAsYouGo,
    record: (createdAt, { charge }) => {
      const kept = { id, ...asked, ...paidBy(asked.channel, charge), createdAt, version: 1 };
      return { item: deliveryItem(userId, kept, fingerprint), others: [], kept };
    },
    parse: parseDelivery,
  });
}

function whyNotOpened(letter: WireItem | null, mostPages: number | null): LetterRefusal {
  if (letter === null) {
    return { outcome: 'letter_missing' };
  }
  const pages = mostPages === null ? null : pagesBeyond(letter, mostPages);
  if (pages !== null && mostPages !== null) {
    return { outcome: 'letter_too_long', pages, mostPages };
  }
  return isFull(letter)
    ? { outcome: 'letter_full', openDeliveries: MAX_OPEN_DELIVERIES }
    : { outcome: 'letter_missing' };
}

function paidBy(
  channel: Channel,
  charge: Charge | null,
): Extract<DeliveryLife, { status: 'pending_payment' | 'scheduled' }> &
  Pick<Delivery, 'paidWith' | 'payment'> {
  if (charge === null) {
    return { status: 'scheduled', paidWith: channel === 'mail' ? 'credit' : 'none', payment: null };
  }
  const { price, customerId } = charge;
  const payment = {
    ...{ price, customerId, intentId: null, receiptUrl: null, declineCode: null },
    ...{ refundedCents: 0, lostCents: 0, dispute: null },
  };
  return { status: 'pending_payment', paidWith: 'card', payment };
}

/** The delivery that the same request has made before (G2); null: none. @throws BusyError */
export async function findScheduled(
  store: Store,
  { userId, id, fingerprint, deadline }: CommandContext,
): Promise<Replay<Delivery> | null> {
  const item = await getItem(store, deliveryKey(userId, id), deadline);
  return item === null ? null : replayOf(item, fingerprint, parseDelivery);
}

import {
  type CardPayment,
  type Channel,
  costOf,
  type Delivery,
  type EmailRecipient,
  type PostalRecipient,
} from '../domain/deliveries.ts';
import { type Instant } from '../../domain/instants.ts';
import { PLANS } from '../../domain/plans.ts';
import { type Charge } from '../../domain/usage.ts';
import { type CommandContext } from '../../commands/command-context.ts';
import { type CostingCommand, decidingWrite, type WriteOutcome } from '../../commands/deciding-write.ts';
import { type Replay, replayOf } from '../../commands/replay.ts';
import { deliveryItem, deliveryKey, parseDelivery } from '../adapters/delivery-item.ts';
import { getItem } from '../../adapters/dynamodb/get-item.ts';
import { countDelivery } from '../adapters/letter-item.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';

/** How scheduling ends: as any command that costs usage, or because there is no such letter to send. */
export type SchedulingOutcome = WriteOutcome<Delivery> | { outcome: 'letter_missing' };

interface DeliveryRequest<Recipient> {
  letterId: string;
  deliverAt: Instant;
  recipient: Recipient;
}

/** Schedules a letter to be sent by e-mail, and counts it. @throws BusyError */
export async function trackEmailDelivery(
  store: Store,
  context: CommandContext,
  { letterId, deliverAt, recipient }: DeliveryRequest<EmailRecipient>,
): Promise<SchedulingOutcome> {
  return schedule(store, context, { channel: 'email', letterId, payAsYouGo: null }, (createdAt) => ({
    ...made(context, letterId, deliverAt, createdAt),
    ...SCHEDULED,
    paidWith: 'none',
    channel: 'email',
    recipient,
  }));
}

/**
 * Schedules a letter to be sent by post, and takes a mail credit for it.
 *
 * @param payAsYouGo where there is no credit left, and a card may pay: makes the delivery all the same, which waits for
 *   its payment and counts among the mails of the day only. Called before that, it throws where no card can pay
 * @throws BusyError
 */
export async function deductMailCredit(
  store: Store,
  context: CommandContext,
  { letterId, deliverAt, recipient }: DeliveryRequest<PostalRecipient>,
  payAsYouGo: CostingCommand<Delivery>['payAsYouGo'] = null,
): Promise<SchedulingOutcome> {
  return schedule(store, context, { channel: 'mail', letterId, payAsYouGo }, (createdAt, charge) => ({
    ...made(context, letterId, deliverAt, createdAt),
    ...(charge === null ? { ...SCHEDULED, paidWith: 'credit' } : toBePaid(charge)),
    channel: 'mail',
    recipient,
  }));
}

type Made = Pick<Delivery, 'id' | 'letterId' | 'deliverAt' | 'createdAt' | 'version'>;

function made({ id }: CommandContext, letterId: string, deliverAt: Instant, createdAt: Instant): Made {
  return { id, letterId, deliverAt, createdAt, version: 1 };
}

const SCHEDULED = { status: 'scheduled', payment: null } as const;

function toBePaid({ price, customerId }: Charge): {
  status: 'pending_payment';
  paidWith: 'card';
  payment: CardPayment;
} {
  const payment = { price, customerId, intentId: null, receiptUrl: null };
  return { status: 'pending_payment', paidWith: 'card', payment };
}

async function schedule(
  store: Store,
  context: CommandContext,
  about: { channel: Channel; letterId: string } & Pick<CostingCommand<Delivery>, 'payAsYouGo'>,
  deliveryAsOf: (createdAt: Instant, charge: Charge | null) => Delivery,
): Promise<SchedulingOutcome> {
  const { channel, letterId, payAsYouGo } = about;
  const { userId, id, fingerprint } = context;
  return decidingWrite(store, {
    ...context,
    use: costOf(channel),
    plans: PLANS,
    source: `delivery:${id}`,
    alongside: [
      {
        write: countDelivery(store.table, userId, letterId),
        ifRefused: () => ({ outcome: 'letter_missing' as const }),
      },
    ],
    payAsYouGo,
    record: (createdAt, charge) => {
      const delivery = deliveryAsOf(createdAt, charge);
      return { item: deliveryItem(userId, delivery, fingerprint), others: [], kept: delivery };
    },
    parse: parseDelivery,
  });
}

/** The delivery that a request has made before (G2); null: none. @throws BusyError */
export async function findScheduled(
  store: Store,
  { userId, id, fingerprint, deadline }: CommandContext,
): Promise<Replay<Delivery> | null> {
  const item = await getItem(store, deliveryKey(userId, id), deadline);
  return item === null ? null : replayOf(item, fingerprint, parseDelivery);
}

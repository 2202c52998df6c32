/** The commands that cost usage. Each is one deciding write: what it makes and what it costs commit together (G3). */
import { type Deadline } from '../../domain/deadline.ts';
import {
  type CardPayment,
  type Channel,
  costOf,
  type Delivery,
  type EmailRecipient,
  type PostalRecipient,
} from '../domain/deliveries.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Letter } from '../domain/letters.ts';
import { type Charge, type Consumption, type Use } from '../../domain/usage.ts';
import { consumptionItem, parseConsumption } from '../../adapters/dynamodb/consumption-item.ts';
import { type CostingCommand, decidingWrite, type WriteOutcome } from '../../commands/deciding-write.ts';
import { deliveryItem, deliveryKey, parseDelivery } from '../adapters/delivery-item.ts';
import { getItem } from '../../adapters/dynamodb/get-item.ts';
import { ItemReader } from '../../adapters/dynamodb/items.ts';
import { bodyItem, letterItem, parseLetter } from '../adapters/letter-item.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';

/** Who asks for what, when, and how long the answer may take. */
export interface CommandContext {
  userId: string;
  id: string;
  fingerprint: string;
  now: Instant;
  deadline: Deadline;
}

/** Keeps a letter and counts it. @throws BusyError */
export async function trackLetterCreation(
  store: Store,
  context: CommandContext,
  { title, body }: { title: string; body: string },
): Promise<WriteOutcome<Letter>> {
  const { userId, id, fingerprint } = context;
  return decidingWrite(store, {
    ...context,
    use: { letters: 1, emails: 0, mails: 0 },
    source: `letter:${id}`,
    letterId: null,
    payAsYouGo: null,
    record: (createdAt) => {
      const letter = { id, title, createdAt, deletedAt: null };
      return {
        item: letterItem(userId, letter, fingerprint),
        others: [bodyItem(userId, id, body)],
        kept: letter,
      };
    },
    parse: parseLetter,
  });
}

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
): Promise<WriteOutcome<Delivery>> {
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
): Promise<WriteOutcome<Delivery>> {
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
): Promise<WriteOutcome<Delivery>> {
  const { channel, letterId, payAsYouGo } = about;
  return decidingWrite(store, {
    ...context,
    use: costOf(channel),
    source: `delivery:${context.id}`,
    letterId,
    payAsYouGo,
    record: (createdAt, charge) => {
      const delivery = deliveryAsOf(createdAt, charge);
      return {
        item: deliveryItem(context.userId, delivery, context.fingerprint),
        others: [],
        kept: delivery,
      };
    },
    parse: parseDelivery,
  });
}

/** The delivery that a request has made before (G2); null: none. @throws BusyError */
export async function findScheduled(
  store: Store,
  { userId, id, fingerprint, deadline }: CommandContext,
): Promise<Extract<WriteOutcome<Delivery>, { outcome: 'replayed' | 'idempotency_conflict' }> | null> {
  const item = await getItem(store, deliveryKey(userId, id), deadline);
  if (item === null) {
    return null;
  }
  return ItemReader.fromWire(item).string('fingerprint') === fingerprint
    ? { outcome: 'replayed', record: parseDelivery(item) }
    : { outcome: 'idempotency_conflict' };
}

/** Counts what an app that keeps its letters elsewhere has done for a user: all of it or nothing. @throws BusyError */
export async function trackConsumption(
  store: Store,
  context: CommandContext,
  use: Use,
): Promise<WriteOutcome<Consumption>> {
  const { userId, id, fingerprint } = context;
  return decidingWrite(store, {
    ...context,
    use,
    source: `usage:${id}`,
    letterId: null,
    payAsYouGo: null,
    record: (createdAt) => {
      const consumption = { id, consumed: use };
      return {
        item: consumptionItem(userId, consumption, createdAt, fingerprint),
        others: [],
        kept: consumption,
      };
    },
    parse: parseConsumption,
  });
}

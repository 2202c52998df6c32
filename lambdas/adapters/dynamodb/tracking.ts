/** The commands that cost usage. Each is one deciding write: what it makes and what it costs commit together (G3). */
import { type Deadline } from '../../domain/deadline.ts';
import {
  type Channel,
  costOf,
  type Delivery,
  type EmailRecipient,
  type PaidWith,
  type PostalRecipient,
} from '../../domain/deliveries.ts';
import { type Instant } from '../../domain/instants.ts';
import { type Letter } from '../../domain/letters.ts';
import { type Consumption, type Use } from '../../domain/usage.ts';
import { consumptionItem, parseConsumption } from './consumption-item.ts';
import { decidingWrite, type WriteOutcome } from './deciding-write.ts';
import { deliveryItem, parseDelivery } from './delivery-item.ts';
import { bodyItem, letterItem, parseLetter } from './letter-item.ts';
import { type Store } from './store.ts';

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
  return schedule(store, context, 'email', letterId, (createdAt) => ({
    ...scheduled(context, 'none', letterId, deliverAt, createdAt),
    channel: 'email',
    recipient,
  }));
}

/** Schedules a letter to be sent by post, and takes a mail credit for it. @throws BusyError */
export async function deductMailCredit(
  store: Store,
  context: CommandContext,
  { letterId, deliverAt, recipient }: DeliveryRequest<PostalRecipient>,
): Promise<WriteOutcome<Delivery>> {
  return schedule(store, context, 'mail', letterId, (createdAt) => ({
    ...scheduled(context, 'credit', letterId, deliverAt, createdAt),
    channel: 'mail',
    recipient,
  }));
}

type Scheduled = { status: 'scheduled' } & Pick<
  Delivery,
  'id' | 'letterId' | 'paidWith' | 'deliverAt' | 'createdAt' | 'version'
>;

function scheduled(
  { id }: CommandContext,
  paidWith: PaidWith,
  letterId: string,
  deliverAt: Instant,
  createdAt: Instant,
): Scheduled {
  return { id, letterId, status: 'scheduled', paidWith, deliverAt, createdAt, version: 1 };
}

async function schedule(
  store: Store,
  context: CommandContext,
  channel: Channel,
  letterId: string,
  deliveryAsOf: (createdAt: Instant) => Delivery,
): Promise<WriteOutcome<Delivery>> {
  return decidingWrite(store, {
    ...context,
    use: costOf(channel),
    source: `delivery:${context.id}`,
    letterId,
    record: (createdAt) => {
      const delivery = deliveryAsOf(createdAt);
      return {
        item: deliveryItem(context.userId, delivery, context.fingerprint),
        others: [],
        kept: delivery,
      };
    },
    parse: parseDelivery,
  });
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

import { type Deadline } from '../domain/deadline.ts';
import { type Delivery } from '../letters/domain/deliveries.ts';
import { dispatchDelivery } from '../letters/domain/delivery-life.ts';
import { type Instant } from '../domain/instants.ts';
import { type DueOutcome } from '../letters/domain/reconciliation.ts';
import { mapConcurrently } from '../runtime/concurrency.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { parseDelivery, userOfDelivery } from '../letters/adapters/delivery-item.ts';
import { type StepContext, type StepOutcome, takeStep } from '../letters/commands/take-step.ts';
import { batchGet, MAX_BATCH_ITEMS } from '../adapters/dynamodb/due-accounts.ts';
import { DueQueue } from '../adapters/dynamodb/due-queue.ts';
import { ItemReader, type WireItem } from '../adapters/dynamodb/items.ts';
import { kindOf } from '../adapters/dynamodb/keys.ts';
import { type Store } from '../adapters/dynamodb/store.ts';

/** How many things are dealt with at the same time. */
const CONCURRENCY = 16;
/** How long one thing may hold up the others. */
const ITEM_DEADLINE_MS = 20_000;
/** With less time than this left, no further batch is begun. */
const BATCH_MS = 5_000;

/**
 * What has to do with money, and is due: a payment that has not come, a charge to be refunded, a gift that nobody has
 * claimed. `waiting` leaves it to the next run.
 */
export interface Settlement {
  settlePayment: (context: StepContext, delivery: Delivery) => Promise<'settled' | 'waiting'>;
  refund: (context: StepContext, delivery: Delivery) => Promise<'settled' | 'waiting'>;
  returnGift: (item: WireItem, now: Instant, deadline: Deadline) => Promise<'settled' | 'waiting'>;
}

const wait = (): Promise<'waiting'> => Promise.resolve('waiting');

/** Where nothing is paid. */
export const NO_SETTLEMENT: Settlement = { settlePayment: wait, refund: wait, returnGift: wait };

export interface Reconciliation {
  outcomes: Partial<Record<DueOutcome, number>>;
  /** What could not be dealt with, by its key. It stays due. */
  failures: { key: string; error: Error }[];
  /** False when time ran out first: the next run goes on with what is left. */
  isFinished: boolean;
}

/**
 * Deals with what is due, the longest overdue first, until nothing is left or the time is up. Each thing is dealt with
 * in a write of its own, on the condition that it is still as it was read: runs may be repeated, concurrent or cut off
 * anywhere. One bad thing is reported and stops no other.
 *
 * @throws BusyError when the index itself can't be read
 */
export async function reconcile(
  store: Store,
  now: Instant,
  deadline: Deadline,
  settlement: Settlement,
): Promise<Reconciliation> {
  const queue = new DueQueue(store, now);
  const done: Reconciliation = { outcomes: {}, failures: [], isFinished: false };
  while (deadline.remainingMs() > BATCH_MS) {
    const keys = await queue.take(MAX_BATCH_ITEMS, deadline);
    if (keys.length === 0) {
      return { ...done, isFinished: true };
    }
    const items = await batchGet(store, keys, deadline);
    await mapConcurrently(items, CONCURRENCY, async (item) => {
      const outcome = await reconcileSafely(store, item, now, settlement, done.failures);
      done.outcomes[outcome] = (done.outcomes[outcome] ?? 0) + 1;
    });
  }
  return done;
}

async function reconcileSafely(
  store: Store,
  item: WireItem,
  now: Instant,
  settlement: Settlement,
  failures: Reconciliation['failures'],
): Promise<DueOutcome> {
  try {
    return await reconcileItem(store, item, now, settlement);
  } catch (error) {
    const reader = ItemReader.fromWire(item);
    failures.push({
      key: `${reader.string('pk')} ${reader.string('sk')}`,
      error: error instanceof Error ? error : new Error(String(error)),
    });
    return 'failed';
  }
}

async function reconcileItem(
  store: Store,
  item: WireItem,
  now: Instant,
  settlement: Settlement,
): Promise<DueOutcome> {
  const deadline = deadlineIn(ITEM_DEADLINE_MS);
  if (kindOf(ItemReader.fromWire(item).string('sk')) !== 'DELIVERY') {
    return settlement.returnGift(item, now, deadline);
  }
  const delivery = parseDelivery(item);
  const context = { userId: userOfDelivery(item), id: delivery.id, now, deadline };
  switch (delivery.status) {
    case 'pending_payment':
      return settlement.settlePayment(context, delivery);
    case 'scheduled':
    case 'dispatched':
      return toDueOutcome(
        await takeStep(store, context, (current) => dispatchDelivery(current, now), delivery),
      );
    case 'failed':
    case 'cancelled':
      return delivery.refund === 'needed' ? settlement.refund(context, delivery) : 'not_due';
    case 'sent':
      // The index lags.
      return 'not_due';
  }
}

function toDueOutcome(step: StepOutcome): DueOutcome {
  if (step.outcome !== 'changed') {
    return 'not_due';
  }
  if (step.delivery.status !== 'dispatched') {
    return 'given_up';
  }
  switch (step.delivery.dispatch.attempts) {
    case 1:
      return 'dispatched';
    case 2:
      return 'dispatched_again';
    default:
      return 'dispatched_once_more';
  }
}

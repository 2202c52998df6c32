import { QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Account, type ClosedPeriod } from '../../domain/account.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Delivery } from '../domain/deliveries.ts';
import { effectsOf } from '../domain/delivery-life.ts';
import { type Instant } from '../../domain/instants.ts';
import { type LifeDecision, type LifeRefusal } from '../domain/life-decisions.ts';
import { returnToAccount } from '../../domain/returns.ts';
import { countPaidMail } from '../../domain/usage.ts';
import { changeItems, rollForwardInPart } from '../../commands/change-account.ts';
import { readStoredAccount } from '../../adapters/dynamodb/accounts.ts';
import { InconsistentBooksError } from '../../commands/deciding-write.ts';
import { parseDelivery, updateDelivery } from '../adapters/delivery-item.ts';
import { toWire } from '../../adapters/dynamodb/items.ts';
import { PERIOD_PREFIX, periodKey, userKey } from '../../adapters/dynamodb/keys.ts';
import { closeDelivery } from '../adapters/letter-item.ts';
import { parsePeriod, repayPurchased } from '../../adapters/dynamodb/period-item.ts';
import { getDelivery } from '../adapters/records.ts';
import { retrying, TRY_AGAIN } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { transact, type TransactWriteItem, update } from '../../adapters/dynamodb/transact.ts';

/** Which delivery, and when and for how long something may be done about it. */
export interface StepContext {
  userId: string;
  id: string;
  now: Instant;
  deadline: Deadline;
}

export type StepOutcome =
  | { outcome: 'missing' }
  /** The user has been erased, and the delivery is about to vanish. */
  | { outcome: 'erased' }
  | { outcome: 'changed' | 'unchanged'; delivery: Delivery }
  | { outcome: 'refused'; refusal: LifeRefusal; delivery: Delivery };

/**
 * Takes a step in the life of a delivery, together with what it means for the letter and the account, or not at all
 * (G3): so a credit is given back exactly once (G11), however often, by however many and however late the step is
 * tried. It is decided on the delivery as it was read, and written on the condition that it is still the same:
 *
 *     user:        reads: scheduled                        cancels: it has changed; reads again: dispatched, refused
 *     reconciler:                    marks it dispatched
 *
 * @param seen the delivery as it was read before, where it was
 * @throws BusyError
 */
export async function takeStep(
  store: Store,
  context: StepContext,
  decide: (delivery: Delivery) => LifeDecision,
  seen: Delivery | null = null,
): Promise<StepOutcome> {
  const { userId, id, deadline } = context;
  let known = seen;
  return retrying<StepOutcome>(deadline, async (abortSignal) => {
    const before = known ?? (await getDelivery(store, userId, id, deadline));
    known = null;
    if (before === null) {
      return { outcome: 'missing' };
    }
    const decision = decide(before);
    switch (decision.outcome) {
      case 'unchanged':
        return { outcome: 'unchanged', delivery: before };
      case 'refused':
        return { ...decision, delivery: before };
      case 'changed': {
        const written = await write(store, context, before, decision.delivery, abortSignal);
        if (written.outcome === 'outrun') {
          // An answer that got lost looks the same: the step is decided anew on what it has left.
          known = written.latest;
          return TRY_AGAIN;
        }
        return written.outcome === 'written'
          ? { outcome: 'changed', delivery: decision.delivery }
          : { outcome: 'erased' };
      }
    }
  });
}

type Written =
  | { outcome: 'written' }
  | { outcome: 'erased' }
  /** Somebody else has changed the delivery, as far as is known to this. */
  | { outcome: 'outrun'; latest: Delivery | null };

async function write(
  store: Store,
  context: StepContext,
  before: Delivery,
  after: Delivery,
  abortSignal: AbortSignal,
): Promise<Written> {
  const { userId } = context;
  const { closesLetter, returnsCredit, countsMail } = effectsOf(before, after);
  const step = updateDelivery(store.table, userId, before, after);
  const others: TransactWriteItem[] = [];
  if (closesLetter) {
    others.push(closeDelivery(store.table, userId, before.letterId));
  }
  if (returnsCredit || countsMail) {
    const account = await accountOf(store, context, abortSignal);
    if (account === null) {
      return { outcome: 'erased' };
    }
    const items = returnsCredit
      ? await returnItems(store, context, before, account, abortSignal)
      : countItems(store, context, account);
    others.push(...items);
  }
  const result =
    others.length === 0
      ? await update(store, step, abortSignal)
      : await transact(store, [step, ...others], abortSignal);
  if (result.committed) {
    return { outcome: 'written' };
  }
  const [reason, letter] = result.reasons;
  if (closesLetter && reason?.reason === 'none' && letter?.reason === 'condition') {
    throw new InconsistentBooksError(`The letter ${before.letterId} counts no open delivery, and has one.`);
  }
  return { outcome: 'outrun', latest: reason?.item ? parseDelivery(reason.item) : null };
}

/** The account of a delivery, rolled forward far enough to be written with it; null where it has been erased. */
async function accountOf(
  store: Store,
  { userId, id, now, deadline }: StepContext,
  abortSignal: AbortSignal,
): Promise<Account | null> {
  const stored = await readStoredAccount(store, userId, deadline);
  if (stored === null) {
    throw new InconsistentBooksError(`The delivery ${id} belongs to an account that is not there.`);
  }
  return stored.kind === 'erased' ? null : rollForwardInPart(store, stored, now, abortSignal);
}

/** What gives a delivery's credit back. */
async function returnItems(
  store: Store,
  { userId, now }: StepContext,
  { id, createdAt }: Delivery,
  account: Account,
  abortSignal: AbortSignal,
): Promise<TransactWriteItem[]> {
  // A credit is counted in the same write that makes its delivery, and at its time.
  const period = await getPeriodAt(store, userId, createdAt, abortSignal);
  const change = returnToAccount(account, createdAt, period, now, `delivery:${id}`);
  const items = changeItems(store.table, change, account, { id: `return-${id}`, at: now });
  return change.repaidPeriod === null || period === null
    ? items
    : [...items, repayPurchased(store.table, userId, period)];
}

/** What counts a mail once a card has paid for it. */
function countItems(store: Store, { id, now }: StepContext, account: Account): TransactWriteItem[] {
  return changeItems(store.table, countPaidMail(account, now), account, { id: `payment-${id}`, at: now });
}

/** The stored period that began last by an instant. */
async function getPeriodAt(
  store: Store,
  userId: string,
  at: Instant,
  abortSignal: AbortSignal,
): Promise<ClosedPeriod | null> {
  const { Items } = await store.client.send(
    new QueryCommand({
      TableName: store.table,
      KeyConditionExpression: '#pk = :pk AND #sk BETWEEN :first AND :last',
      ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk' },
      ExpressionAttributeValues: toWire({
        ':pk': userKey(userId),
        ':first': PERIOD_PREFIX,
        ':last': periodKey(at),
      }),
      ScanIndexForward: false,
      ConsistentRead: true,
      Limit: 1,
    }),
    { abortSignal },
  );
  const [item] = Items ?? [];
  return item === undefined ? null : parsePeriod(item);
}

import { findPeriodAt } from '../../adapters/dynamodb/accounts.ts';
import { repayPurchased } from '../../adapters/dynamodb/period-item.ts';
import { retrying, TRY_AGAIN } from '../../adapters/dynamodb/retry.ts';
import { type Store } from '../../adapters/dynamodb/store.ts';
import { transact, update } from '../../adapters/dynamodb/transact.ts';
import { type Alongside, beginAnew, judgeAlongside } from '../../commands/alongside.ts';
import { type AccountWrite, changeAccount } from '../../commands/change-account.ts';
import { InconsistentBooksError } from '../../commands/deciding-write.ts';
import { type Account } from '../../domain/account.ts';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { returnToAccount } from '../../domain/returns.ts';
import { countPaid } from '../../domain/usage.ts';
import { parseDelivery, updateDelivery } from '../adapters/delivery-item.ts';
import { closeDelivery } from '../adapters/letter-item.ts';
import { getDelivery } from '../adapters/records.ts';
import { costOf, type Delivery } from '../domain/deliveries.ts';
import { effectsOf } from '../domain/delivery-life.ts';
import { type LifeDecision, type LifeRefusal } from '../domain/life-decisions.ts';

/** Which delivery, the time of the step, and how long it may take. */
export interface StepContext {
  userId: string;
  id: string;
  now: Instant;
  deadline: Deadline;
}

export type StepOutcome =
  /** `erased`: the user has been erased, and the delivery is about to vanish. */
  | { outcome: 'missing' | 'erased'; delivery?: undefined }
  | { outcome: 'changed' | 'unchanged'; delivery: Delivery }
  | { outcome: 'refused'; refusal: LifeRefusal; delivery: Delivery };

/**
 * Takes a step in the life of a delivery. The delivery, its letter and the account change together or not at all (G3), so
 * that the user gets a credit back exactly once (G11), however often and however late somebody tries the step. The
 * decision is about the delivery as it was read, and DynamoDB writes it only if the delivery is still the same:
 *
 *     user:        reads: scheduled                        cancels: it has changed; reads again: dispatched, refused
 *     reconciler:                    marks it dispatched
 *
 * @param seen the delivery, if the caller has read it
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
    if (decision.outcome !== 'changed') {
      return { ...decision, delivery: before };
    }
    const written = await write(store, context, before, decision.delivery, abortSignal);
    if (written.outcome === 'outrun') {
      // Perhaps our own write, whose answer was lost. The step is decided anew.
      known = written.latest;
      return TRY_AGAIN;
    }
    return written.outcome === 'written' ? decision : { outcome: 'erased' };
  });
}

type Written =
  | { outcome: 'written' | 'erased' }
  /** The delivery has changed since it was read. */
  | { outcome: 'outrun'; latest: Delivery | null };

const WRITTEN: Written = { outcome: 'written' };

async function write(
  store: Store,
  context: StepContext,
  before: Delivery,
  after: Delivery,
  abortSignal: AbortSignal,
): Promise<Written> {
  const { userId, id, now, deadline } = context;
  const { closesLetter, returnsCredit, countsMail } = effectsOf(before, after);
  const step: Alongside<Written> = {
    write: updateDelivery(store.table, userId, before, after),
    ifRefused: (item) => ({ outcome: 'outrun', latest: item === null ? null : parseDelivery(item) }),
  };
  const alongside = closesLetter ? [step, closing(store, userId, before)] : [step];
  if (!returnsCredit && !countsMail) {
    const writes = alongside.map((item) => item.write);
    const result = closesLetter
      ? await transact(store, writes, abortSignal)
      : await update(store, step.write, abortSignal);
    const written = result.committed ? WRITTEN : judgeAlongside(alongside, result.reasons);
    return written === TRY_AGAIN ? { outcome: 'outrun', latest: null } : written;
  }
  const request = { userId, now, deadline, ifErased: (): Written => ({ outcome: 'erased' }) };
  return changeAccount<Written>(store, request, async (account) => {
    if (account === null) {
      throw new InconsistentBooksError(`The delivery ${id} belongs to an account that is not there.`);
    }
    return {
      write: returnsCredit
        ? await returning(store, context, before, after, account, alongside)
        : {
            change: countPaid(account, costOf(after.channel).consume, now, store.catalogue),
            cause: { id: `payment-${id}`, at: now },
            alongside,
            answer: WRITTEN,
          },
    };
  });
}

/** The letter counts one open delivery less. */
function closing(store: Store, userId: string, { id, letterId }: Delivery): Alongside<Written> {
  return {
    write: closeDelivery(store.table, userId, letterId, id),
    ifRefused: () => {
      throw new InconsistentBooksError(`The letter ${letterId} does not know its open delivery ${id}.`);
    },
  };
}

/** Gives the credit of a delivery back. */
async function returning(
  store: Store,
  { userId, now, deadline }: StepContext,
  { id, createdAt }: Delivery,
  after: Delivery,
  account: Account,
  alongside: readonly Alongside<Written>[],
): Promise<AccountWrite<Written>> {
  // One write makes a delivery and counts its credit, at the same time.
  const period = await findPeriodAt(store, userId, createdAt, deadline);
  const change = returnToAccount(
    account,
    {
      count: 1,
      spentAt: createdAt,
      because: after.status === 'cancelled' ? 'cancelled' : 'failed',
      source: `delivery:${id}`,
    },
    period,
    now,
    store.catalogue,
  );
  const repaid =
    change.repaid === null || period === null
      ? []
      : [{ write: repayPurchased(store.table, userId, period, change.repaid), ifRefused: beginAnew }];
  return {
    change,
    cause: { id: `return-${id}`, at: now },
    alongside: [...alongside, ...repaid],
    answer: WRITTEN,
  };
}

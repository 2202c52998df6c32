import { type Deadline } from '../domain/deadline.ts';
import { type Chosen, followChoice } from '../domain/live-subscription.ts';
import { changeItems, rollForwardInPart } from './change-account.ts';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { markProcessed, type ProcessedEvent } from '../adapters/dynamodb/processed-events.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { transact } from '../adapters/dynamodb/transact.ts';

export type BillingOutcome =
  | 'written'
  /** The event has been processed meanwhile. */
  | 'processed before'
  /** Another worker has written what it learnt of Stripe since: what this one knows may be older. */
  | 'overtaken'
  /** There is no account, or no more. */
  | 'no account';

/** What a worker has learnt of Stripe, and by which event. */
export interface Lesson {
  userId: string;
  /** The account's before Stripe was asked. */
  billingVersion: number;
  chosen: Pick<Chosen, 'facts' | 'hadSubscription'>;
  event: ProcessedEvent;
}

/**
 * Brings an account to what Stripe has said, unless another worker has written since Stripe was asked:
 *
 *     one worker:    asks Stripe: active                                   writes active: wrong, and for good
 *     the other:                          asks Stripe: canceled   writes
 *
 * Each write raises the billing version, also one that changes nothing else, and only workers raise it. The account's
 * own version keeps commands and rollovers, which go on meanwhile, from being overwritten.
 *
 * @throws BusyError
 */
export async function writeLesson(
  store: Store,
  { userId, billingVersion, chosen, event }: Lesson,
  deadline: Deadline,
): Promise<BillingOutcome> {
  return retrying<BillingOutcome>(deadline, async (abortSignal) => {
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored?.kind !== 'account') {
      return 'no account';
    }
    if (stored.billingVersion !== billingVersion) {
      return 'overtaken';
    }
    const before = await rollForwardInPart(store, stored, event.at, abortSignal);
    const change = followChoice(before, chosen, event.at);
    const account = { ...change.account, billingVersion: billingVersion + 1 };
    const cause = { id: `stripe-${event.id}`, at: event.at };
    const transaction = await transact(
      store,
      [markProcessed(store.table, event), ...changeItems(store.table, { ...change, account }, before, cause)],
      abortSignal,
    );
    if (transaction.committed) {
      return 'written';
    }
    return transaction.reasons[0]?.reason === 'condition' ? 'processed before' : TRY_AGAIN;
  });
}

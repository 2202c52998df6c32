import { markProcessed, type ProcessedEvent } from '../adapters/dynamodb/processed-events.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Chosen, followChoice } from '../domain/live-subscription.ts';
import { changeAccount, type ChangeCause } from './change-account.ts';

export type SubscriptionOutcome =
  | 'written'
  /** The event has been processed meanwhile. */
  | 'processed before'
  /** Another worker has written what it learnt of Stripe since: what this one knows may be older. */
  | 'overtaken'
  /** There is no account, or no more. */
  | 'no account';

/** What Stripe has told about a customer's subscriptions, and what made somebody ask. */
export interface ToldSubscription {
  userId: string;
  /** The account's before Stripe was asked. */
  billingVersion: number;
  chosen: Pick<Chosen, 'facts' | 'hadSubscription'>;
  cause: ChangeCause;
  /** The event of a worker; null: a route has changed the subscription. */
  event: ProcessedEvent | null;
}

/**
 * Brings an account to what Stripe has said, unless another worker has written since Stripe was asked:
 *
 *     one worker:    asks Stripe: active                                   writes active: wrong, and for good
 *     the other:                          asks Stripe: canceled   writes
 *
 * Each write raises the billing version, also one that changes nothing else. The account's
 * own version keeps commands and rollovers, which go on meanwhile, from being overwritten.
 *
 * @throws BusyError
 */
export async function applySubscription(
  store: Store,
  { userId, billingVersion, chosen, cause, event }: ToldSubscription,
  deadline: Deadline,
): Promise<SubscriptionOutcome> {
  const request = { userId, now: cause.at, deadline, ifErased: () => 'no account' as const };
  return changeAccount<SubscriptionOutcome>(store, request, (before) => {
    if (before === null) {
      return { answer: 'no account' };
    }
    if (before.billingVersion !== billingVersion) {
      return { answer: 'overtaken' };
    }
    const change = followChoice(before, chosen, cause.at, store.catalogue);
    return {
      write: {
        change: { ...change, account: { ...change.account, billingVersion: billingVersion + 1 } },
        cause,
        alongside:
          event === null
            ? []
            : [{ write: markProcessed(store.table, event), ifRefused: () => 'processed before' }],
        answer: 'written',
      },
    };
  });
}

import { markProcessed, type ProcessedEvent } from '../adapters/dynamodb/processed-events.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { type Chosen, followChoice } from '../domain/live-subscription.ts';
import { changeAccount } from './change-account.ts';

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
  event: ProcessedEvent | FollowedChange;
}

/** A billing route has changed the subscription, and follows Stripe without an event of its own. */
export interface FollowedChange {
  changeId: string;
  at: Instant;
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
  { userId, billingVersion, chosen, event }: ToldSubscription,
  deadline: Deadline,
): Promise<SubscriptionOutcome> {
  const request = { userId, now: event.at, deadline, ifErased: () => 'no account' as const };
  return changeAccount<SubscriptionOutcome>(store, request, (before) => {
    if (before === null) {
      return { answer: 'no account' };
    }
    if (before.billingVersion !== billingVersion) {
      return { answer: 'overtaken' };
    }
    const change = followChoice(before, chosen, event.at, store.catalogue);
    // What takes effect now opens a period 1 ms later.
    const toldAt = Math.max(event.at, change.account.periodStart);
    return {
      write: {
        change: { ...change, account: { ...change.account, billingVersion: billingVersion + 1, toldAt } },
        ...('changeId' in event
          ? { cause: { id: `change-${event.changeId}-followed`, at: event.at } }
          : {
              cause: { id: `stripe-${event.id}`, at: event.at },
              alongside: [
                { write: markProcessed(store.table, event), ifRefused: () => 'processed before' as const },
              ],
            }),
        answer: 'written',
      },
    };
  });
}

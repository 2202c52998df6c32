import { findPeriodAt } from '../adapters/dynamodb/accounts.ts';
import {
  consumptionKey,
  noteGivenBack,
  parseRecordedConsumption,
} from '../adapters/dynamodb/consumption-item.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import { repayPurchased } from '../adapters/dynamodb/period-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type RecordedConsumption } from '../domain/changes.ts';
import { type Deadline } from '../domain/deadline.ts';
import { giveBack, type GiveBackDecision } from '../domain/give-back.ts';
import { type Instant } from '../domain/instants.ts';
import { beginAnew } from './alongside.ts';
import { changeAccount, refuseErased } from './change-account.ts';

/** Named outcomes, in the order in which they are looked for. */
export type GiveBackOutcome =
  | { outcome: 'missing' }
  /** It was given back before: nothing changes, and the answer is the same. */
  | { outcome: 'replayed'; consumption: RecordedConsumption }
  | Extract<GiveBackDecision, { outcome: 'refused' }>
  | { outcome: 'given_back'; consumption: RecordedConsumption };

/**
 * Gives a reported consumption back, once (G11): the account and the record change together, on the condition that the record
 * is as it was read.
 *
 * @throws ErasedAccountError
 * @throws BusyError
 */
export async function giveBackUsage(
  store: Store,
  { userId, id, now, deadline }: { userId: string; id: string; now: Instant; deadline: Deadline },
): Promise<GiveBackOutcome> {
  const request = { userId, now, deadline, ifErased: refuseErased };
  return changeAccount<GiveBackOutcome>(store, request, async (account) => {
    const item = await getItem(store, consumptionKey(userId, id), deadline);
    if (account === null || item === null) {
      return { answer: { outcome: 'missing' } };
    }
    const consumption = parseRecordedConsumption(item);
    if (consumption.givenBackAt !== null) {
      return { answer: { outcome: 'replayed', consumption } };
    }
    const period = await findPeriodAt(store, userId, consumption.createdAt, deadline);
    const decision = giveBack(account, consumption, period, now, store.catalogue);
    if (decision.outcome === 'refused') {
      return { answer: decision };
    }
    const { repaid } = decision;
    const repayment =
      repaid === null || period === null ? [] : [repayPurchased(store.table, userId, period, repaid)];
    const writes = [noteGivenBack(store.table, userId, id, now), ...repayment];
    return {
      write: {
        change: decision,
        cause: { id: `given-back-${id}`, at: now },
        alongside: writes.map((write) => ({ write, ifRefused: beginAnew })),
        answer: { outcome: 'given_back', consumption: { ...consumption, givenBackAt: now } },
      },
    };
  });
}

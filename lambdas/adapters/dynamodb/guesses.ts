import { type TransactWriteItem, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant, nextUtcDay, utcDay } from '../../domain/instants.ts';
import { expiringAfter } from './expiry.ts';
import { evaluated, toWire, type WireItem } from './items.ts';
import { guessesKey } from './keys.ts';
import { retrying, TRY_AGAIN } from './retry.ts';
import { type Store, TRY_TIMEOUT_MS } from './store.ts';
import { update } from './transact.ts';

/** The most wrong codes that one user may try in a UTC day. */
const WRONG_GUESSES_PER_DAY = 10;

const GUESSES_SORT_KEY = 'GUESSES';

const HAS_GUESSES_LEFT = 'attribute_not_exists(#guesses) OR #guesses < :limit';
const COUNT_GUESS = 'SET #guesses = if_not_exists(#guesses, :zero) + :one, #expiresAt = :expiresAt';
const HAS_GUESSED = '#guesses > :zero';
const UNCOUNT_GUESS = 'SET #guesses = #guesses - :one';

/**
 * Counts a guess, if the day has one left. When an answer is lost, one guess may count twice.
 *
 * @throws BusyError
 */
export async function takeGuess(
  store: Store,
  userId: string,
  now: Instant,
  deadline: Deadline,
): Promise<{ outcome: 'taken' } | { outcome: 'too_many_guesses'; limit: number; resetsAt: Instant }> {
  const tomorrow = nextUtcDay(now);
  const count: TransactWriteItem = {
    Update: {
      ...itemOf(store, userId, now),
      ...evaluated(
        { ConditionExpression: HAS_GUESSES_LEFT, UpdateExpression: COUNT_GUESS },
        { limit: WRONG_GUESSES_PER_DAY, zero: 0, one: 1, ...expiringAfter(1, tomorrow) },
      ),
    },
  };
  return retrying(deadline, async (abortSignal) => {
    const counted = await update(store, count, abortSignal);
    if (counted.committed) {
      return { outcome: 'taken' as const };
    }
    return counted.reasons[0]?.reason === 'condition'
      ? { outcome: 'too_many_guesses' as const, limit: WRONG_GUESSES_PER_DAY, resetsAt: tomorrow }
      : TRY_AGAIN;
  });
}

/** Takes off a guess that was not wrong. When this fails, the user has lost a guess of the day. */
export async function returnGuess(store: Store, userId: string, now: Instant): Promise<void> {
  const uncount = new UpdateItemCommand({
    ...itemOf(store, userId, now),
    ...evaluated({ ConditionExpression: HAS_GUESSED, UpdateExpression: UNCOUNT_GUESS }, { zero: 0, one: 1 }),
  });
  try {
    await store.client.send(uncount, { abortSignal: AbortSignal.timeout(TRY_TIMEOUT_MS) });
  } catch {
    // The user has one guess less today.
  }
}

function itemOf(store: Store, userId: string, now: Instant): { TableName: string; Key: WireItem } {
  return {
    TableName: store.table,
    Key: toWire({ pk: guessesKey(userId, utcDay(now)), sk: GUESSES_SORT_KEY }),
  };
}

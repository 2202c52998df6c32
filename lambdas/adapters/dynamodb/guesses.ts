import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant, nextUtcDay, utcDay } from '../../domain/instants.ts';
import { countUpTo } from './count-up-to.ts';
import { evaluated, toWire, type WireItem } from './items.ts';
import { guessesKey } from './keys.ts';
import { type Store, TRY_TIMEOUT_MS } from './store.ts';

/** The most wrong codes that one user may try in a UTC day. */
const WRONG_GUESSES_PER_DAY = 10;

const GUESSES_SORT_KEY = 'GUESSES';

const HAS_GUESSED = '#count > :zero';
const UNCOUNT_GUESS = 'SET #count = #count - :one';

/**
 * Counts a guess, if the day has one left.
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
  const isTaken = await countUpTo(
    store,
    keyOf(userId, now),
    { limit: WRONG_GUESSES_PER_DAY, until: tomorrow },
    deadline,
  );
  return isTaken
    ? { outcome: 'taken' }
    : { outcome: 'too_many_guesses', limit: WRONG_GUESSES_PER_DAY, resetsAt: tomorrow };
}

/** Takes off a guess that was not wrong. When this fails, the user has lost a guess of the day. */
export async function returnGuess(store: Store, userId: string, now: Instant): Promise<void> {
  const uncount = new UpdateItemCommand({
    TableName: store.table,
    Key: keyOf(userId, now),
    ...evaluated({ ConditionExpression: HAS_GUESSED, UpdateExpression: UNCOUNT_GUESS }, { zero: 0, one: 1 }),
  });
  try {
    await store.client.send(uncount, { abortSignal: AbortSignal.timeout(TRY_TIMEOUT_MS) });
  } catch {
    // The user has one guess less today.
  }
}

function keyOf(userId: string, now: Instant): WireItem {
  return toWire({ pk: guessesKey(userId, utcDay(now)), sk: GUESSES_SORT_KEY });
}

import { newAccount } from '../domain/account.ts';
import {
  type ClaimRefusal,
  type Gift,
  newGift,
  receiveGift,
  refuseClaim,
  sendGift,
} from '../domain/gifts.ts';
import { changeItems, rollForwardInPart } from './change-account.ts';
import { ErasedAccountError, readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import { getItem } from '../adapters/dynamodb/get-item.ts';
import {
  type Claim,
  claimItem,
  claimKey,
  codeItem,
  codeItemKey,
  endGift,
  giftItem,
  giftKey,
  parseClaim,
  parseCode,
  parseGift,
} from '../adapters/dynamodb/gift-item.ts';
import { returnGuess, takeGuess } from '../adapters/dynamodb/guesses.ts';
import { ItemReader } from '../adapters/dynamodb/items.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { retrying, TRY_AGAIN } from '../adapters/dynamodb/retry.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type CommandContext } from './command-context.ts';
import { transact } from '../adapters/dynamodb/transact.ts';

/** What of a request's context a claim needs: what was asked for is its code. */
type ClaimContext = Omit<CommandContext, 'fingerprint'>;

/** Named outcomes, in the order in which they are looked for. */
export type GiftOutcome =
  | { outcome: 'replayed'; record: Gift }
  | { outcome: 'idempotency_conflict' }
  /** So many unspent purchased credits there are. */
  | { outcome: 'below_balance'; takeable: number }
  | { outcome: 'created'; record: Gift };

/**
 * Puts unspent purchased credits into a gift: the account, the gift and the way from its code to it are written together
 * or not at all (G3). The gift is its own idempotency record (G2).
 *
 * The account is read before the gift, so that of two same requests at once the second is not refused for what the first
 * has taken.
 *
 * @throws ErasedAccountError
 * @throws BusyError
 */
export async function createGift(
  store: Store,
  { userId, id, fingerprint, now, deadline }: CommandContext,
  { count, codeHash }: Pick<Gift, 'count' | 'codeHash'>,
): Promise<GiftOutcome> {
  return retrying<GiftOutcome>(deadline, async (abortSignal) => {
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored?.kind === 'erased') {
      throw new ErasedAccountError();
    }
    const earlier = await getItem(store, giftKey(userId, id), deadline);
    if (earlier !== null) {
      return ItemReader.fromWire(earlier).string('fingerprint') === fingerprint
        ? { outcome: 'replayed', record: parseGift(earlier) }
        : { outcome: 'idempotency_conflict' };
    }
    if (stored === null) {
      return { outcome: 'below_balance', takeable: 0 };
    }
    const before = await rollForwardInPart(store, stored, now, abortSignal);
    const change = sendGift(before, count, now, `gift:${id}`);
    if (change.outcome === 'refused') {
      return { outcome: 'below_balance', takeable: change.takeable };
    }
    const gift = newGift({ id, count, codeHash }, now);
    const transaction = await transact(
      store,
      [
        putNew(store.table, giftItem(userId, gift, fingerprint)),
        putNew(store.table, codeItem(userId, gift)),
        ...changeItems(store.table, change, before, { id, at: now }),
      ],
      abortSignal,
    );
    return transaction.committed ? { outcome: 'created', record: gift } : TRY_AGAIN;
  });
}

/** Named outcomes, in the order in which they are looked for. */
export type ClaimOutcome =
  | { outcome: 'replayed'; record: Claim }
  | { outcome: 'idempotency_conflict' }
  /** So many wrong codes of this user are looked up in a day. */
  | { outcome: 'too_many_guesses'; limit: number; resetsAt: number }
  | { outcome: 'unknown' }
  | { outcome: 'refused'; reason: ClaimRefusal }
  | { outcome: 'created'; record: Claim };

/**
 * Gives the receiver what a code stands for, once. A guess is counted before the code is looked up, so that many at once
 * are no more than the limit either, and taken off again unless the code is known to stand for nothing: what broke off may
 * be repeated, and has told nobody anything.
 *
 * @throws ErasedAccountError
 * @throws BusyError
 */
export async function claimGift(
  store: Store,
  context: ClaimContext,
  codeHash: string,
): Promise<ClaimOutcome> {
  const { userId, now, deadline } = context;
  const earlier = await findClaim(store, context, codeHash);
  if (earlier !== null) {
    return earlier;
  }
  const guess = await takeGuess(store, userId, now, deadline);
  if (guess.outcome === 'too_many_guesses') {
    return guess;
  }
  let outcome: ClaimOutcome | null = null;
  try {
    outcome = await claim(store, context, codeHash);
    return outcome;
  } finally {
    if (outcome?.outcome !== 'unknown') {
      await returnGuess(store, userId, now);
    }
  }
}

async function findClaim(
  store: Store,
  { userId, id, deadline }: ClaimContext,
  codeHash: string,
): Promise<Extract<ClaimOutcome, { outcome: 'replayed' | 'idempotency_conflict' }> | null> {
  const item = await getItem(store, claimKey(userId, id), deadline);
  if (item === null) {
    return null;
  }
  const record = parseClaim(item);
  return record.codeHash === codeHash ? { outcome: 'replayed', record } : { outcome: 'idempotency_conflict' };
}

/**
 * The claim is written together with the end of the gift, which only one can bring about:
 *
 *     one:    reads the gift: open                  writes: claimed
 *     other:                     reads it: open                      fails, reads it: claimed
 *     giver:                        it has expired                   fails in the same way
 */
async function claim(store: Store, context: ClaimContext, codeHash: string): Promise<ClaimOutcome> {
  const { userId, id, now, deadline } = context;
  return retrying<ClaimOutcome>(deadline, async (abortSignal) => {
    const stored = await readStoredAccount(store, userId, deadline);
    if (stored?.kind === 'erased') {
      throw new ErasedAccountError();
    }
    const found = await findGift(store, codeHash, context);
    // After the gift: one that was claimed by this very request has its claim.
    const earlier = await findClaim(store, context, codeHash);
    if (earlier !== null) {
      return earlier;
    }
    if (found === null) {
      return { outcome: 'unknown' };
    }
    const { giverId, gift } = found;
    const reason = refuseClaim(gift, giverId, userId, now);
    if (reason !== null) {
      return { outcome: 'refused', reason };
    }
    const { id: giftId, count } = gift;
    const before = stored === null ? null : await rollForwardInPart(store, stored, now, abortSignal);
    const change = receiveGift(before ?? newAccount(userId, now), count, now, `gift:${giftId}`);
    const record: Claim = { id, giftId, count, codeHash, claimedAt: now };
    const transaction = await transact(
      store,
      [
        putNew(store.table, claimItem(userId, record)),
        endGift(store.table, giverId, giftId, { status: 'claimed', endedAt: now }),
        ...changeItems(store.table, change, before, { id, at: now }),
      ],
      abortSignal,
    );
    return transaction.committed ? { outcome: 'created', record } : TRY_AGAIN;
  });
}

/** What a code stands for; null: nothing, or nothing any more. */
async function findGift(
  store: Store,
  codeHash: string,
  { deadline }: ClaimContext,
): Promise<{ giverId: string; gift: Gift } | null> {
  const code = await getItem(store, codeItemKey(codeHash), deadline);
  if (code === null) {
    return null;
  }
  const { giverId, giftId } = parseCode(code);
  const item = await getItem(store, giftKey(giverId, giftId), deadline);
  return item === null ? null : { giverId, gift: parseGift(item) };
}

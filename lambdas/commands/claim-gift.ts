import { getItem } from '../adapters/dynamodb/get-item.ts';
import {
  type Claim,
  claimItem,
  claimKey,
  codeItemKey,
  endGift,
  giftKey,
  parseClaim,
  parseCode,
  parseGift,
} from '../adapters/dynamodb/gift-item.ts';
import { returnGuess, takeGuess } from '../adapters/dynamodb/guesses.ts';
import { putNew } from '../adapters/dynamodb/put-new.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { newAccount } from '../domain/account.ts';
import { type ClaimRefusal, type Gift, receiveGift, refuseClaim } from '../domain/gifts.ts';
import { beginAnew } from './alongside.ts';
import { changeAccount, refuseErased } from './change-account.ts';
import { type CommandContext } from './command-context.ts';
import { type Replay } from './replay.ts';

/** What of a request's context a claim needs: what was asked for is its code. */
type ClaimContext = Omit<CommandContext, 'fingerprint'>;

/** Named outcomes, in the order in which they are looked for. */
export type ClaimOutcome =
  | Replay<Claim>
  /** So many wrong codes of this user are looked up in a day. */
  | { outcome: 'too_many_guesses'; limit: number; resetsAt: number }
  | { outcome: 'unknown' }
  | { outcome: 'refused'; reason: ClaimRefusal }
  | { outcome: 'created'; record: Claim };

/**
 * Gives the receiver what a code stands for, once. It counts a guess before it looks the code up, so that many at once
 * are no more than the limit either. It takes the guess off again unless the code is known to stand for nothing: a
 * request that broke off may be repeated, and has told nobody anything.
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
): Promise<Replay<Claim> | null> {
  const item = await getItem(store, claimKey(userId, id), deadline);
  if (item === null) {
    return null;
  }
  const record = parseClaim(item);
  return record.codeHash === codeHash ? { outcome: 'replayed', record } : { outcome: 'idempotency_conflict' };
}

/**
 * The claim and the end of the gift are one write, and a gift ends only once:
 *
 *     one:    reads the gift: open                  writes: claimed
 *     other:                     reads it: open                      fails, reads it: claimed
 *     giver:                        it has expired                   fails in the same way
 */
async function claim(store: Store, context: ClaimContext, codeHash: string): Promise<ClaimOutcome> {
  const { userId, id, now, deadline } = context;
  const request = { userId, now, deadline, ifErased: refuseErased };
  return changeAccount<ClaimOutcome>(store, request, async (before) => {
    const found = await findGift(store, codeHash, context);
    // After the gift: one that was claimed by this very request has its claim.
    const earlier = await findClaim(store, context, codeHash);
    if (earlier !== null) {
      return { answer: earlier };
    }
    if (found === null) {
      return { answer: { outcome: 'unknown' } };
    }
    const { giverId, gift } = found;
    const reason = refuseClaim(gift, giverId, userId, now);
    if (reason !== null) {
      return { answer: { outcome: 'refused', reason } };
    }
    const { id: giftId, count } = gift;
    const record: Claim = { id, giftId, count, codeHash, claimedAt: now };
    const writes = [
      putNew(store.table, claimItem(userId, record)),
      endGift(store.table, giverId, giftId, { status: 'claimed', endedAt: now }),
    ];
    return {
      write: {
        change: receiveGift(
          before ?? newAccount(userId, now, store.catalogue),
          count,
          now,
          `gift:${giftId}`,
          store.catalogue,
        ),
        cause: { id, at: now },
        alongside: writes.map((write) => ({ write, ifRefused: beginAnew })),
        answer: { outcome: 'created', record },
      },
    };
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

import { type Account, type AccountChange } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { type TakingOutcome, changeCredits, takeCredits } from './credit-commands.ts';
import { giveGift, grantPurchased, left } from './credits.ts';
import { DAY_MS, type Instant } from './instants.ts';

/** For how long a gift can be claimed. */
const GIFT_LASTS_MS = 90 * DAY_MS;

/** Why an unclaimed gift went back to its giver: nobody claimed it, or the purchase behind it was refunded. */
export const RETURN_REASONS = ['expired', 'claw_back'] as const;

export type ReturnReason = (typeof RETURN_REASONS)[number];

/** Credits that somebody has put into a code. Once it has ended it never changes again. */
export type Gift = {
  id: string;
  count: number;
  /** Postage stores the code nowhere. */
  codeHash: string;
  createdAt: Instant;
  /** From then on it can't be claimed, and goes back. */
  expiresAt: Instant;
} & GiftEnd;

export const GIFT_STATUSES = ['open', 'claimed', 'returned'] as const;

export type GiftEnd =
  | { status: 'open' }
  | { status: 'claimed'; endedAt: Instant }
  | { status: 'returned'; endedAt: Instant; because: ReturnReason };

export function newGift(about: Pick<Gift, 'id' | 'count' | 'codeHash'>, now: Instant): Gift {
  return { ...about, createdAt: now, expiresAt: now + GIFT_LASTS_MS, status: 'open' };
}

/** What became of a gift. An expired one has gone back, whether or not the job has written it yet (G7). */
export function endOf(gift: Gift, now: Instant): GiftEnd {
  return gift.status === 'open' && now >= gift.expiresAt
    ? { status: 'returned', endedAt: gift.expiresAt, because: 'expired' }
    : gift;
}

export type ClaimRefusal = 'own' | 'already_claimed' | 'gone_back';

/** Why a user can't have a gift now; null: they can. First the giver learns that the gift is their own. */
export function refuseClaim(
  gift: Gift,
  giverId: string,
  receiverId: string,
  now: Instant,
): ClaimRefusal | null {
  if (giverId === receiverId) {
    return 'own';
  }
  switch (endOf(gift, now).status) {
    case 'claimed':
      return 'already_claimed';
    case 'returned':
      return 'gone_back';
    case 'open':
      return null;
  }
}

/** Takes credits out of the giver's account for a gift: purchased ones only, which no use of the period has taken. */
export function sendGift(
  account: Account,
  count: number,
  now: Instant,
  source: string,
  catalogue: Catalogue,
): TakingOutcome {
  return takeCredits(
    account,
    count,
    now,
    catalogue,
    (credits) => left(credits).purchased,
    (credits) => giveGift(credits, count, source),
  );
}

/** The receiver gets a gift's credits as purchased ones, which last (G8). */
export function receiveGift(
  account: Account,
  count: number,
  now: Instant,
  source: string,
  catalogue: Catalogue,
): AccountChange {
  return changeCredits(account, now, catalogue, (credits) =>
    grantPurchased(credits, count, 'gift_received', source),
  );
}

/** The giver gets an unclaimed gift back: it has expired, or a claw-back needs it. What is owed is paid from it. */
export function recoverGift(
  account: Account,
  count: number,
  now: Instant,
  source: string,
  catalogue: Catalogue,
): AccountChange {
  return changeCredits(account, now, catalogue, (credits) =>
    grantPurchased(credits, count, 'gift_returned', source),
  );
}

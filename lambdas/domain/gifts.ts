import { type Account, type AccountChange } from './account.ts';
import { type TakingOutcome, changeCredits, takeCredits } from './credit-commands.ts';
import { giveGift, grantPurchased, left, takeGiftBack } from './credits.ts';
import { type Instant } from './instants.ts';

/** Takes credits out of the giver's account for a gift: purchased ones only, which no use of the period has taken. */
export function sendGift(account: Account, count: number, now: Instant, source: string): TakingOutcome {
  return takeCredits(
    account,
    count,
    now,
    (credits) => left(credits).purchased,
    (credits) => giveGift(credits, count, source),
  );
}

/** The receiver gets a gift's credits as purchased ones, which last (G8). */
export function receiveGift(account: Account, count: number, now: Instant, source: string): AccountChange {
  return changeCredits(account, now, (credits) => grantPurchased(credits, count, 'gift_received', source));
}

/** The giver gets an unclaimed gift back: it has expired, or a claw-back needs it. What is owed is paid from it. */
export function recoverGift(account: Account, count: number, now: Instant, source: string): AccountChange {
  return changeCredits(account, now, (credits) => takeGiftBack(credits, count, source));
}

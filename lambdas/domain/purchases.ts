import { type Account, type AccountChange } from './account.ts';
import { changeCredits } from './credit-commands.ts';
import { clawBack, clawBackDue, grantPurchased, inTurn, type PurchaseFacts } from './credits.ts';
import { type Instant } from './instants.ts';

/** A purchase as Stripe sees it now, and what Postage has done about it so far. */
export interface Purchase extends PurchaseFacts {
  isPaid: boolean;
  isGranted: boolean;
}

/** The account, and what the purchase's record says afterwards: both are written together or not at all. */
export interface PurchaseChange extends AccountChange {
  purchase: Purchase;
}

/**
 * Brings an account to what Stripe says of a purchase: grants it once when it is paid, and takes back what has been
 * refunded or disputed of it, or gives it back when a dispute is won. Events may come late, repeated or in any order, a
 * refund before its grant included (G10).
 */
export function settlePurchase(
  account: Account,
  purchase: Purchase,
  now: Instant,
  source: string,
): PurchaseChange {
  const grants = purchase.isPaid && !purchase.isGranted;
  const isGranted = purchase.isGranted || purchase.isPaid;
  const due = isGranted ? clawBackDue(purchase) : 0;
  const change = changeCredits(account, now, (credits) =>
    inTurn(
      credits,
      (before) => grantPurchased(before, grants ? purchase.credits : 0, 'purchase', source),
      (before) => clawBack(before, due, source),
    ),
  );
  return { ...change, purchase: { ...purchase, isGranted, creditsTaken: purchase.creditsTaken + due } };
}

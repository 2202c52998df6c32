import { type Account, type AccountChange } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { changeCredits } from './credit-commands.ts';
import { clawBack, grantPurchased, inTurn } from './credits.ts';
import { type Instant } from './instants.ts';

/**
 * How far a purchase has come. `processing`: the user has paid, the money is on its way (a bank debit); `paid` is for
 * good, whatever is given back later.
 */
export const PURCHASE_STATUSES = ['open', 'processing', 'paid', 'failed', 'expired'] as const;

export type PurchaseStatus = (typeof PURCHASE_STATUSES)[number];

/** A bundle that somebody has begun to buy. */
export interface Purchase {
  id: string;
  /** Raised by every write. */
  version: number;
  status: PurchaseStatus;
  credits: number;
  amountCents: number;
  currency: 'usd';
  /** The customer at Stripe who is to pay. */
  customerId: string;
  /** The page at Stripe on which it is paid; null before there is one. */
  checkoutUrl: string | null;
  /** What it was paid by; null before, and where a code made it free. */
  paymentIntentId: string | null;
  createdAt: Instant;
  /** When Postage last learnt of its payment; null before it has. */
  settledAt: Instant | null;
  /** How much of the amount has gone back to the customer or is in dispute. */
  returnedCents: number;
  /** Credits that Postage has taken back for it, spent ones (`owed`) included. */
  creditsTaken: number;
}

/** What a purchase and Stripe say together: what is paid and what has gone back, and what Postage has done about it. */
export interface Settlement extends Pick<
  Purchase,
  'credits' | 'amountCents' | 'returnedCents' | 'creditsTaken'
> {
  isPaid: boolean;
  isGranted: boolean;
}

/**
 * Brings an account to what Stripe says of a purchase: grants it once when it is paid, and takes back what has been
 * refunded or disputed of it, or gives it back when a dispute is won. Events may come late, repeated or in any order, a
 * refund before its grant included (G10).
 */
export function settlePurchase(
  account: Account,
  purchase: Settlement,
  now: Instant,
  source: string,
  catalogue: Catalogue,
): AccountChange & { purchase: Settlement } {
  const grants = purchase.isPaid && !purchase.isGranted;
  const isGranted = purchase.isGranted || purchase.isPaid;
  const due = isGranted ? clawBackDue(purchase) : 0;
  const change = changeCredits(account, now, catalogue, (credits) =>
    inTurn(
      credits,
      (before) => grantPurchased(before, grants ? purchase.credits : 0, 'purchase', source),
      (before) => clawBack(before, due, source),
    ),
  );
  return { ...change, purchase: { ...purchase, isGranted, creditsTaken: purchase.creditsTaken + due } };
}

/** How many credits Postage has yet to take back for a purchase: negative when it has to give some back. */
export function clawBackDue(purchase: Omit<Settlement, 'isPaid' | 'isGranted'>): number {
  const { credits, amountCents, returnedCents, creditsTaken } = purchase;
  // Nobody can refund a purchase that cost nothing.
  const returnedCredits =
    amountCents === 0 ? 0 : Math.floor((credits * Math.min(returnedCents, amountCents)) / amountCents);
  return returnedCredits - creditsTaken;
}

/** What Stripe says of the payment of a purchase. */
export interface PaymentFacts {
  status: PurchaseStatus;
  paymentIntentId: string | null;
  customerId: string | null;
  /** Before tax and discount. */
  amountCents: number;
  currency: string;
  /** The share of the amount that is refunded and disputed; both together may be more than the amount. */
  returnedCents: number;
}

export type FollowedPayment =
  /** `change` is null where no credit moves. */
  | { outcome: 'followed'; record: Purchase; change: AccountChange | null }
  /** Another sum was paid, by another customer, or a second time. */
  | { outcome: 'mismatch' };

/** Brings a purchase, and its buyer's account, to what Stripe says of its payment. */
export function followPayment(
  account: Account,
  record: Purchase,
  facts: PaymentFacts,
  now: Instant,
  catalogue: Catalogue,
): FollowedPayment {
  const isGranted = record.status === 'paid';
  const isAnother = isGranted && facts.paymentIntentId !== record.paymentIntentId;
  if (!isPaymentOf(record, facts) || (isAnother && facts.status === 'paid')) {
    return { outcome: 'mismatch' };
  }
  if (isAnother) {
    // It is about a page that the buyer left before they paid on another one.
    return { outcome: 'followed', record: { ...record, version: record.version + 1 }, change: null };
  }
  const isPaid = isGranted || facts.status === 'paid';
  const returnedCents = Math.min(facts.returnedCents, record.amountCents);
  const { credits, amountCents, creditsTaken } = record;
  const { purchase, ...change } = settlePurchase(
    account,
    { credits, amountCents, returnedCents, creditsTaken, isPaid, isGranted },
    now,
    `purchase:${record.id}`,
    catalogue,
  );
  const moves = purchase.isGranted !== isGranted || purchase.creditsTaken !== creditsTaken;
  return {
    outcome: 'followed',
    record: {
      ...record,
      version: record.version + 1,
      status: isPaid ? 'paid' : facts.status,
      paymentIntentId: facts.paymentIntentId ?? record.paymentIntentId,
      settledAt: now,
      returnedCents,
      creditsTaken: purchase.creditsTaken,
    },
    change: moves ? change : null,
  };
}

function isPaymentOf(record: Purchase, facts: PaymentFacts): boolean {
  return (
    facts.amountCents === record.amountCents &&
    facts.currency === record.currency &&
    facts.customerId === record.customerId
  );
}

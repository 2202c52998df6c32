/**
 * Credits of one account.
 *
 * What may be spent is one number (`available`); of which kind it is, is arithmetic: the period's uses are laid over
 * the carried lots (oldest first), the included credits and the purchased ones, in that order. So a use never chooses,
 * and within a period the order of uses, returns, purchases and claw-backs does not matter. (What its user cancels in a
 * later period needs room, which a use before it makes.)
 *
 * G4, for each account and after each step:
 *   available = carried + included + purchased - usedThisPeriod
 *             = granted - used - expired - takenBack
 *             = the sum of its movements
 */

import { type CarryOver } from './catalogue.ts';
import { agedLots, type Lots, NO_LOTS, padded, sumLots, takeFromLots, withoutYoungest } from './lots.ts';

export const CREDIT_COUNTS = [
  'included',
  'purchased',
  'usedThisPeriod',
  /** Credits that were refunded or disputed after they had been spent; paid from purchased credits that come later. */
  'owed',
  /** Included credits of a period that nobody has paid for. They can't be used. */
  'withheld',
  /** Lifetime counters. */
  'granted',
  'used',
  'expired',
  'takenBack',
] as const;

export type Credits = { lots: Lots } & Record<(typeof CREDIT_COUNTS)[number], number>;

export type LifetimeCounter = 'granted' | 'used' | 'expired' | 'takenBack';

/** Every kind of movement, and the lifetime counter that it moves. */
export const MOVEMENT_COUNTER = {
  allowance: 'granted',
  withheld: 'granted',
  made_good: 'granted',
  purchase: 'granted',
  gift_received: 'granted',
  adjustment_up: 'granted',
  restored: 'granted',
  regranted: 'granted',
  use: 'used',
  return: 'used',
  expiry: 'expired',
  claw_back: 'takenBack',
  reinstatement: 'takenBack',
  gift_given: 'takenBack',
  gift_returned: 'takenBack',
  adjustment_down: 'takenBack',
} as const satisfies Record<string, LifetimeCounter>;

export type MovementKind = keyof typeof MOVEMENT_COUNTER;

export const MOVEMENT_KINDS = Object.keys(MOVEMENT_COUNTER) as MovementKind[];

/** A line of the ledger. The amount is signed: what it adds to `available`. */
export interface Movement {
  kind: MovementKind;
  amount: number;
  /** What caused it, `usage:<id>` or `period:<start>`. */
  source: string;
}

/** Credits after a step, and the movements that led there. */
export interface CreditsChange {
  credits: Credits;
  movements: readonly Movement[];
}

export const NO_CREDITS: Credits = {
  lots: NO_LOTS,
  included: 0,
  purchased: 0,
  usedThisPeriod: 0,
  owed: 0,
  withheld: 0,
  granted: 0,
  used: 0,
  expired: 0,
  takenBack: 0,
};

/** Credits by kind: what has been spent of each in the open period, or what is left of each. */
export interface CreditsByKind {
  lots: Lots;
  included: number;
  purchased: number;
}

export function available(credits: Credits): number {
  return sumLots(credits.lots) + credits.included + credits.purchased - credits.usedThisPeriod;
}

/** What the open period's uses have taken of each kind. */
export function spent(credits: Credits): CreditsByKind {
  let rest = credits.usedThisPeriod;
  const take = (held: number): number => {
    const taken = Math.min(rest, held);
    rest -= taken;
    return taken;
  };
  const lots = credits.lots.map(take);
  return { lots, included: take(credits.included), purchased: take(credits.purchased) };
}

/** What is left of each kind. */
export function left(credits: Credits): CreditsByKind {
  const gone = spent(credits);
  return {
    lots: takeFromLots(credits.lots, credits.usedThisPeriod, 'oldest first'),
    included: credits.included - gone.included,
    purchased: credits.purchased - gone.purchased,
  };
}

/**
 * The next credits, with one movement booked on its lifetime counter. The caller changes the pots by the same amount;
 * an amount of zero is no movement.
 */
export function book(
  pots: Omit<Credits, LifetimeCounter>,
  before: Credits,
  kind: MovementKind,
  amount: number,
  source: string,
): CreditsChange {
  const { granted, used, expired, takenBack } = before;
  const counters = { granted, used, expired, takenBack };
  const counter = MOVEMENT_COUNTER[kind];
  counters[counter] += counter === 'granted' ? amount : -amount;
  return {
    credits: { ...pots, ...counters },
    movements: amount === 0 ? [] : [{ kind, amount, source }],
  };
}

/** Carries out steps one after the other and keeps all their movements. */
export function inTurn(
  credits: Credits,
  ...steps: readonly ((credits: Credits) => CreditsChange)[]
): CreditsChange {
  return steps.reduce<CreditsChange>(
    (change, step) => {
      const next = step(change.credits);
      return { credits: next.credits, movements: [...change.movements, ...next.movements] };
    },
    { credits, movements: [] },
  );
}

/** Spends credits. The caller has checked that they are available. */
export function useCredits(credits: Credits, count: number, source: string): CreditsChange {
  const pots = { ...credits, usedThisPeriod: credits.usedThisPeriod + count };
  return book(pots, credits, 'use', -count, source);
}

/** What brings purchased credits: `gift_returned` is a gift that nobody claimed. */
type PurchasedGrant = 'purchase' | 'gift_received' | 'gift_returned' | 'adjustment_up';

/** Adds purchased credits, and pays from them what is owed. */
export function grantPurchased(
  credits: Credits,
  count: number,
  kind: PurchasedGrant,
  source: string,
): CreditsChange {
  return bookAndPay({ purchased: credits.purchased + count }, credits, kind, count, source);
}

/** Books a movement with the pots that it changes, and pays what is owed from what it has brought. */
function bookAndPay(
  pots: Partial<Credits>,
  credits: Credits,
  kind: MovementKind,
  amount: number,
  source: string,
): CreditsChange {
  return inTurn(
    credits,
    (before) => book({ ...before, ...pots }, before, kind, amount, source),
    (before) => payOwed(before, source),
  );
}

/** Pays what is owed from purchased credits that no use of this period has taken. */
export function payOwed(credits: Credits, source: string): CreditsChange {
  const paid = Math.min(credits.owed, left(credits).purchased);
  const pots = { ...credits, purchased: credits.purchased - paid, owed: credits.owed - paid };
  return book(pots, credits, 'claw_back', -paid, source);
}

/** Where a returned credit was spent. */
export type SpentIn =
  | { period: 'open' }
  /** A closed period, and how many purchased credits that it had spent have not been returned yet. */
  | { period: 'closed'; purchasedOutstanding: number };

/**
 * Why a credit comes back: what it paid for has failed, or its user has cancelled it. A user can't cancel to keep credits
 * past their expiry, so theirs comes back for the open period only, and only if there is room.
 */
export type ReturnCause =
  | { because: 'failed' }
  /** `allowed`: the most carried, included and withheld credits that may be left: the plan's allowance and its cap. */
  | { because: 'cancelled'; allowed: number };

export interface CreditReturn extends CreditsChange {
  /** `expired`: there was no room for it, so that it went at once. */
  returnedAs: 'unused' | 'purchased' | 'carried' | 'expired';
  /** How many have come back so. */
  count: number;
}

/**
 * Gives credits back (G11): as if they had not been used when their period is still open; else as purchased, if that period
 * spent purchased credits that have not come back yet; else as carried credits. They come into the youngest lot if what they
 * paid for has failed, and into the oldest, which expires with the open period, if its user has cancelled it.
 *
 * @param most as many as come back in the same way, and one at a time of what was cancelled
 */
export function returnCredit(
  credits: Credits,
  spentIn: SpentIn,
  cause: ReturnCause,
  source: string,
  most = 1,
): CreditReturn {
  if (spentIn.period === 'open' && credits.usedThisPeriod > 0) {
    const count = Math.min(most, credits.usedThisPeriod);
    const pots = { usedThisPeriod: credits.usedThisPeriod - count };
    return { ...bookAndPay(pots, credits, 'return', count, source), returnedAs: 'unused', count };
  }
  if (spentIn.period === 'closed' && spentIn.purchasedOutstanding > 0) {
    const count = Math.min(most, spentIn.purchasedOutstanding);
    const pots = { purchased: credits.purchased + count };
    return { ...bookAndPay(pots, credits, 'regranted', count, source), returnedAs: 'purchased', count };
  }
  const rest = left(credits);
  if (
    cause.because === 'cancelled' &&
    sumLots(rest.lots) + rest.included + credits.withheld >= cause.allowed
  ) {
    const back = inTurn(
      credits,
      (before) => book(before, before, 'regranted', 1, source),
      (before) => book(before, before, 'expiry', -1, source),
    );
    return { ...back, returnedAs: 'expired', count: 1 };
  }
  const [into, count] = cause.because === 'cancelled' ? [0, 1] : [credits.lots.length - 1, most];
  const lots = credits.lots.map((lot, index) => (index === into ? lot + count : lot));
  return { ...bookAndPay({ lots }, credits, 'regranted', count, source), returnedAs: 'carried', count };
}

/**
 * Takes credits back by hand: purchased first, then included, then carried from the youngest lot on. The caller has
 * checked that they are available.
 */
export function adjustDown(credits: Credits, count: number, source: string): CreditsChange {
  const free = left(credits);
  const purchased = Math.min(count, free.purchased);
  const included = Math.min(count - purchased, free.included);
  const pots = {
    ...credits,
    purchased: credits.purchased - purchased,
    included: credits.included - included,
    lots: takeFromLots(credits.lots, count - purchased - included, 'youngest first'),
  };
  return book(pots, credits, 'adjustment_down', -count, source);
}

/** Takes unspent purchased credits out, for a gift. The caller has checked that there are as many. */
export function giveGift(credits: Credits, count: number, source: string): CreditsChange {
  const pots = { ...credits, purchased: credits.purchased - count };
  return book(pots, credits, 'gift_given', -count, source);
}

/**
 * Takes `due` credits of a purchase back (a refund, a dispute): what is unspent of the purchased ones now, the rest as
 * `owed`. A negative `due` gives them back (a dispute was won): what is still owed is forgiven, the rest returns.
 */
export function clawBack(credits: Credits, due: number, source: string): CreditsChange {
  if (due >= 0) {
    return payOwed({ ...credits, owed: credits.owed + due }, source);
  }
  const forgiven = Math.min(credits.owed, -due);
  const given = -due - forgiven;
  const pots = { ...credits, owed: credits.owed - forgiven, purchased: credits.purchased + given };
  return inTurn(credits, (before) => book(pots, before, 'reinstatement', given, source));
}

export type Close =
  /** A boundary of the series has passed: the lots grow older. */
  | { at: 'boundary'; carryOver: CarryOver | null }
  /** The anchor has moved in the middle of a period: the lots keep their age, and those that nobody has paid for go. */
  | { at: 'moved anchor'; carryOver: CarryOver | null; unpaidLots: number }
  /** The subscription has ended: included and carried credits expire, purchased ones stay (G8). */
  | { at: 'ending' };

/**
 * Closes a period's credits. What is left of the included ones becomes the youngest lot where the closing plan carries
 * over, cut so that no more than the cap are carried, the oldest lot first; else it expires. What is withheld is gone: it
 * no longer counts as granted.
 */
export function closeCredits(credits: Credits, close: Close, source: string): CreditsChange {
  const rest = left(credits);
  const lots = lotsAfter(rest, close);
  const expired = sumLots(rest.lots) + rest.included - sumLots(lots);
  const pots = { ...credits, lots, included: 0, withheld: 0, purchased: rest.purchased, usedThisPeriod: 0 };
  return book(pots, credits, 'expiry', -expired, source);
}

function lotsAfter(rest: CreditsByKind, close: Close): Lots {
  if (close.at === 'ending') {
    return NO_LOTS;
  }
  const { carryOver } = close;
  const lots =
    close.at === 'boundary' ? agedLots(rest.lots, carryOver) : withoutYoungest(rest.lots, close.unpaidLots);
  if (carryOver === null) {
    return lots;
  }
  const carried = lots.map((lot, index) => (index === lots.length - 1 ? lot + rest.included : lot));
  return takeFromLots(carried, Math.max(0, sumLots(carried) - carryOver.cap), 'oldest first');
}

/** Grants the allowance of a period that has just opened. */
export function grantIncluded(credits: Credits, allowance: number, source: string): CreditsChange {
  return book({ ...credits, included: allowance }, credits, 'allowance', allowance, source);
}

/** Gives back carried credits that an ending had expired, when the plan returns within the same interval. */
export function restoreLots(credits: Credits, lots: Lots, source: string): CreditsChange {
  const older = padded(credits.lots, lots.length);
  const restored = older.map((lot, index) => lot + (lots[index - older.length + lots.length] ?? 0));
  return book({ ...credits, lots: restored }, credits, 'restored', sumLots(lots), source);
}

/**
 * The allowance of another plan, in the same period: the larger of the new allowance and what has been used of the old
 * one, so that nothing used becomes unpaid and nothing can be had twice. What is withheld is part of the allowance, and
 * the first to go.
 */
export function changeAllowance(credits: Credits, allowance: number, source: string): CreditsChange {
  const whole = Math.max(allowance, spent(credits).included);
  const difference = whole - credits.included - credits.withheld;
  const fromWithheld = Math.min(credits.withheld, Math.max(0, -difference));
  const moved = difference + fromWithheld;
  const pots = {
    ...credits,
    included: credits.included + moved,
    withheld: credits.withheld - fromWithheld,
  };
  return book(pots, credits, moved > 0 ? 'allowance' : 'expiry', moved, source);
}

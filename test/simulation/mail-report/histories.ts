/**
 * Random histories of what the mail report counts. Each has the changes that the table's stream tells, and what somebody
 * who knows nothing of statistics noted, by the ledger and by the acts themselves. In the end all records are erased, which
 * lowers no count.
 */
import { newAccount, openUntil } from '../../../lambdas/domain/account.ts';
import { type AnyChange } from '../../../lambdas/letters/domain/changes.ts';
import { type Movement } from '../../../lambdas/domain/credits.ts';
import { type Delivery } from '../../../lambdas/letters/domain/deliveries.ts';
import {
  cancelDelivery,
  dispatchDelivery,
  reportDelivery,
} from '../../../lambdas/letters/domain/delivery-life.ts';
import {
  abandonPayment,
  callOffPayment,
  type Charge,
  followCharge,
  noteIntent,
} from '../../../lambdas/letters/domain/delivery-payment.ts';
import { DAY_MS, type Instant } from '../../../lambdas/domain/instants.ts';
import { type LifeDecision } from '../../../lambdas/letters/domain/life-decisions.ts';
import { boundaryAfter, CALENDAR_ANCHOR } from '../../../lambdas/domain/periods.ts';
import { followPayment } from '../../../lambdas/domain/purchases.ts';
import { isWorthKeeping, rollForward } from '../../../lambdas/domain/roll-forward.ts';
import { deliveryWith, givenCharge, paidByCard } from '../../support/delivery-lives.ts';
import { givenPurchase } from '../../support/purchase-records.ts';
import { type Draws, type Random, randomFrom } from '../../support/random.ts';
import { takeStep, type World } from '../account/steps.ts';
import { LETTERS } from '../../support/catalogues.ts';

/** A period that has ended, by its ledger. */
export interface SeenPeriod {
  plan: string;
  mailsByCredit: number;
  mailsByCard: number;
  creditsUsed: number;
  creditsLeft: number;
}

/** What was seen to happen at an instant. */
export interface Seen {
  at: Instant;
  sent?: 'free' | 'paid';
  cardPayment?: 'succeeded' | 'failed';
  receivedCents?: number;
  refundedCents?: number;
  dispute?: 'opened' | 'won' | 'lost';
  period?: SeenPeriod;
}

export interface History {
  changes: AnyChange[];
  seen: Seen[];
}

/** From nothing to months, and to the very instants at which a period or a month ends. */
function later(random: Random, now: Instant, ending: Instant): Instant {
  const near = (instant: Instant): Instant => Math.max(now, instant + random.integer(-2, 2));
  return random.pick([
    () => now,
    () => now + random.integer(0, 12 * DAY_MS),
    () => now + random.integer(0, 12 * DAY_MS),
    () => near(ending),
    () => near(boundaryAfter(CALENDAR_ANCHOR, now)),
    () => now + (random.happens(0.3) ? random.integer(0, 70 * DAY_MS) : 0),
  ])();
}

/**
 * An account's periods, by its ledger: uses, changes of plan, endings, purchases, gifts, corrections, returns and late
 * rollovers, as the account's simulation draws them.
 */
export function liveAccount(steps: readonly Draws[], userId: string, begin: Instant): History {
  const history: History = { changes: [], seen: [] };
  const world: World = {
    ...{ account: newAccount(userId, begin, LETTERS), told: [], stored: [], repaid: null },
    ...{ mails: [], purchases: [], gifts: [], givenAway: 0, adjustedDown: 0 },
  };
  let open = { mailsByCredit: 0, mailsByCard: 0, creditsUsed: 0, creditsLeft: 0 };
  const book = (movements: readonly Movement[]): void => {
    for (const { kind, amount } of movements) {
      open.creditsLeft += amount;
      open.mailsByCredit -= kind === 'use' ? amount : 0;
      open.creditsUsed -= kind === 'use' || kind === 'return' ? amount : 0;
    }
  };
  let now = begin;
  for (const draws of steps) {
    const random = randomFrom(draws);
    now = later(random, now, openUntil(world.account));
    const due = rollForward(world.account, now, LETTERS).closed.length;
    const step = takeStep(random, world, now);
    if (step === null) {
      continue;
    }
    const { account, closed, movements } = step.change;
    // A series that is new may have had a boundary before now: its period closes after what began it.
    const behind = closed.findIndex(({ periodEnd }, place) => place >= due && periodEnd <= now);
    for (const [place, period] of closed.entries()) {
      book(place === behind ? movements : []);
      if (isWorthKeeping(period)) {
        const told = { kind: 'period', userId, at: now + random.integer(0, 3 * DAY_MS) } as const;
        const item = { ...period };
        // It is told again when it owes less, and when its user is erased.
        history.changes.push(
          { ...told, before: null, after: item },
          { ...told, before: item, after: item },
          { ...told, before: item, after: null },
        );
        history.seen.push({ at: period.periodEnd, period: { plan: period.plan, ...open } });
      }
      book(period.movements);
      open = { ...open, mailsByCredit: 0, mailsByCard: 0, creditsUsed: 0 };
    }
    book(behind === -1 ? movements : []);
    open.mailsByCard += step.label === 'mail paid by card' ? 1 : 0;
    world.account = account;
    world.stored.push(...closed.filter(isWorthKeeping));
    step.remember(world);
  }
  return history;
}

const INTENT = 'pi_1';
const PRICE_CENTS = 300;

type Money = Pick<Charge, 'refundedCents' | 'lostCents' | 'disputedCents'>;

/** What happens to the money of a charge at Stripe: refunds of a part or of all, disputes and their ends. */
function moneyAfter(money: Money, random: Random): Money {
  const { refundedCents, lostCents, disputedCents } = money;
  const leftCents = PRICE_CENTS - refundedCents - lostCents;
  if (disputedCents > 0) {
    return random.pick([
      money,
      { ...money, disputedCents: 0 },
      { ...money, lostCents: lostCents + disputedCents, disputedCents: 0 },
    ]);
  }
  return leftCents === 0
    ? money
    : random.pick([
        money,
        { ...money, refundedCents: refundedCents + random.integer(1, leftCents) },
        { ...money, refundedCents: refundedCents + leftCents },
        { ...money, disputedCents: leftCents },
      ]);
}

/** What somebody sees who hears of the money now, and of `known` before; null: of nothing. */
function seenOf(known: Money | null, money: Money, isWaiting: boolean): Omit<Seen, 'at'> {
  const { refundedCents, lostCents, disputedCents } = money;
  const backCents = refundedCents + lostCents - (known === null ? 0 : known.refundedCents + known.lostCents);
  const wasDisputed = (known?.disputedCents ?? 0) > 0;
  const isLost = lostCents > (known?.lostCents ?? 0);
  const isKept = refundedCents + lostCents + disputedCents < PRICE_CENTS;
  const dispute = isLost ? 'lost' : disputedCents > 0 ? 'opened' : 'won';
  return {
    receivedCents: known === null ? PRICE_CENTS : 0,
    refundedCents: backCents,
    ...(isWaiting && isKept ? { cardPayment: 'succeeded' } : {}),
    ...(isLost || wasDisputed !== disputedCents > 0 ? { dispute } : {}),
  };
}

/** A mail: declined, called off, charged in time or too late, disputed, sent, returned by the post, refunded. */
export function liveMail(steps: readonly Draws[], userId: string, id: string, begin: Instant): History {
  const history: History = { changes: [], seen: [] };
  const random = randomFrom(steps[0] ?? []);
  const about = { id, createdAt: begin, deliverAt: begin + random.integer(1, 20 * DAY_MS) };
  let delivery = random.happens(0.7)
    ? deliveryWith({ ...about, ...paidByCard({ intentId: null }) }, { status: 'pending_payment' })
    : deliveryWith(about);
  let money: Money = { refundedCents: 0, lostCents: 0, disputedCents: 0 };
  /** As Postage has heard of it last. */
  let known: Money | null = null;
  let now = begin;
  history.changes.push({ kind: 'delivery', userId, at: now, before: null, after: delivery });
  const take = (decide: (delivery: Delivery) => LifeDecision, seen: Omit<Seen, 'at'>): void => {
    const decision = decide(delivery);
    if (decision.outcome === 'changed') {
      history.changes.push({ kind: 'delivery', userId, at: now, before: delivery, after: decision.delivery });
      history.seen.push({ at: now, ...seen });
      delivery = decision.delivery;
    }
  };
  for (const draws of steps.slice(1)) {
    const random = randomFrom(draws);
    now = later(random, now, delivery.deliverAt);
    const { status, payment } = delivery;
    const intentId = payment?.intentId ?? null;
    const follow = (): void => {
      if (payment !== null) {
        take(
          (current) => followCharge(current, givenCharge(money), now),
          seenOf(known, money, status === 'pending_payment'),
        );
        known = money;
      }
    };
    random.pick([
      () => take((current) => noteIntent(current, INTENT), {}),
      ...[follow, follow],
      () => {
        money = known === null ? money : moneyAfter(money, random);
      },
      () =>
        take(
          (current) => abandonPayment(current, 'payment_declined', intentId, now),
          // Without an intent, nobody has asked the card.
          intentId === null ? {} : { cardPayment: 'failed' },
        ),
      () => random.happens(0.3) && take((current) => callOffPayment(current, intentId, now), {}),
      () => random.happens(0.3) && take((current) => cancelDelivery(current, now), {}),
      () => take((current) => dispatchDelivery(current, now), {}),
      () => take((current) => reportDelivery(current, { providerId: 'p', result: 'sent' }, now), {}),
      () =>
        random.happens(0.5) &&
        take(
          (current) => reportDelivery(current, { providerId: 'p', result: 'failed', failure: 'f' }, now),
          {},
        ),
    ])();
  }
  history.changes.push({ kind: 'delivery', userId, at: now, before: delivery, after: null });
  if (delivery.status === 'sent') {
    history.seen.push({ at: delivery.sentAt, sent: delivery.paidWith === 'card' ? 'paid' : 'free' });
  }
  return history;
}

/** A bundle, as Stripe's events tell of it: never paid, paid, refunded in part, disputed, won, refunded at once. */
export function livePurchase(steps: readonly Draws[], userId: string, id: string, begin: Instant): History {
  const history: History = { changes: [], seen: [] };
  let purchase = givenPurchase({ id, createdAt: begin });
  let now = begin;
  history.changes.push({ kind: 'purchase', userId, at: now, before: null, after: purchase });
  for (const draws of steps) {
    const random = randomFrom(draws);
    now = later(random, now, now);
    const facts = {
      ...purchase,
      status: random.pick(['open', 'processing', 'paid', 'paid', 'expired'] as const),
      paymentIntentId: INTENT,
      returnedCents: random.pick([0, 0, purchase.returnedCents, random.integer(0, 2 * purchase.amountCents)]),
    };
    const followed = followPayment(newAccount(userId, now, LETTERS), purchase, facts, now, LETTERS);
    if (followed.outcome === 'followed') {
      const { record: after } = followed;
      const at = now + random.integer(0, 3 * DAY_MS);
      history.changes.push({ kind: 'purchase', userId, at, before: purchase, after });
      history.seen.push({
        at: now,
        receivedCents: purchase.status !== 'paid' && after.status === 'paid' ? after.amountCents : 0,
        refundedCents: after.returnedCents - purchase.returnedCents,
      });
      purchase = after;
    }
  }
  history.changes.push({ kind: 'purchase', userId, at: now, before: purchase, after: null });
  return history;
}

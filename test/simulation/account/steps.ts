/** What can happen to an account, one step of a walk at a time. */
import { type Account, type AccountChange } from '../../../lambdas/domain/account.ts';
import { adjustCredits } from '../../../lambdas/domain/adjustments.ts';
import { type TakingOutcome } from '../../../lambdas/domain/credit-commands.ts';
import {
  available,
  type CreditReturn,
  left,
  type ReturnCause,
  spent,
} from '../../../lambdas/domain/credits.ts';
import { receiveGift, recoverGift, sendGift } from '../../../lambdas/domain/gifts.ts';
import { type Instant } from '../../../lambdas/domain/instants.ts';
import { clawBackDue, type Settlement, settlePurchase } from '../../../lambdas/domain/purchases.ts';
import { returnToAccount, type StoredPeriod } from '../../../lambdas/domain/returns.ts';
import { rollForward } from '../../../lambdas/domain/roll-forward.ts';
import { followSubscription, type SubscriptionFacts } from '../../../lambdas/domain/subscriptions.ts';
import { countPaid, decideUse } from '../../../lambdas/domain/usage.ts';
import { type Random } from '../../support/random.ts';
import { nextFacts } from './facts.ts';
import { LETTERS } from '../../support/catalogues.ts';

/** What a walk remembers beside the account: the records that production keeps in other items. */
export interface World {
  account: Account;
  stored: StoredPeriod[];
  /** The stored period that was last repaid. */
  repaid: StoredPeriod | null;
  /** When each mail that may still be returned was counted. */
  mails: Instant[];
  purchases: Settlement[];
  /** The sizes of gifts that nobody has claimed. `givenAway` is how many credits others have claimed. */
  gifts: number[];
  givenAway: number;
  adjustedDown: number;
  told: SubscriptionFacts[];
}

/** The most carried, included and withheld credits that a cancelled mail may leave: the allowance, and ten on enterprise. */
const MOST_WAITING = { none: 0, pro: 2, enterprise: 20 };

export interface Step {
  /** What happened, as the walk's log counts it. */
  label: string;
  change: AccountChange;
  /** By how much purchased credits, less what is owed, have changed since the account was rolled forward (G8). */
  worth: number;
  /** A credit came back into an account (G11). */
  returned?: {
    before: Account;
    because: ReturnCause['because'];
    as: readonly CreditReturn['returnedAs'][];
    expected: CreditReturn['returnedAs'];
  };
  /** What the walk remembers of it. */
  remember: (world: World) => void;
}

type StepOf = (random: Random, world: World, now: Instant) => Step | null;

const NOTHING_TO_REMEMBER = (): void => undefined;

const use: StepOf = (random, { account }, now) => {
  const rolled = rollForward(account, now, LETTERS);
  const at = Math.max(now, rolled.account.periodStart);
  const mails = random.happens(0.8) ? random.integer(1, 4) : 0;
  const consume = {
    letters: random.happens(0.3) ? random.integer(0, 3) : 0,
    emails: random.happens(0.2) ? random.integer(0, 3) : 0,
    mails,
  };
  const decision = decideUse({ consume, release: {} }, rolled.account, LETTERS, at, 'use');
  if (decision.outcome !== 'accepted') {
    return null;
  }
  const { credits } = rolled.account;
  const fromOthers = available(credits) - left(credits).purchased;
  return {
    label: rolled.closed.length > 0 ? 'use after a roll' : 'use',
    change: { account: decision.account, closed: rolled.closed, movements: decision.movements },
    worth: -Math.max(0, mails - fromOthers),
    remember: (world) => world.mails.push(...Array.from({ length: mails }, () => at)),
  };
};

/** A card may pay in whatever state the account is by then. */
const payByCard: StepOf = (_, { account }, now) => ({
  label: 'mail paid by card',
  change: countPaid(account, { mails: 1 }, now, LETTERS),
  worth: 0,
  remember: NOTHING_TO_REMEMBER,
});

/** The walk's own idea of a return: what the period owes, and how much may wait unspent under the plan. */
function expectedReturn(
  { account, closed }: Pick<AccountChange, 'account' | 'closed'>,
  spentAt: Instant,
  stored: StoredPeriod | null,
  because: ReturnCause['because'],
): CreditReturn['returnedAs'] {
  const { credits, plan, periodStart } = account;
  if (spentAt >= periodStart && credits.usedThisPeriod > 0) {
    return 'unused';
  }
  const period = [...closed, ...(stored === null ? [] : [stored])].find(
    ({ periodStart: begin, periodEnd: end }) => begin <= spentAt && spentAt < end,
  );
  if (spentAt < periodStart && (period?.purchasedOutstanding ?? 0) > 0) {
    return 'purchased';
  }
  const waiting = available(credits) - left(credits).purchased + credits.withheld;
  return because === 'cancelled' && waiting >= MOST_WAITING[plan as keyof typeof MOST_WAITING]
    ? 'expired'
    : 'carried';
}

const giveBack: StepOf = (random, world, now) => {
  const recent = random.happens(0.6) ? world.mails.slice(-6) : world.mails;
  const spentAt = random.pickAny(recent);
  if (spentAt === null) {
    return null;
  }
  const rolled = rollForward(world.account, now, LETTERS);
  const stored = world.stored.findLast((period) => period.periodStart <= spentAt) ?? null;
  const because = random.pick(['failed', 'cancelled'] as const);
  const one = { count: 1, spentAt, because, source: 'delivery' };
  const change = returnToAccount(world.account, one, stored, now, LETTERS);
  const expected = expectedReturn(rolled, spentAt, stored, because);
  const wasFolded = expected === 'purchased' && change.repaid === null;
  const freesPurchased =
    expected === 'purchased' || (expected !== 'expired' && spent(rolled.account.credits).purchased > 0);
  return {
    label: `returned as ${expected}${wasFolded ? ' into a period just closed' : ''}`,
    change,
    worth: freesPurchased ? 1 : 0,
    returned: { before: rolled.account, because, as: change.returnedAs, expected },
    remember: (next) => {
      next.mails.splice(next.mails.lastIndexOf(spentAt), 1);
      if (stored !== null && stored.periodStart === change.repaid?.periodStart) {
        stored.purchasedOutstanding = change.repaid.purchasedOutstanding;
        next.repaid = stored;
      }
    },
  };
};

const purchase: StepOf = (random, { account, purchases }, now) => {
  const isKnown = purchases.length > 0 && random.happens(0.6);
  const index = isKnown ? random.integer(0, purchases.length - 1) : purchases.length;
  const [credits, amountCents] = random.pick<readonly [number, number]>([
    [5, 1_400],
    [10, 2_700],
    [25, 6_250],
    [5, 0],
  ]);
  const known = purchases[index] ?? {
    credits,
    amountCents,
    returnedCents: 0,
    creditsTaken: 0,
    isPaid: false,
    isGranted: false,
  };
  // Refunded and disputed together are sometimes more than all, and less again when a dispute is won.
  const returnedCents = random.pick([0, known.returnedCents, random.integer(0, 2 * known.amountCents)]);
  const told = { ...known, isPaid: known.isPaid || random.happens(0.7), returnedCents };
  const change = settlePurchase(account, told, now, 'purchase', LETTERS);
  const due = change.purchase.isGranted ? clawBackDue(told) : 0;
  const granted = change.purchase.isGranted && !told.isGranted ? told.credits : 0;
  return {
    label:
      granted > 0 ? 'purchase' : due > 0 ? 'claw-back up' : due < 0 ? 'claw-back down' : 'purchase unchanged',
    change,
    worth: granted - due,
    remember: (world) => {
      world.purchases[index] = change.purchase;
    },
  };
};

function taken(
  label: string,
  outcome: TakingOutcome,
  worth: number,
  remember: Step['remember'],
): Step | null {
  return outcome.outcome === 'refused' ? null : { label, change: outcome, worth, remember };
}

const gift: StepOf = (random, { account, gifts }, now) => {
  const count = random.integer(1, 6);
  const waiting = gifts.at(-1);
  switch (random.pick(['send', 'receive', 'recover', 'claim'] as const)) {
    case 'send':
      return taken('gift sent', sendGift(account, count, now, 'gift', LETTERS), -count, (world) =>
        world.gifts.push(count),
      );
    case 'receive':
      return {
        label: 'gift received',
        change: receiveGift(account, count, now, 'gift', LETTERS),
        worth: count,
        remember: NOTHING_TO_REMEMBER,
      };
    case 'recover':
      return waiting === undefined
        ? null
        : {
            label: 'gift recovered',
            change: recoverGift(account, waiting, now, 'gift', LETTERS),
            worth: waiting,
            remember: (world) => world.gifts.pop(),
          };
    case 'claim':
      return {
        label: 'gift claimed by another',
        change: rollForward(account, now, LETTERS),
        worth: 0,
        remember: (world) => {
          world.givenAway += world.gifts.pop() ?? 0;
        },
      };
  }
};

const adjust: StepOf = (random, { account }, now) => {
  const { credits } = rollForward(account, now, LETTERS).account;
  const amount = random.integer(-8, 4);
  const worth = amount >= 0 ? amount : -Math.min(-amount, left(credits).purchased);
  const label = amount >= 0 ? 'adjusted up' : 'adjusted down';
  return taken(label, adjustCredits(account, amount, now, 'adjustment', LETTERS), worth, (world) => {
    world.adjustedDown += Math.max(0, -amount);
  });
};

const follow: StepOf = (random, { account, told }, now) => {
  const facts = nextFacts(random, told, account, now);
  const { account: rolled } = rollForward(account, now, LETTERS);
  const change = followSubscription(account, facts, now, LETTERS);
  // A larger allowance in the same period pays for mails that purchased credits have paid for: those come back.
  const isSamePeriod = change.account.periodStart === rolled.periodStart;
  const grown = Math.max(0, change.account.credits.included - rolled.credits.included);
  return {
    label: `subscription: ${rolled.subscription.status} to ${change.account.subscription.status}`,
    change,
    worth: isSamePeriod ? Math.min(grown, spent(rolled.credits).purchased) : 0,
    remember: (world) => world.told.push(facts),
  };
};

const wait: StepOf = (_, { account }, now) => ({
  label: 'wait',
  change: rollForward(account, now, LETTERS),
  worth: 0,
  remember: NOTHING_TO_REMEMBER,
});

/** Draws a step and takes it. Null: it was refused, and nothing was written. */
export function takeStep(random: Random, world: World, now: Instant): Step | null {
  const step = random.pick<StepOf>([
    use,
    use,
    use,
    payByCard,
    giveBack,
    giveBack,
    purchase,
    gift,
    adjust,
    follow,
    follow,
    wait,
  ]);
  return step(random, world, now);
}

import { type Account, type AccountChange } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { type Credits, type CreditsChange } from './credits.ts';
import { type Instant } from './instants.ts';
import { rollForward } from './roll-forward.ts';

/** A command that takes credits: what it changed, or that the account holds too few of those that may be taken. */
export type TakingOutcome =
  | ({ outcome: 'changed' } & AccountChange)
  | { outcome: 'refused'; reason: 'below_balance'; takeable: number };

/**
 * Changes an account's credits in the period that is open now: it rolls the account forward first. The caller writes both
 * at once.
 */
export function changeCredits(
  account: Account,
  now: Instant,
  catalogue: Catalogue,
  change: (credits: Credits) => CreditsChange,
): AccountChange {
  const rolled = rollForward(account, now, catalogue);
  const { credits, movements } = change(rolled.account.credits);
  return {
    account: { ...rolled.account, credits },
    closed: rolled.closed,
    movements: [...rolled.movements, ...movements],
  };
}

/** As `changeCredits`, where `count` credits are taken of those that `takeable` finds. */
export function takeCredits(
  account: Account,
  count: number,
  now: Instant,
  catalogue: Catalogue,
  takeable: (credits: Credits) => number,
  take: (credits: Credits) => CreditsChange,
): TakingOutcome {
  const rolled = rollForward(account, now, catalogue);
  const held = takeable(rolled.account.credits);
  return count > held
    ? { outcome: 'refused', reason: 'below_balance', takeable: held }
    : { outcome: 'changed', ...changeCredits(account, now, catalogue, take) };
}

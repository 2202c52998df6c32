import { type Account } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { type TakingOutcome, changeCredits, takeCredits } from './credit-commands.ts';
import { adjustDown, available, grantPurchased } from './credits.ts';
import { type Instant } from './instants.ts';

/**
 * An administrator's correction of a balance by a signed amount. Up is purchased; down takes purchased, then included,
 * then carried credits from the youngest lot on, and never more than are available (G1).
 */
export function adjustCredits(
  account: Account,
  amount: number,
  now: Instant,
  source: string,
  catalogue: Catalogue,
): TakingOutcome {
  if (amount >= 0) {
    const grant = changeCredits(account, now, catalogue, (credits) =>
      grantPurchased(credits, amount, 'adjustment_up', source),
    );
    return { outcome: 'changed', ...grant };
  }
  return takeCredits(account, -amount, now, catalogue, available, (credits) =>
    adjustDown(credits, -amount, source),
  );
}

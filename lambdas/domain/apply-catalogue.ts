import { type Account, type AccountChange, isLive, planOfAccount } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { changeAllowance, type Credits, type CreditsChange, inTurn, payOwed } from './credits.ts';
import { type Instant, toIso } from './instants.ts';
import { isBoundary } from './periods.ts';
import { rollForward } from './roll-forward.ts';
import { servedBefore } from './served-intervals.ts';
import { termsOfOpenPeriod } from './terms.ts';
import { withholdUnlessPaid } from './withheld.ts';

/**
 * Carries a catalogue out on an account at once, as a change of plan under the same anchor: the open period keeps its
 * counters, and its allowance becomes the new one, or what is used of the old one if that is more.
 *
 * @returns null where it is done already, or where the catalogue lacks the plan
 */
export function applyCatalogue(account: Account, catalogue: Catalogue, now: Instant): AccountChange | null {
  const rolled = rollForward(account, now, catalogue);
  const plan = planOfAccount(rolled.account, catalogue);
  if (plan === null || account.catalogueSince >= catalogue.since) {
    return null;
  }
  const terms = termsOfOpenPeriod(rolled.account, plan, catalogue);
  const source = `catalogue:${toIso(catalogue.since)}`;
  const { credits, movements } = inTurn(
    rolled.account.credits,
    (current) => allow(current, rolled.account, terms.creditsPerPeriod, source),
    withholdUnlessPaid(rolled.account.subscription, source),
    (current) => payOwed(current, source),
  );
  return {
    account: { ...rolled.account, ...terms, plan: plan.id, credits },
    closed: rolled.closed,
    movements,
  };
}

/**
 * The allowance under the new terms, less what the subscription’s interval has used before an ending. It stays where the plan has as much
 * as before, so that what was taken back by hand does not return, and where a free period began with an ending: that one
 * has none.
 */
function allow(credits: Credits, account: Account, creditsPerPeriod: number, source: string): CreditsChange {
  const { subscription, anchor, periodStart } = account;
  const hasAllowance = isLive(subscription) || isBoundary(anchor, periodStart);
  if (creditsPerPeriod === account.creditsPerPeriod || !hasAllowance) {
    return { credits, movements: [] };
  }
  // A free period owes nothing to the interval of the plan that has ended.
  const usedBefore = servedBefore(account)?.includedUsed ?? 0;
  return changeAllowance(credits, Math.max(0, creditsPerPeriod - usedBefore), source);
}

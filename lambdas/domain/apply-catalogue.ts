import { type Account, type AccountChange, planOfAccount } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { changeAllowance, inTurn, payOwed } from './credits.ts';
import { type Instant, toIso } from './instants.ts';
import { rollForward } from './roll-forward.ts';
import { termsOfOpenPeriod } from './terms.ts';

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
  const { credits: before, servedInterval } = rolled.account;
  const allowance = Math.max(0, plan.creditsPerPeriod - (servedInterval?.includedUsed ?? 0));
  const source = `catalogue:${toIso(catalogue.since)}`;
  const { credits, movements } = inTurn(
    before,
    (current) => changeAllowance(current, allowance, source),
    (current) => payOwed(current, source),
  );
  return {
    account: { ...rolled.account, ...terms, plan: plan.id, credits },
    closed: rolled.closed,
    movements,
  };
}

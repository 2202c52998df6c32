import { type Account } from './account.ts';
import { available } from './credits.ts';
import { PLANS } from './plans.ts';
import { type Meter } from './refusals.ts';

/** Credits that the period had to spend: those spent and those left. */
export function creditsOfPeriod(account: Account): number {
  return account.credits.usedThisPeriod + available(account.credits);
}

/** What the open period has used of each meter that has a limit. For mails, that is the credits it had to spend. */
export function limitedMeters(account: Account): { meter: Meter; used: number; limit: number }[] {
  const { lettersPerPeriod, emailsPerPeriod } = PLANS[account.plan];
  const { usedThisPeriod } = account.credits;
  return [
    ...(lettersPerPeriod === 'unlimited'
      ? []
      : [{ meter: 'letters' as const, used: account.letters.used, limit: lettersPerPeriod }]),
    ...(emailsPerPeriod === 'unlimited'
      ? []
      : [{ meter: 'emails' as const, used: account.emails.used, limit: emailsPerPeriod }]),
    { meter: 'mails' as const, used: usedThisPeriod, limit: creditsOfPeriod(account) },
  ];
}

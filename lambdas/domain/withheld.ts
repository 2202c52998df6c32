/**
 * Credits of a period that nobody has paid for yet.
 *
 * While a subscription is past due, every computed write leaves no included credit unspent: it lowers `included` to what
 * is spent of it, and the difference waits as `withheld`. A use needs no such step, since it only takes more. Once the
 * payment is made good all of it comes back. Which kind each use has taken is arithmetic, so that uses that purchased
 * credits have helped out with fall on the included ones again.
 */
import { type Subscription } from './account.ts';
import { book, type Credits, type CreditsChange, left } from './credits.ts';

/** Withholds what is unspent of the included credits while the subscription is past due; else gives back what was withheld. */
export function withholdUnlessPaid(
  { status }: Subscription,
  source: string,
): (credits: Credits) => CreditsChange {
  return (credits) => (status === 'past_due' ? withhold(credits, source) : makeGood(credits, source));
}

function withhold(credits: Credits, source: string): CreditsChange {
  const unspent = left(credits).included;
  const pots = {
    ...credits,
    included: credits.included - unspent,
    withheld: credits.withheld + unspent,
  };
  return book(pots, credits, 'withheld', -unspent, source);
}

function makeGood(credits: Credits, source: string): CreditsChange {
  const { included, withheld } = credits;
  return book(
    { ...credits, included: included + withheld, withheld: 0 },
    credits,
    'made_good',
    withheld,
    source,
  );
}

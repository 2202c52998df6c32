import { BILLING_INTERVALS, plansOnSale } from '../lambdas/domain/catalogue.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';

const SOLD_PLANS = plansOnSale(CATALOGUE);

/** What the context says of Stripe. */
export interface StripeSettings {
  /** Which price is which plan: `{"price_1Abc": {"plan": "pro", "interval": "month"}}`. None: nothing can be bought. */
  pricesJson: string;
  /** How many days a user's first subscription is on trial. */
  trialDays: string;
  /** Where users are sent back to from Stripe's pages; null: to the page of the documentation. */
  appUrl: string | null;
  /** Another server than Stripe's, for a stack that is only tried out; empty for Stripe's own. */
  apiUrl: string;
}

/** @throws Error on a context that makes no sense */
export function parseStripeSettings(context: (key: string) => unknown): StripeSettings {
  return {
    pricesJson: parsePrices(context('stripePrices')),
    trialDays: parseTrialDays(context('trialDays')),
    appUrl: parseUrl('appUrl', context('appUrl')),
    apiUrl: parseUrl('stripeApiUrl', context('stripeApiUrl')) ?? '',
  };
}

const PRICES_HINT =
  `-c stripePrices='{"price_1Abc": {"plan": "pro", "interval": "month"}}', with the plans ${SOLD_PLANS.join(' and ')} ` +
  `and the intervals ${BILLING_INTERVALS.join(' and ')}`;

/** As text on the command line, as an object in cdk.json. */
function parsePrices(given: unknown): string {
  const prices = typeof given === 'string' ? parseJson(given) : (given ?? {});
  const areKnown =
    typeof prices === 'object' &&
    prices !== null &&
    Object.entries(prices).every(([id, offer]) => /^price_\w+$/.test(id) && isOffer(offer));
  if (!areKnown) {
    throw new Error(`The prices at Stripe are given as ${PRICES_HINT}.`);
  }
  return JSON.stringify(prices);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isOffer(value: unknown): boolean {
  const { plan, interval, ...others } = Object(value) as Record<string, unknown>;
  return (
    SOLD_PLANS.some((each) => each === plan) &&
    BILLING_INTERVALS.some((each) => each === interval) &&
    Object.keys(others).length === 0
  );
}

/** As Stripe has it: up to two years. */
const MAX_TRIAL_DAYS = 730;

function parseTrialDays(given: unknown): string {
  const days = Number(given ?? 0);
  if (!Number.isInteger(days) || days < 0 || days > MAX_TRIAL_DAYS) {
    throw new Error(`A trial has 0 to ${MAX_TRIAL_DAYS} days: -c trialDays=14`);
  }
  return String(days);
}

function parseUrl(name: string, given: unknown): string | null {
  if (given === undefined) {
    return null;
  }
  if (typeof given !== 'string' || !/^https?:\/\//.test(given) || !URL.canParse(given)) {
    throw new Error(`An address is a whole one: -c ${name}=https://app.example.com/billing`);
  }
  return given;
}

import {
  BILLING_INTERVALS,
  type CatalogueFile,
  catalogueOf,
  plansOnSale,
} from '../lambdas/domain/catalogue.ts';

/** What the context says of Stripe. */
export interface StripeSettings {
  /** Which price is which plan: `{"price_1Abc": {"plan": "pro", "interval": "month"}}`. None: nothing can be bought. */
  pricesJson: string;
  /** Another server than Stripe's, for a stack that is only tried out; empty for Stripe's own. */
  apiUrl: string;
}

/** @throws Error on a context that makes no sense */
export function parseStripeSettings(
  context: (key: string) => unknown,
  catalogue: CatalogueFile,
): StripeSettings {
  return {
    pricesJson: parsePrices(context('stripePrices'), plansOnSale(catalogueOf(catalogue, 0))),
    apiUrl: parseUrl('stripeApiUrl', context('stripeApiUrl')),
  };
}

/** As text on the command line, as an object in cdk.json. */
function parsePrices(given: unknown, plans: readonly string[]): string {
  const prices = typeof given === 'string' ? parseJson(given) : (given ?? {});
  const areKnown =
    typeof prices === 'object' &&
    prices !== null &&
    Object.entries(prices).every(([id, offer]) => /^price_\w+$/.test(id) && isOffer(offer, plans));
  if (!areKnown) {
    throw new Error(
      `The prices at Stripe are given as -c stripePrices='{"price_1Abc": {"plan": "pro", "interval": "month"}}', ` +
        `with the plans ${plans.join(' and ')} and the intervals ${BILLING_INTERVALS.join(' and ')}.`,
    );
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

function isOffer(value: unknown, plans: readonly string[]): boolean {
  const { plan, interval, ...others } = Object(value) as Record<string, unknown>;
  return (
    plans.some((each) => each === plan) &&
    BILLING_INTERVALS.some((each) => each === interval) &&
    Object.keys(others).length === 0
  );
}

function parseUrl(name: string, given: unknown): string {
  if (given === undefined) {
    return '';
  }
  if (typeof given !== 'string' || !/^https?:\/\//.test(given) || !URL.canParse(given)) {
    throw new Error(`An address is a whole one: -c ${name}=https://app.example.com/billing`);
  }
  return given;
}

import { openStripe as openStandIn, type StripeOptions, type TestStripe } from 'stripe-stand-in';
import { standInProducts } from '../../local/stripe-products.ts';
import { CATALOGUE } from '../../lambdas/wiring/catalogue.ts';

export type { TestStripe };

/** The stand-in for Stripe with a price for each plan, and a clock that stands still. */
export function openStripe(startIso: string, options: Partial<StripeOptions> = {}): Promise<TestStripe> {
  return openStandIn(startIso, { products: standInProducts(CATALOGUE), ...options });
}

/** The id behind a reference, expanded or not. */
export function idOf(reference: string | { id: string } | null | undefined): string {
  const id = typeof reference === 'object' ? reference?.id : reference;
  if (id === undefined) {
    throw new Error('There is no reference.');
  }
  return id;
}

import { type Stripe } from 'stripe';

/** One request of `setup` to Stripe, which mends one difference. */
export type Step =
  | { does: 'create product'; params: Stripe.ProductCreateParams }
  | { does: 'update product'; id: string; params: Stripe.ProductUpdateParams }
  /** `archives`: the price that had its lookup key. */
  | { does: 'create price'; params: Stripe.PriceCreateParams; archives: string | null }
  | { does: 'update price'; id: string; params: Stripe.PriceUpdateParams }
  /** Its signing secret has to be kept before the one that it replaces goes. */
  | { does: 'create endpoint'; params: Stripe.WebhookEndpointCreateParams; replaces: string | null }
  | { does: 'update endpoint'; id: string; params: Stripe.WebhookEndpointUpdateParams }
  | { does: 'create portal'; params: Stripe.BillingPortal.ConfigurationCreateParams }
  | { does: 'update portal'; id: string; params: Stripe.BillingPortal.ConfigurationUpdateParams }
  | { does: 'keep account'; account: string };

/** What is not at Stripe as it has to be. */
export interface Difference {
  /** What is wrong, in a sentence. */
  says: string;
  /** What to do about it, in a sentence. */
  mend: string;
  /** What `setup` does about it; null: its owner has to. */
  step: Step | null;
}

/** A difference that the command mends. @param how what it does, as `It makes it.` */
export function bySetup(
  says: string,
  how: string,
  step: Step,
  word: 'setup' | 'adopt' = 'setup',
): Difference {
  return { says, mend: `npm run stripe -- ${word}: ${how}`, step };
}

export function byOwner(says: string, mend: string): Difference {
  return { says, mend, step: null };
}

import { type MethodType } from './cards.ts';

/** The Dashboard's settings of payments, and what is played where Stripe's sources do not agree or say nothing. */
export interface Plays {
  // Source: https://docs.stripe.com/payments/payment-methods/dynamic-payment-methods
  /** The payment methods that are turned on, for whatever names no list of its own. */
  dashboardMethods: readonly MethodType[];
  /** Whether an intent that does not take a method's type names `payment_method` as `param`. */
  namesRefusedMethod: boolean;
  // Source: https://docs.stripe.com/tax/checkout
  /** What is charged on top where `automatic_tax` is on, or is in the price where that includes it. */
  taxPercent: number;
  /** What a single payment says that a code made free. */
  freeOrder: 'no_payment_required' | 'paid';
  /** Whether the account names its terms, without which Checkout can't ask for consent. */
  hasTermsUrl: boolean;
}

export const PLAYS: Plays = {
  dashboardMethods: ['card', 'link', 'us_bank_account'],
  // Guess: an intent that does not take a method's type names `payment_method` as `param`, and no `code`.
  namesRefusedMethod: true,
  taxPercent: 10,
  // Guess: a single payment that a code made free says `no_payment_required`.
  freeOrder: 'no_payment_required',
  hasTermsUrl: true,
};

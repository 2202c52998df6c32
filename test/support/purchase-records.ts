import { type Purchase } from '../../lambdas/domain/purchases.ts';
import { at } from './accounts.ts';

/** A bundle of ten that has been begun. */
export function givenPurchase(about: Partial<Purchase> = {}): Purchase {
  return {
    id: 'p1',
    version: 2,
    status: 'open',
    credits: 10,
    amountCents: 2_700,
    currency: 'usd',
    customerId: 'cus_1',
    checkoutUrl: 'https://checkout.stripe.com/c/pay/cs_test_1',
    paymentIntentId: null,
    createdAt: at('2026-02-10'),
    settledAt: null,
    returnedCents: 0,
    creditsTaken: 0,
    ...about,
  };
}

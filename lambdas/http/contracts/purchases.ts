import * as z from 'zod/mini';
import { BUNDLE_SIZES } from '../../domain/plans.ts';
import { PURCHASE_STATUSES } from '../../domain/purchases.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { named } from '../schemas.ts';

const NewPurchase = named('NewPurchase', z.strictObject({ bundle: z.literal(BUNDLE_SIZES) }), {
  description: 'How many credits. 5 cost $14.00, 10 cost $27.00, 25 cost $62.50.',
  example: { bundle: 10 },
});

const Purchase = named(
  'Purchase',
  z.strictObject({
    id: z.string(),
    status: z.enum(PURCHASE_STATUSES),
    checkoutUrl: z.nullable(z.url()),
  }),
  {
    description:
      'The page at Stripe to send the user to, while the purchase can be paid on it: for a day, and until it has been paid; afterwards null. A repeated request is answered with the `status` that the purchase has come to: `processing` is a bank debit on its way, after `failed` and `expired` a new try takes a new `Idempotency-Key`.',
    example: {
      id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
      status: 'open',
      checkoutUrl: 'https://checkout.stripe.com/c/pay/cs_live_a1b2c3',
    },
  },
);

export const createPurchase = contract('POST /credits/purchases', {
  ...NO_INPUT,
  summary: 'Buy mail credits',
  description:
    'Begins a Checkout at Stripe. The credits are there as soon as Stripe has told that they are paid, seconds later; with a bank debit, days later. They last until they are used. Credits of a purchase that is refunded or disputed are taken back.',
  body: NewPurchase,
  idempotencyKey: 'optional',
  answers: { 201: { description: 'The purchase, to be paid', schema: Purchase } },
  problems: ['plan_required', 'not_configured'],
});

export const PURCHASE_CONTRACTS = [createPurchase];

import * as z from 'zod/mini';
import { BILLING_INTERVALS, plansOnSale } from '../../domain/catalogue.ts';
import { CATALOGUE } from '../../wiring/catalogue.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { named } from '../schemas.ts';

const CheckoutOrder = named(
  'CheckoutOrder',
  z.strictObject({ plan: z.enum(plansOnSale(CATALOGUE)), interval: z.enum(BILLING_INTERVALS) }),
  { example: { plan: 'pro', interval: 'month' } },
);

const StripePage = named('StripePage', z.object({ url: z.url() }), {
  description: 'A page at Stripe to send the user to. It works for a limited time.',
  example: { url: 'https://checkout.stripe.com/c/pay/cs_live_a1b2c3' },
});

const page = { 200: { description: 'The page', schema: StripePage } } as const;

export const createCheckoutSession = contract('POST /billing/checkout-sessions', {
  ...NO_INPUT,
  operationId: 'createCheckoutSession',
  summary: 'Subscribe',
  description:
    'Begins a Checkout at Stripe. The plan holds once Stripe reports the subscription, seconds after the payment. Users who have a subscription change their plan in the Portal.',
  body: CheckoutOrder,
  idempotencyKey: 'optional',
  answers: page,
  problems: ['already_subscribed', 'not_configured'],
});

export const createPortalSession = contract('POST /billing/portal-sessions', {
  ...NO_INPUT,
  operationId: 'createPortalSession',
  summary: 'Manage the subscription',
  description:
    'Opens the Portal at Stripe: another plan, another card, invoices, cancelling. An upgrade holds at once. A downgrade and a cancellation hold from the end of the paid period. `not_found`: the user has never begun a Checkout.',
  answers: page,
  problems: ['not_found', 'not_configured'],
});

export const BILLING_CONTRACTS = [createCheckoutSession, createPortalSession];

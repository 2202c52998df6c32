import * as z from 'zod/mini';
import { CATALOGUE } from '../../wiring/catalogue.ts';
import { PURCHASE_STATUSES } from '../../domain/purchases.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Instant, named, page, PageQuery, Price, shownAs } from '../schemas.ts';

/** A catalogue without bundles sells none: no number is one of them. */
const BUNDLE_SIZES = CATALOGUE.credit?.bundles.map(({ credits }) => credits) ?? [];

/** Any number: a request that comes again is answered also when its bundle is not sold any more. */
const BundleSize = z.int();
shownAs.add(BundleSize, { type: 'integer', format: 'int32', enum: BUNDLE_SIZES });

const NewPurchase = named('NewPurchase', z.strictObject({ bundle: BundleSize }), {
  description: 'How many credits. `GET /catalogue` tells what they cost.',
  example: { bundle: BUNDLE_SIZES[0] ?? 10 },
});

const Purchase = named(
  'Purchase',
  z.object({
    id: z.string(),
    status: z.enum(PURCHASE_STATUSES),
    checkoutUrl: z.nullable(z.url()),
  }),
  {
    description:
      '`checkoutUrl` is the page at Stripe to send the user to. It is null once the purchase is paid, and after a day. The answer to a repeated request has the present `status` of the purchase. `processing`: a bank debit is on its way. After `failed` and `expired`, a new try takes a new `Idempotency-Key`.',
    example: {
      id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
      status: 'open',
      checkoutUrl: 'https://checkout.stripe.com/c/pay/cs_live_a1b2c3',
    },
  },
);

const examplePurchase = {
  id: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  status: 'paid',
  credits: 10,
  price: { amountCents: 2_700, currency: 'usd' },
  returnedCents: 0,
  creditsTaken: 0,
  checkoutUrl: null,
  createdAt: '2026-11-24T09:00:00.000Z',
};

const ListedPurchase = named(
  'ListedPurchase',
  z.object({
    id: z.string(),
    status: z.enum(PURCHASE_STATUSES),
    credits: Count,
    price: Price,
    returnedCents: Count,
    creditsTaken: Count,
    checkoutUrl: z.nullable(z.url()),
    createdAt: Instant,
  }),
  {
    description:
      '`returnedCents` and `creditsTaken`: what was refunded or disputed of a paid purchase, and the credits that Postage took back for it. `checkoutUrl` as in the answer to `createPurchase`.',
    example: examplePurchase,
  },
);

const PurchasePage = named('PurchasePage', page(ListedPurchase), {
  example: { items: [examplePurchase], nextCursor: null },
});

export const createPurchase = contract('POST /credits/purchases', {
  ...NO_INPUT,
  operationId: 'createPurchase',
  summary: 'Buy credits',
  description:
    'Begins a Checkout at Stripe. The credits arrive when Stripe reports the payment: seconds later, or days later with a bank debit. They last until they are used. Postage takes the credits of a refunded or disputed purchase back.',
  body: NewPurchase,
  idempotencyKey: 'optional',
  answers: { 201: { description: 'The purchase to pay', schema: Purchase } },
  problems: ['plan_required', 'not_configured'],
});

export const listPurchases = contract('GET /credits/purchases', {
  ...NO_INPUT,
  operationId: 'listPurchases',
  summary: 'List purchases of credits',
  description: 'Newest first, those that were never paid among them.',
  query: PageQuery,
  answers: { 200: { description: 'A page of purchases', schema: PurchasePage } },
  problems: [],
});

export const PURCHASE_CONTRACTS = [listPurchases, createPurchase];

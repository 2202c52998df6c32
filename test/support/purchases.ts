/** What the tests of purchases buy, and how it is paid at the stand-in for Stripe. */
import { beforeEach, expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Stripe } from 'stripe';
import { openPurchase } from '../../lambdas/commands/open-purchase.ts';
import { readPurchase } from '../../lambdas/adapters/dynamodb/purchase-item.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { checkOutBundle } from '../../lambdas/adapters/stripe/checkout.ts';
import { type StripeConnection } from '../../lambdas/adapters/stripe/connection.ts';
import { type Account } from '../../lambdas/domain/account.ts';
import { bundlePrice, LETTERS } from './catalogues.ts';
import { type Purchase } from '../../lambdas/domain/purchases.ts';
import { active } from './accounts.ts';
import { eventAbout, type PaymentsSuite, type StandInOptions, usePayments } from './payments.ts';
import { idOf } from './stripe.ts';
import { plentyOfTime } from './table.ts';
import { givenPlan } from './users.ts';

export interface Buyer {
  userId: string;
  customerId: string;
}

/** Where it is bought: a table and a Stripe. */
export interface Shop {
  store: Store;
  stripe: StripeConnection;
  now: number;
}

/** Begins a purchase as the route does. @returns its id and that of its Checkout session */
export async function beginPurchase(
  { store, stripe, now }: Shop,
  { userId, customerId }: Buyer,
  bundle = 10,
  id = randomUUID().replaceAll('-', ''),
): Promise<{ id: string; sessionId: string }> {
  const deadline = plentyOfTime();
  const price = bundlePrice(bundle);
  const { checkout } = LETTERS;
  const context = { userId, id, fingerprint: 'a bundle', now, deadline };
  await openPurchase(store, context, { credits: bundle, ...price, customerId });
  const order = {
    userId,
    customerId,
    purchaseId: id,
    priceId: `price_bundle_${String(bundle)}`,
    checkout,
    appUrl: 'https://app.test/',
  };
  const url = await checkOutBundle(stripe, order, deadline);
  return { id, sessionId: sessionIn(url) };
}

/** The Checkout session whose page this is. */
export function sessionIn(url: string): string {
  return /cs_test_\w+/.exec(url)?.[0] ?? url;
}

async function subscribeToPro(store: Store, userId: string, now: number): Promise<Account> {
  return givenPlan(store, userId, active({}), now);
}

async function purchaseOf(store: Store, userId: string, id: string): Promise<Purchase> {
  const purchase = await readPurchase(store, userId, id, plentyOfTime());
  if (purchase === null) {
    throw new Error(`There is no purchase ${id}.`);
  }
  return purchase;
}

export interface Bought {
  id: string;
  sessionId: string;
  /** What happened at Stripe when it was paid. */
  events: Stripe.Event[];
  intent: string;
}

export interface PurchasesSuite extends PaymentsSuite {
  /** A subscriber to Pro, a new one for each test. */
  buyer: () => Buyer;
  begin: (bundle?: number, id?: string) => Promise<{ id: string; sessionId: string }>;
  /** A bundle that has been paid at Stripe, of which the worker has not heard yet. */
  buy: (bundle?: number, paymentMethod?: string) => Promise<Bought>;
  boughtAndGranted: (bundle?: number) => Promise<Bought>;
  purchase: (bought: { id: string }) => Promise<Purchase>;
  /** The purchased credits, what is owed, and what has been taken back. */
  booked: () => Promise<[purchased: number, owed: number, takenBack: number]>;
  about: (type: string, object: object) => Stripe.Event;
}

/** What `usePayments` gives, and somebody who buys. */
export function usePurchases(startIso: string, options: StandInOptions = {}): PurchasesSuite {
  const suite = usePayments(startIso, options);
  let buyer: Buyer = { userId: '', customerId: '' };
  const now = (): number => suite.at().clock.now();
  beforeEach(async () => {
    buyer = await suite.givenCustomer();
    await subscribeToPro(suite.store(), buyer.userId, now());
    suite.newEvents();
  });
  const begin: PurchasesSuite['begin'] = (bundle, id) =>
    beginPurchase({ store: suite.store(), stripe: suite.services().stripe, now: now() }, buyer, bundle, id);
  const buy: PurchasesSuite['buy'] = async (bundle = 10, paymentMethod = 'pm_card_visa') => {
    const begun = await begin(bundle);
    const session = suite.at().standIn.control.payCheckout(begun.sessionId, { paymentMethod });
    return { ...begun, events: suite.newEvents(), intent: idOf(session.payment_intent) };
  };
  return {
    ...suite,
    buyer: () => buyer,
    begin,
    buy,
    boughtAndGranted: async (bundle) => {
      const bought = await buy(bundle);
      expect(await suite.follow(bought.events)).toEqual([]);
      return bought;
    },
    purchase: ({ id }) => purchaseOf(suite.store(), buyer.userId, id),
    booked: async () => {
      const { purchased, owed, takenBack } = (await suite.account(buyer.userId)).credits;
      return [purchased, owed, takenBack];
    },
    about: (type, object) => eventAbout(type, object, now()),
  };
}

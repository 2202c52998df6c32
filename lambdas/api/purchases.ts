import { withCustomer } from '../commands/with-customer.ts';
import { readAccount } from '../commands/read-account.ts';
import { findPurchase, type OpenedPurchase, openPurchase } from '../commands/open-purchase.ts';
import { notePurchase } from '../commands/note-purchase.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { checkOutBundle } from '../adapters/stripe/checkout.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { type Account } from '../domain/account.ts';
import { BUNDLES, nextPlan, PLANS } from '../domain/plans.ts';
import { type Purchase } from '../domain/purchases.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/purchases.ts';
import { httpHandler } from '../http/handler.ts';
import { operation, type RequestOf } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { subscribeFirst } from '../http/problems.ts';

const store = createStore(requiredVariable('table'));
const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const appUrl = requiredVariable('appUrl');

type PurchaseRequest = RequestOf<typeof contracts.createPurchase>;

const purchase = operation(contracts.createPurchase, async (request) => {
  const { userId, now, deadline, idempotencyKey } = request;
  // Nothing is written where nothing can be paid.
  await stripe.keys();
  const before = idempotencyKey === null ? null : await findPurchase(store, request);
  const { account } = await readAccount(store, userId, now, deadline);
  if (before === null && !PLANS[account.plan].canSchedule) {
    return subscribeFirst(nextPlan(account.plan));
  }
  const outcome = before === null || isUnfinished(before) ? await beginCheckout(request, account) : before;
  return answerWrite(outcome, now, 201, ({ id, status, checkoutUrl }) => ({
    // A page on which nothing can be paid any more leads nowhere.
    body: { id, status, checkoutUrl: status === 'open' ? checkoutUrl : null },
  }));
});

/** A request that broke off between its record and its page. */
function isUnfinished(opened: OpenedPurchase): boolean {
  return opened.outcome !== 'idempotency_conflict' && needsPage(opened.record);
}

function needsPage({ status, checkoutUrl }: Purchase): boolean {
  return status === 'open' && checkoutUrl === null;
}

/** The record comes first, so that whatever is paid is known; then its page, which Stripe makes once. */
async function beginCheckout(request: PurchaseRequest, account: Account): Promise<OpenedPurchase> {
  const { userId, id, now, deadline, body } = request;
  const price = BUNDLES[body.bundle];
  return withCustomer({ store, stripe }, account, now, deadline, async (customerId) => {
    const order = { credits: body.bundle, ...price, customerId };
    const opened = await openPurchase(store, request, order);
    if (opened.outcome === 'idempotency_conflict' || !needsPage(opened.record)) {
      return opened;
    }
    if (opened.record.customerId !== customerId) {
      await notePurchase(store, userId, id, { customerId }, deadline);
    }
    const checkoutUrl = await checkOutBundle(
      stripe,
      { userId, customerId, purchaseId: id, credits: body.bundle, price, appUrl },
      deadline,
    );
    return { ...opened, record: await notePurchase(store, userId, id, { checkoutUrl }, deadline) };
  });
}

export const handler = httpHandler([purchase]);

import { buyBundle } from '../commands/buy-bundle.ts';
import { listRecords } from '../adapters/dynamodb/lists.ts';
import { PURCHASES } from '../adapters/dynamodb/purchase-item.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { toIso } from '../domain/instants.ts';
import { type Purchase } from '../domain/purchases.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/purchases.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { answerPage } from '../http/paging.ts';
import { invalid, subscribeFirst } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const services = {
  store: createStore(requiredVariable('table'), catalogueInForce()),
  stripe: connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl')),
  appUrl: requiredVariable('appUrl'),
};

const purchase = operation(contracts.createPurchase, async (request) => {
  const { bundle } = request.body;
  const outcome = await buyBundle(services, request, bundle);
  if (outcome.outcome === 'not_sold') {
    return invalid([{ path: 'bundle', message: `A bundle of ${String(bundle)} credits is not sold.` }]);
  }
  if (outcome.outcome === 'plan_required') {
    return subscribeFirst(outcome.upgradeTo);
  }
  return answerWrite(outcome, request.now, 201, (record) => ({
    body: { id: record.id, status: record.status, checkoutUrl: openPageOf(record) },
  }));
});

/** The page at Stripe; null once it leads nowhere, because nobody can pay on it any more. */
function openPageOf({ status, checkoutUrl }: Pick<Purchase, 'status' | 'checkoutUrl'>): string | null {
  return status === 'open' ? checkoutUrl : null;
}

const list = operation(contracts.listPurchases, (request) =>
  answerPage(
    contracts.listPurchases,
    request,
    (page) => listRecords(services.store, request.userId, PURCHASES, page, request.deadline),
    shown,
  ),
);

function shown(record: Purchase) {
  const { id, status, credits, amountCents, currency, returnedCents, creditsTaken, createdAt } = record;
  return {
    id,
    status,
    credits,
    price: { amountCents, currency },
    returnedCents,
    creditsTaken,
    checkoutUrl: openPageOf(record),
    createdAt: toIso(createdAt),
  };
}

export const handler = httpHandler([list, purchase]);

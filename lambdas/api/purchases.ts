import { buyBundle } from '../commands/buy-bundle.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { bundleOf, nextPlan } from '../domain/catalogue.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/purchases.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { subscribeFirst } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const services = {
  store: createStore(requiredVariable('table'), catalogueInForce()),
  stripe: connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl')),
  appUrl: requiredVariable('appUrl'),
};

const purchase = operation(contracts.createPurchase, async (request) => {
  const bundle = bundleOf(services.store.catalogue, request.body.bundle);
  const outcome = await buyBundle(services, request, bundle);
  if (outcome.outcome === 'plan_required') {
    return subscribeFirst(nextPlan(services.store.catalogue, outcome.plan));
  }
  return answerWrite(outcome, request.now, 201, ({ id, status, checkoutUrl }) => ({
    // The page leads nowhere when nobody can pay on it any more.
    body: { id, status, checkoutUrl: status === 'open' ? checkoutUrl : null },
  }));
});

export const handler = httpHandler([purchase]);

import { buyBundle } from '../commands/buy-bundle.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { nextPlan } from '../domain/plans.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/purchases.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { subscribeFirst } from '../http/problems.ts';

const services = {
  store: createStore(requiredVariable('table')),
  stripe: connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl')),
  appUrl: requiredVariable('appUrl'),
};

const purchase = operation(contracts.createPurchase, async (request) => {
  const outcome = await buyBundle(services, request, request.body.bundle);
  if (outcome.outcome === 'plan_required') {
    return subscribeFirst(nextPlan(outcome.plan));
  }
  return answerWrite(outcome, request.now, 201, ({ id, status, checkoutUrl }) => ({
    // The page leads nowhere when nobody can pay on it any more.
    body: { id, status, checkoutUrl: status === 'open' ? checkoutUrl : null },
  }));
});

export const handler = httpHandler([purchase]);

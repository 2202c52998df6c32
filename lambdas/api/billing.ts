import { beginSubscription } from '../commands/begin-subscription.ts';
import { readAccount } from '../commands/read-account.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { StripeMissingError } from '../adapters/stripe/errors.ts';
import { createPortal } from '../adapters/stripe/portal.ts';
import { planOf } from '../domain/catalogue.ts';
import { requiredVariable, optionalVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/billing.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { alreadySubscribed, invalid, noCustomer } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const appUrl = requiredVariable('appUrl');
const portal = createPortal(stripe, store.catalogue, requiredVariable('stage'));

const checkout = operation(contracts.createCheckoutSession, async (request) => {
  const { plan, interval } = request.body;
  if (planOf(store.catalogue, plan)?.prices[interval] === undefined) {
    const message = `The plan ${plan} is not sold by the ${interval}.`;
    return invalid([{ path: 'interval', message }]);
  }
  const services = { store, stripe, appUrl };
  const url = await beginSubscription(services, request, request.body);
  return url === null ? alreadySubscribed() : { status: 200, body: { url } };
});

const openPortal = operation(contracts.createPortalSession, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  if (account.customerId === null) {
    return noCustomer();
  }
  try {
    return { status: 200, body: { url: await portal.open(account.customerId, appUrl, deadline) } };
  } catch (error) {
    if (error instanceof StripeMissingError && error.param === 'customer') {
      return noCustomer();
    }
    throw error;
  }
});

export const handler = httpHandler([checkout, openPortal]);

import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { parsePriceList } from '../adapters/stripe/prices.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { processStripeEvents } from '../commands/process-stripe-events.ts';
import { type StripeServices } from '../commands/stripe-handler.ts';
import { EVENT_HANDLERS } from '../letters/commands/stripe-event-handlers.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const services: StripeServices = {
  store,
  stripe: connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl')),
  prices: parsePriceList(requiredVariable('stripePrices'), store.catalogue),
  stage: requiredVariable('stage'),
};

/** Follows Stripe's events. */
export function handler({ Records }: SQSEvent): Promise<SQSBatchResponse> {
  return processStripeEvents(services, EVENT_HANDLERS, Records);
}

import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { connectQueue, holdBack } from '../adapters/queue.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { CORE_HANDLERS } from '../commands/core-stripe-handlers.ts';
import { processStripeEvents } from '../commands/process-stripe-events.ts';
import { type EventHandlers, type StripeServices } from '../commands/stripe-handler.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const queue = connectQueue(requiredVariable('stripeEventsQueueUrl'));
const services: StripeServices = {
  store,
  stripe: connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl')),
  stage: requiredVariable('stage'),
  holdBack: (receiptHandle, seconds) => holdBack(queue, receiptHandle, seconds),
};

/** Follows Stripe's events. */
export function stripeEvents(handlers: EventHandlers) {
  return ({ Records }: SQSEvent): Promise<SQSBatchResponse> =>
    processStripeEvents(services, handlers, Records);
}

export const handler = stripeEvents(CORE_HANDLERS);

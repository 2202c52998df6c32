import { connectQueue, enqueueJson } from '../adapters/queue.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { verifyEvent } from '../adapters/stripe/events.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/webhooks.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { forbidden, malformed, wronglySigned } from '../http/problems.ts';

const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const events = connectQueue(requiredVariable('stripeEventsQueueUrl'));

/** Only queues the event as it came, so that Stripe has its answer before anything can go wrong. */
const receiveStripeEvent = operation(contracts.receiveStripeEvent, async ({ body, header, now }) => {
  const { outcome } = verifyEvent(body, header('stripe-signature'), await stripe.keys(), now);
  switch (outcome) {
    case 'unsigned':
      return wronglySigned('Stripe-Signature');
    case 'foreign':
      return forbidden('The event belongs to another account, or to the other mode.');
    case 'thin':
      return malformed('The event is thin. Set the endpoint to payloads of the style "snapshot".');
    case 'verified':
      await enqueueJson(events, body);
      return { status: 200 };
  }
});

export const handler = httpHandler([receiveStripeEvent]);

import { contract, NO_INPUT, RAW_BODY } from '../contract.ts';

export const receiveStripeEvent = contract('POST /webhooks/stripe', {
  ...NO_INPUT,
  operationId: 'receiveStripeEvent',
  summary: "Stripe's webhook",
  description:
    'Takes an event that Stripe has signed less than five minutes ago, and queues it. `forbidden`: the signed event belongs to a connected account, or to the live mode while the keys are for testing, or the other way round. `malformed`: among others, the endpoint sends thin payloads.',
  body: RAW_BODY,
  signedBy: {
    id: 'signature',
    header: 'Stripe-Signature',
    description: "The sender's signature of the body and the time.",
    example: { id: 'evt_1QabcdLkdIwHu7ixyz', object: 'event', type: 'invoice.paid', data: { object: {} } },
  },
  answers: { 200: { description: 'The event is queued' } },
  problems: ['not_configured'],
});

export const WEBHOOK_CONTRACTS = [receiveStripeEvent];

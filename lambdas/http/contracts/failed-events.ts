import * as z from 'zod/mini';
import { FAILURE_REASONS } from '../../domain/failure-reasons.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Count, Instant, named, page, PageQuery } from '../schemas.ts';

const exampleEvent = {
  id: 'evt_1QabcdLkdIwHu7ixyz',
  type: 'customer.subscription.updated',
  reason: 'tries_used_up',
  failedAt: '2026-11-24T09:00:00.000Z',
};

const FailedEvent = named(
  'FailedEvent',
  z.object({
    id: z.string(),
    type: z.string(),
    reason: z.enum(FAILURE_REASONS),
    failedAt: Instant,
  }),
  {
    description:
      'An event from Stripe that could not be processed. `tries_used_up`: the log of the worker says why. `purchase_mismatch`: a customer paid for a purchase with another sum or currency, or twice, or another customer paid. Postage keeps the whole event for 30 days.',
    example: exampleEvent,
  },
);

const FailedEventPage = named('FailedEventPage', page(FailedEvent), {
  example: { items: [exampleEvent], nextCursor: null },
});

export const listFailedEvents = contract('GET /admin/failed-events', {
  ...NO_INPUT,
  operationId: 'listFailedEvents',
  summary: 'Events that failed',
  description: 'Latest failure first.',
  query: PageQuery,
  answers: { 200: { description: 'A page of events', schema: FailedEventPage } },
  problems: [],
});

export const redriveFailedEvent = contract('POST /admin/failed-events/{id}/redrive', {
  ...NO_INPUT,
  operationId: 'redriveFailedEvent',
  summary: 'Process an event again',
  description:
    'Puts the event back into the queue. Remove the cause of its failure first: an event that fails again comes back to this list.',
  params: z.strictObject({ id: z.string().check(z.regex(/^[\w-]{1,128}$/, 'Expected an id.')) }),
  answers: {
    200: {
      description: 'It is in the queue',
      schema: named('RedrivenEvent', z.object({ id: z.string() }), { example: { id: exampleEvent.id } }),
    },
  },
  problems: ['not_found'],
});

export const redriveFailedEvents = contract('POST /admin/failed-events/redrive', {
  ...NO_INPUT,
  operationId: 'redriveFailedEvents',
  summary: 'Process all events again',
  description:
    'Puts every event that has failed before now back into the queue, as many as fit into one request. `hasMore`: send the request again.',
  answers: {
    200: {
      description: 'They are in the queue',
      schema: named('RedrivenEvents', z.object({ redriven: Count, hasMore: z.boolean() }), {
        example: { redriven: 3, hasMore: false },
      }),
    },
  },
  problems: [],
});

export const FAILED_EVENT_CONTRACTS = [listFailedEvents, redriveFailedEvent, redriveFailedEvents];

import * as z from 'zod/mini';
import { FAILURE_REASONS } from '../../domain/failure-reasons.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Instant, named, page, PageQuery } from '../schemas.ts';

const FailedEvent = named(
  'FailedEvent',
  z.strictObject({
    id: z.string(),
    type: z.string(),
    reason: z.enum(FAILURE_REASONS),
    failedAt: Instant,
  }),
  {
    description:
      "An event of Stripe's that could not be processed. `tries_used_up`: the log of the worker says why. `purchase_mismatch`: a purchase was paid with another sum, in another currency, by another customer, or twice. It is kept whole for 30 days.",
  },
);

export const listFailedEvents = contract('GET /admin/failed-events', {
  ...NO_INPUT,
  summary: 'Events that failed',
  description: 'Those that failed last first.',
  query: PageQuery,
  answers: { 200: { description: 'A page of events', schema: named('FailedEventPage', page(FailedEvent)) } },
  problems: [],
});

export const redriveFailedEvent = contract('POST /admin/failed-events/{id}/redrive', {
  ...NO_INPUT,
  summary: 'Process an event again',
  description:
    'Puts the event back into the queue, once the cause of its failure has been removed. An event that fails again is listed again.',
  params: z.strictObject({ id: z.string().check(z.regex(/^[\w-]{1,128}$/, 'Expected an id.')) }),
  answers: {
    200: {
      description: 'It is in the queue',
      schema: named('RedrivenEvent', z.strictObject({ id: z.string() })),
    },
  },
  problems: ['not_found'],
});

export const FAILED_EVENT_CONTRACTS = [listFailedEvents, redriveFailedEvent];

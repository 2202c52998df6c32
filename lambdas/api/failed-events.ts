import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { forgetFailedEvent, listFailedEvents, readFailedEvent } from '../adapters/dynamodb/failed-events.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectQueue, enqueueJson } from '../adapters/queue.ts';
import { toIso } from '../domain/instants.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/failed-events.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerPage } from '../http/paging.ts';
import { notFound } from '../http/problems.ts';

const store = createStore(requiredVariable('table'));
const events = connectQueue(requiredVariable('stripeEventsQueueUrl'));

const list = operation(contracts.listFailedEvents, (request) =>
  answerPage(
    contracts.listFailedEvents,
    request,
    (page) => listFailedEvents(store, page, request.deadline),
    ({ failedAt, ...event }) => ({ ...event, failedAt: toIso(failedAt) }),
  ),
);

/** Queues the event before it forgets it: Postage may process an event twice, but has to process it. */
const redrive = operation(contracts.redriveFailedEvent, async (request) => {
  const { params, requestId, actor, now, deadline } = request;
  const event = await readFailedEvent(store, params.id, deadline);
  if (event === null) {
    return notFound('failed event');
  }
  const { id, type, reason, body } = event;
  const about = { id: `EventRedriven:${requestId}`, at: now, type: 'EventRedriven' as const, actor };
  await appendAudit(store, { ...about, data: { event: id, type, reason } }, deadline);
  await enqueueJson(events, body);
  await forgetFailedEvent(store, event, deadline);
  return { status: 200, body: { id } };
});

export const handler = httpHandler([list, redrive]);

import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { forgetFailedEvent, listFailedEvents, readFailedEvent } from '../adapters/dynamodb/failed-events.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectQueue, enqueueJson } from '../adapters/queue.ts';
import { toIso } from '../domain/instants.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/failed-events.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { nextCursor, pageOptions } from '../http/paging.ts';
import { notFound } from '../http/problems.ts';

const store = createStore(requiredVariable('table'));
const events = connectQueue(requiredVariable('stripeEventsQueueUrl'));

const list = operation(contracts.listFailedEvents, async (request) => {
  const page = pageOptions(contracts.listFailedEvents, request);
  const { items, next } = await listFailedEvents(store, page, request.deadline);
  return {
    status: 200,
    body: {
      items: items.map(({ failedAt, ...event }) => ({ ...event, failedAt: toIso(failedAt) })),
      nextCursor: nextCursor(contracts.listFailedEvents, request.userId, next),
    },
  };
});

/** Queued before it is forgotten: an event may be processed twice without harm, but not never. */
const redrive = operation(contracts.redriveFailedEvent, async (request) => {
  const { params, requestId, actor, now, deadline } = request;
  const event = await readFailedEvent(store, params.id, deadline);
  if (event === null) {
    return notFound('failed event');
  }
  const { id, type, reason, body } = event;
  await appendAudit(
    store,
    {
      id: `EventRedriven:${requestId}`,
      at: now,
      type: 'EventRedriven',
      actor,
      data: { event: id, type, reason },
    },
    deadline,
  );
  await enqueueJson(events, body);
  await forgetFailedEvent(store, event, deadline);
  return { status: 200, body: { id } };
});

export const handler = httpHandler([list, redrive]);

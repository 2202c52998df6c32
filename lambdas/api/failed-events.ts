import { listFailedEvents } from '../adapters/dynamodb/failed-events.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectQueue } from '../adapters/queue.ts';
import { connectUserPool } from '../adapters/user-pool.ts';
import { redriveFailedEvent, redriveFailedEvents } from '../commands/redrive-failed-event.ts';
import { toIso } from '../domain/instants.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/failed-events.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerPage } from '../http/paging.ts';
import { notFound } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const events = connectQueue(requiredVariable('stripeEventsQueueUrl'));

const list = operation(contracts.listFailedEvents, (request) =>
  answerPage(
    contracts.listFailedEvents,
    request,
    (page) => listFailedEvents(store, page, request.deadline),
    ({ failedAt, ...event }) => ({ ...event, failedAt: toIso(failedAt) }),
  ),
);

const redrive = operation(contracts.redriveFailedEvent, async (request) => {
  const { id } = request.params;
  const isThere = await redriveFailedEvent(store, events, id, request);
  return isThere ? { status: 200, body: { id } } : notFound('failed event');
});

const redriveAll = operation(contracts.redriveFailedEvents, async (request) => ({
  status: 200,
  body: await redriveFailedEvents(store, events, request),
}));

const pool = connectUserPool(optionalVariable('userPoolId'));
const isDisposable = optionalVariable('disposable') === 'true';

export const handler = httpHandler(
  [list, redrive, redriveAll],
  null,
  pool === null || isDisposable ? null : pool.hasSecondFactor,
);

import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { forgetFailedEvent, listFailedEvents, readFailedEvent } from '../adapters/dynamodb/failed-events.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { enqueueJson, type Queue } from '../adapters/queue.ts';
import { mapConcurrently } from '../runtime/concurrency.ts';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';

/** Who sends an event again, and when. */
interface Redrive {
  requestId: string;
  actor: string;
  now: Instant;
  deadline: Deadline;
}

/**
 * Sends an event again that had failed. It queues the event before it forgets it: Postage may process an event twice,
 * but has to process it.
 *
 * @returns whether there was such an event
 * @throws BusyError, QueueUnavailableError
 */
export async function redriveFailedEvent(
  store: Store,
  queue: Queue,
  eventId: string,
  { requestId, actor, now, deadline }: Redrive,
): Promise<boolean> {
  const event = await readFailedEvent(store, eventId, deadline);
  if (event === null) {
    return false;
  }
  const { id, type, reason, body } = event;
  const about = { id: `EventRedriven:${requestId}`, at: now, type: 'EventRedriven' as const, actor };
  await appendAudit(store, { ...about, data: { event: id, type, reason } }, deadline);
  await enqueueJson(queue, body);
  await forgetFailedEvent(store, event, deadline);
  return true;
}

const PAGE = 100;
const AT_ONCE = 10;
/** With less time left, the answer comes first. */
const TIME_TO_ANSWER_MS = 2_000;

/**
 * Sends all events again that had failed before now, as many as the deadline allows.
 *
 * @returns how many, and whether there are others
 * @throws BusyError, QueueUnavailableError
 */
export async function redriveFailedEvents(
  store: Store,
  queue: Queue,
  redrive: Redrive,
): Promise<{ redriven: number; hasMore: boolean }> {
  const { requestId, now, deadline } = redrive;
  let redriven = 0;
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof listFailedEvents>> = await listFailedEvents(
      store,
      { limit: PAGE, after },
      deadline,
    );
    const failed = page.items.filter(({ failedAt }) => failedAt <= now);
    const sent = await mapConcurrently(failed, AT_ONCE, ({ id }) =>
      redriveFailedEvent(store, queue, id, { ...redrive, requestId: `${requestId}:${id}` }),
    );
    redriven += sent.filter(Boolean).length;
    after = page.next;
  } while (after !== null && deadline.remainingMs() > TIME_TO_ANSWER_MS);
  return { redriven, hasMore: after !== null };
}

import { appendAudit } from '../adapters/dynamodb/audit.ts';
import { forgetFailedEvent, readFailedEvent } from '../adapters/dynamodb/failed-events.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { enqueueJson, type Queue } from '../adapters/queue.ts';
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

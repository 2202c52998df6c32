import {
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
  type PutEventsResultEntry,
} from '@aws-sdk/client-eventbridge';
import { setTimeout as wait } from 'node:timers/promises';
import { type Deadline } from '../../domain/deadline.ts';
import { type AnyEvent } from '../../domain/event.ts';
import { mapConcurrently } from '../../runtime/concurrency.ts';
import { EVENT_SOURCE } from '../../wiring/event-sources.ts';

/** A bus and the client that publishes on it. */
export interface EventBus {
  client: EventBridgeClient;
  name: string;
}

/** EventBridge takes no more at once: of entries, and of bytes of all of them together. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 256 * 1024;
/** EventBridge counts an entry's time as so many bytes. */
const BYTES_OF_TIME = 14;

/** How many batches are under way at the same time. */
const CONCURRENCY = 8;

/** How often an entry is sent on its own, after it has failed among others. */
const TRIES_ALONE = 3;
const FIRST_PAUSE_MS = 100;
/** With less than this left, another try would not be answered in time. */
const SHORTEST_TRY_MS = 100;
const TRY_TIMEOUT_MS = 3_000;

export function connectEventBus(name: string): EventBus {
  const client = new EventBridgeClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: TRY_TIMEOUT_MS, throwOnRequestTimeout: true, connectionTimeout: 1_000 },
  });
  return { client, name };
}

/** An event that could not be published, and why. */
export interface UnpublishedEvent {
  event: AnyEvent;
  reason: string;
  /** EventBridge would refuse it each time: it is too large or malformed. */
  isRefused: boolean;
}

type Failure = Pick<UnpublishedEvent, 'reason' | 'isRefused'>;

/**
 * What the event itself is at fault for. A missing right or bus is not among them: the owner mends it.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
 */
const REFUSALS = ['InvalidArgument', 'MalformedDetail', 'ValidationException'];

/**
 * Publishes events, ten at a time. It sends those that fail again one by one, three times with growing pauses or until the
 * deadline, but for what EventBridge refuses for ever.
 *
 * An event whose answer is lost may be published twice, under the same id.
 *
 * @returns those that could not be published
 */
export async function publishEvents(
  bus: EventBus,
  events: readonly AnyEvent[],
  deadline: Deadline,
): Promise<UnpublishedEvent[]> {
  const batches = inBatches(events.map((event) => ({ event, entry: toEntry(bus, event) })));
  const unpublished = await mapConcurrently(batches, CONCURRENCY, (batch) =>
    publishBatch(bus, batch, deadline),
  );
  return unpublished.flat();
}

async function publishBatch(
  bus: EventBus,
  batch: readonly Sent[],
  deadline: Deadline,
): Promise<UnpublishedEvent[]> {
  const failures = await put(bus, batch, deadline);
  const unpublished: UnpublishedEvent[] = [];
  for (const [index, sent] of batch.entries()) {
    const failure = failures[index] ?? null;
    const last = failure === null ? null : await putAlone(bus, sent, failure, deadline);
    if (last !== null) {
      unpublished.push({ event: sent.event, ...last });
    }
  }
  return unpublished;
}

interface Sent {
  event: AnyEvent;
  entry: PutEventsRequestEntry;
}

/** The name is the entry's detail type, and everything else its detail. */
function toEntry(bus: EventBus, { name, ...detail }: AnyEvent): PutEventsRequestEntry {
  return {
    EventBusName: bus.name,
    Source: EVENT_SOURCE,
    DetailType: name,
    Time: new Date(detail.at),
    Detail: JSON.stringify(detail),
  };
}

function bytesOf({ DetailType = '', Detail = '' }: PutEventsRequestEntry): number {
  return (
    BYTES_OF_TIME + [EVENT_SOURCE, DetailType, Detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
  );
}

/** An event that is too large by itself goes alone, and EventBridge refuses it. */
function inBatches(all: readonly Sent[]): Sent[][] {
  const batches: Sent[][] = [];
  let batch: Sent[] = [];
  let bytes = 0;
  for (const sent of all) {
    const size = bytesOf(sent.entry);
    if (batch.length === MAX_ENTRIES || bytes + size > MAX_BYTES) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(sent);
    bytes += size;
  }
  return [...batches, batch].filter(({ length }) => length > 0);
}

/** Sends a batch. @returns why each entry failed; null where it did not */
async function put(bus: EventBus, batch: readonly Sent[], deadline: Deadline): Promise<(Failure | null)[]> {
  const remainingMs = deadline.remainingMs();
  if (remainingMs < SHORTEST_TRY_MS) {
    return batch.map(() => ({ reason: 'There was no time left.', isRefused: false }));
  }
  try {
    const { Entries = [] } = await bus.client.send(
      new PutEventsCommand({ Entries: batch.map(({ entry }) => entry) }),
      { abortSignal: AbortSignal.timeout(Math.min(remainingMs, TRY_TIMEOUT_MS)) },
    );
    return batch.map((_, index) => failureOf(Entries[index]));
  } catch (error) {
    // Another entry may be at fault for a request of several.
    const isRefused = batch.length === 1 && error instanceof Error && REFUSALS.includes(error.name);
    return batch.map(() => ({ reason: String(error), isRefused }));
  }
}

function failureOf(result: PutEventsResultEntry | undefined): Failure | null {
  if (result?.EventId !== undefined) {
    return null;
  }
  const { ErrorCode = 'NoAnswer', ErrorMessage = 'no message' } = result ?? {};
  return { reason: `${ErrorCode}: ${ErrorMessage}`, isRefused: REFUSALS.includes(ErrorCode) };
}

async function putAlone(
  bus: EventBus,
  sent: Sent,
  first: Failure,
  deadline: Deadline,
): Promise<Failure | null> {
  let failure: Failure | null = first;
  for (let tries = 0; tries < TRIES_ALONE && failure !== null && !failure.isRefused; tries += 1) {
    const pauseMs = Math.random() * FIRST_PAUSE_MS * 2 ** tries;
    if (deadline.remainingMs() < pauseMs + SHORTEST_TRY_MS) {
      return failure;
    }
    await wait(pauseMs);
    failure = (await put(bus, [sent], deadline))[0] ?? null;
  }
  return failure;
}

import * as z from 'zod/mini';
import { EVENT_SOURCE } from '../lambdas/wiring/event-sources.ts';
import type { AwsOperations } from './aws-stand-in.ts';
import type { BusEntry } from './bus-rules.ts';

/** An event as consumers get it. */
export interface PublishedEvent {
  name: string;
  id: string;
  at: string;
  userId: string;
  version: number;
  data: Record<string, unknown>;
}

export interface LocalEventBus {
  /** Newest last. An event that was published twice is in it twice. */
  events: () => readonly PublishedEvent[];
  publish: (event: PublishedEvent) => void;
}

/** Beyond this many, the bus forgets the oldest. */
const KEPT_EVENTS = 10_000;

/** A bus that remembers what was published. */
export function createEventBus(): LocalEventBus {
  const events: PublishedEvent[] = [];
  return {
    events: () => events,
    publish: (event) => {
      events.push(event);
      // In bulk: moving the array for each event would take longer than the event.
      if (events.length > 2 * KEPT_EVENTS) {
        events.splice(0, events.length - KEPT_EVENTS);
      }
    },
  };
}

const detail = z.object({
  id: z.string(),
  at: z.string(),
  userId: z.string(),
  version: z.number(),
  data: z.record(z.string(), z.unknown()),
});

const putEvents = z.object({
  Entries: z
    .array(
      z.object({ Source: z._default(z.string(), EVENT_SOURCE), DetailType: z.string(), Detail: z.string() }),
    )
    .check(z.maxLength(10)),
});

/**
 * EventBridge with that bus, for Postage's own events.
 *
 * @param onEntry takes every entry, so that rules can match it
 */
export function eventBridge(
  bus: LocalEventBus,
  onEntry: (entry: BusEntry) => void = () => undefined,
): AwsOperations {
  return {
    'AWSEvents.PutEvents': (request) => {
      const { Entries } = z.parse(putEvents, request);
      for (const entry of Entries) {
        const { Source, DetailType, Detail } = entry;
        if (Source === EVENT_SOURCE) {
          bus.publish({ name: DetailType, ...z.parse(detail, JSON.parse(Detail)) });
        }
        onEntry(entry);
      }
      return { FailedEntryCount: 0, Entries: Entries.map((_, index) => ({ EventId: `local-${index}` })) };
    },
  };
}

import * as z from 'zod/mini';
import type { LocalApp } from './apps.ts';
import type { AwsOperations } from './aws-stand-in.ts';
import type { BusEntry } from './bus-rules.ts';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';
import { createEventBus, eventBridge, type PublishedEvent } from './event-bus.ts';
import { FAILED_RECORDS_BUCKET } from './lambda-environment.ts';
import { validated } from '../lambdas/http/validation.ts';
import type { LocalRoute } from './local-routes.ts';
import { type ObjectStore, startObjectStore } from './object-store.ts';
import { followStream, type StreamFollower } from './stream.ts';

/** The table's stream, the event bus and the store for failed records, on this machine. */
export interface LocalEvents {
  /** Where the stand-in for S3 answers. */
  objectStore: string;
  operations: AwsOperations;
  routes: LocalRoute[];
  /** Waits until everything that has been written is published; not at all when nothing follows the stream. */
  caughtUp: () => Promise<void>;
  /** Begins to hand the table's changes to the functions on its stream. @returns how to end that */
  follow: (options: FollowOptions) => Promise<() => Promise<void>>;
  stop: () => Promise<void>;
}

export interface FollowOptions {
  app: LocalApp;
  table: string;
  clock: Clock;
  data: DataDirectory;
  onError: (error: unknown) => void;
}

/** @param onEntry takes each entry on the bus */
export async function startLocalEvents(onEntry: (entry: BusEntry) => void): Promise<LocalEvents> {
  const bus = createEventBus();
  const objects = await startObjectStore();
  let follower: StreamFollower | null = null;
  return {
    objectStore: objects.url,
    operations: eventBridge(bus, onEntry),
    routes: [
      {
        method: 'GET',
        path: '/dev/events',
        answer: async ({ query }) => {
          const filter = validated(eventsQuery, query);
          // With everything that was written before the request.
          await follower?.caughtUp();
          return { items: newestOf(bus.events(), filter) };
        },
      },
      { method: 'GET', path: '/dev/failed-records', answer: () => ({ items: itemsIn(objects) }) },
    ],
    caughtUp: async () => follower?.caughtUp(),
    follow: async ({ app, ...options }) => {
      const following = await followStream({
        ...options,
        consumers: app.consumers,
        functions: app.streamFunctions,
        onFailure: (consumer, records, error) => {
          const id = records[0]?.dynamodb?.SequenceNumber ?? '';
          const body = JSON.stringify({ payload: JSON.stringify({ Records: records }) });
          objects.objects.set(`${FAILED_RECORDS_BUCKET}/aws/lambda/${consumer}/${id}`, body);
          options.onError(error);
        },
      });
      follower = following;
      return () => following.stop();
    },
    stop: () => objects.stop(),
  };
}

const MOST_EVENTS = 1_000;

const eventsQuery = z.strictObject({
  name: z.optional(z.string()),
  user: z.optional(z.string()),
  limit: z._default(z.coerce.number().check(z.int(), z.gte(1), z.lte(MOST_EVENTS)), 100),
});

function newestOf(
  events: readonly PublishedEvent[],
  { name, user, limit }: z.infer<typeof eventsQuery>,
): PublishedEvent[] {
  return events
    .filter((event) => (name ?? event.name) === event.name && (user ?? event.userId) === event.userId)
    .slice(-limit)
    .reverse();
}

function itemsIn({ objects }: ObjectStore): { key: string; content: unknown }[] {
  return [...objects].map(([key, body]) => ({ key, content: JSON.parse(body) as unknown }));
}

import type { StreamConsumers } from '../lambdas/wiring/stream-filters.ts';
import { CORE_STREAM_CONSUMERS } from '../lambdas/wiring/stream-filters.ts';
import { CORE_ROUTES } from '../lambdas/http/routes.ts';
import { ROUTES } from '../lambdas/letters/http/routes.ts';
import { STREAM_CONSUMERS } from '../lambdas/letters/wiring/stream-filters.ts';
import { API_FUNCTIONS, type FunctionLoaders } from './functions.ts';
import type { QueueConsumer } from './queue.ts';
import { STREAM_FUNCTIONS, type StreamFunctions } from './stream.ts';

/** What runs on this machine. */
export interface LocalApp {
  routes: readonly (typeof ROUTES)[number][];
  functions: FunctionLoaders;
  consumers: StreamConsumers;
  streamFunctions: StreamFunctions;
  stripeEvents: QueueConsumer;
  reconciler: () => Promise<{ handler: (event: unknown) => Promise<object> }>;
}

export const LETTERS_APP: LocalApp = {
  routes: ROUTES,
  functions: API_FUNCTIONS,
  consumers: STREAM_CONSUMERS,
  streamFunctions: STREAM_FUNCTIONS,
  stripeEvents: () => import('../lambdas/letters/jobs/stripe-events.ts'),
  reconciler: () => import('../lambdas/letters/jobs/reconciler.ts'),
};

/** The core alone. No route leads to the functions of the letters app. */
export const CORE_APP: LocalApp = {
  routes: CORE_ROUTES,
  functions: {
    ...API_FUNCTIONS,
    admin: () => import('../lambdas/api/admin.ts'),
    docs: () => import('../lambdas/api/docs.ts'),
  },
  consumers: CORE_STREAM_CONSUMERS,
  streamFunctions: {
    outbox: () => import('../lambdas/jobs/outbox.ts'),
    statistics: () => import('../lambdas/jobs/statistics.ts'),
  },
  stripeEvents: () => import('../lambdas/jobs/stripe-events.ts'),
  reconciler: () => import('../lambdas/jobs/reconciler.ts'),
};

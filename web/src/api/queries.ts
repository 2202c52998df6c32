import { QueryClient } from '@tanstack/react-query';
import { failureIn, secondsToWait } from './failure.ts';

const FRESH_FOR_MS = 10_000;
/** With the waits between them, a little over two minutes. */
const MOST_TRIES = 12;

/** Reads again whatever waiting can mend. */
export function createQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // A laptop without a network reaches itself.
        networkMode: 'always',
        staleTime: FRESH_FOR_MS,
        retry: (tries, error) => tries < MOST_TRIES && secondsToWait(failureIn(error), tries + 1) !== null,
        retryDelay: (tries, error) => (secondsToWait(failureIn(error), tries + 1) ?? 1) * 1_000,
      },
      mutations: { networkMode: 'always', retry: false },
    },
  });
}

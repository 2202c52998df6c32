import { type AccountResult, rollPage } from '../commands/roll-page.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { MAX_RESULTS, type ShardProgress } from '../domain/rollover-run.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../runtime/logger.ts';
import { rollPageEvent } from '../wiring/rollover-event.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

/** Accounts per page. A page takes a few seconds, so that its repetition costs little. */
const PAGE_SIZE = 1_000;

const store = createStore(requiredVariable('table'), catalogueInForce());
const isDeveloperStage = requiredVariable('stage') === 'dev';
const logger = createLogger('rollover');

/** Rolls the next page of one shard and tells how far the shard has come. An account that fails stops no other (G5). */
export async function handler(event: unknown): Promise<ShardProgress> {
  const { now, progress } = rollPageEvent.parse(event);
  const page = await rollPage(store, {
    shard: progress.shard,
    now,
    after: progress.cursor ?? null,
    limit: PAGE_SIZE,
  });
  const failed = page.results.filter((result) => result.outcome === 'failed');
  for (const { userId, error } of failed) {
    logger.error('An account could not be rolled over.', { userId, shard: progress.shard, error });
  }
  return {
    ...progress,
    cursor: page.next,
    pages: progress.pages + 1,
    total: progress.total + page.results.length,
    succeeded: progress.succeeded + page.results.length - failed.length,
    failed: progress.failed + failed.length,
    ...(isDeveloperStage ? { results: named(progress, page.results) } : {}),
  };
}

function named(progress: ShardProgress, results: readonly AccountResult[]): ShardProgress['results'] {
  const outcomes = results.map(({ userId, outcome }) => ({ userId, outcome }));
  return [...(progress.results ?? []), ...outcomes].slice(0, MAX_RESULTS);
}

import * as z from 'zod/mini';
import type { Instant } from '../lambdas/domain/instants.ts';
import { externalDynamodb } from './command-line.ts';
import { setTableEnvironment, tableName } from './lambda-environment.ts';
import { findRunning } from './running-file.ts';
import { UsageError } from './usage-error.ts';

export interface FoundTable {
  table: string;
  /** For messages. */
  name: string;
  /** Of the running `npm start` that serves it; null: of none. */
  url: string | null;
}

/**
 * The table that a command is about, and points the SDK at it: one at an address, one in AWS by its name, or that of the
 * running `npm start`.
 *
 * @throws UsageError
 */
export async function findTable(
  table: string | undefined,
  dynamodb: string | undefined,
): Promise<FoundTable> {
  const external = externalDynamodb(dynamodb);
  if (external !== null) {
    const location = { dynamodb: external, table: table ?? tableName() };
    setTableEnvironment(location);
    const running = await findRunning((each) => each.dynamodb === external && each.table === location.table);
    return { table: location.table, name: `${location.table} at ${external}`, url: running?.url ?? null };
  }
  if (table !== undefined) {
    return { table, name: table, url: null };
  }
  const running = await findRunning();
  if (running === null) {
    throw new UsageError('Nothing is running. Start Postage with "npm start", or name a table with --table.');
  }
  setTableEnvironment(running);
  return { table: running.table, name: running.name, url: running.url };
}

const clockAnswer = z.object({ now: z.string() });

/** By the clock of the `npm start` that serves the table. */
export async function timeOf({ url }: FoundTable): Promise<Instant> {
  if (url === null) {
    return Date.now();
  }
  const answer = await fetch(`${url}/dev/clock`);
  return Date.parse(z.parse(clockAnswer, await answer.json()).now);
}

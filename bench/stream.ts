import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { StreamConsumerName } from '../lambdas/wiring/stream-filters.ts';

/** How many letters and deliveries were written that a function had not handled yet. */
export interface LagResult {
  highest: number;
  /** The median while the fifth in the middle was written, and while the last one was. */
  atHalf: number;
  atEnd: number;
}

export interface StreamResult {
  writes: number;
  writers: number;
  /** Over HTTP, with both functions at work in the same process. */
  writesPerSecond: number;
  lag: Record<StreamConsumerName, LagResult>;
  /** From the last answer of the API until both functions had handled everything. */
  caughtUpMs: number;
  /**
   * The API without the functions; then each function by itself with what that has written: what it handles in a second,
   * per what the API writes in one.
   */
  alone: {
    writes: number;
    writesPerSecond: number;
    handledPerWritten: Record<StreamConsumerName, number>;
  };
}

/** Writes through the API as fast as it goes, beside the functions on the stream, and measures how far they are behind. */
export async function benchStream(alone: number, together: number): Promise<StreamResult> {
  const child = new URL('stream-child.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [child, String(alone), String(together)]);
  return JSON.parse(stdout.slice(stdout.lastIndexOf('\n') + 1)) as StreamResult;
}

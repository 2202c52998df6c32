import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { readJson } from './data-directory.ts';

/** Tells other programs on this machine, such as `npm run rollover`, what `npm start` is running. */
export interface RunningInstance {
  pid: number;
  url: string;
  dynamodb: string;
  table: string;
}

const runningInstance = z.object({ pid: z.int(), url: z.url(), dynamodb: z.url(), table: z.string() });

const FILE = join(dirname(fileURLToPath(import.meta.url)), '../.postage/running.json');

/** The last one to start is the one that is found. */
export function announce(instance: RunningInstance): void {
  mkdirSync(dirname(FILE), { recursive: true });
  writeFileSync(FILE, `${JSON.stringify(instance)}\n`);
}

/** Takes the announcement back, unless another process has put its own in place of it. */
export function withdraw(pid: number): void {
  if (findRunning()?.pid === pid) {
    rmSync(FILE, { force: true });
  }
}

/** What was announced last; a process that was killed could not take it back, so it may have ended since. */
export function findRunning(): RunningInstance | null {
  const { success, data } = z.safeParse(runningInstance, readJson(FILE));
  return success ? data : null;
}

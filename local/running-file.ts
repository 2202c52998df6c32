import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { readJson } from './data-directory.ts';

/** Tells other programs on this machine, such as `npm run rollover`, what an `npm start` is running. */
export interface RunningInstance {
  pid: number;
  startedAt: number;
  url: string;
  dynamodb: string;
  table: string;
  /** Where its data are kept, null where they are not. */
  dataDir: string | null;
}

const runningInstance = z.object({
  pid: z.int(),
  startedAt: z.number(),
  url: z.url(),
  dynamodb: z.url(),
  table: z.string(),
  dataDir: z.nullable(z.string()),
});

const DIRECTORY = fileURLToPath(new URL('../.postage/running/', import.meta.url));

function fileOf(pid: number): string {
  return join(DIRECTORY, `${pid}.json`);
}

export function announce(instance: RunningInstance): void {
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(fileOf(instance.pid), `${JSON.stringify(instance)}\n`);
}

export function withdraw(pid: number): void {
  rmSync(fileOf(pid), { force: true });
}

/** The instances that answer, the last one to start first. Those that were killed could not withdraw: that is done here. */
export async function findRunning(): Promise<RunningInstance[]> {
  mkdirSync(DIRECTORY, { recursive: true });
  const announced = readdirSync(DIRECTORY).map((file) =>
    z.safeParse(runningInstance, readJson(join(DIRECTORY, file))),
  );
  const running: RunningInstance[] = [];
  for (const { data } of announced) {
    if (data !== undefined && (await isAnswering(data))) {
      running.push(data);
    } else if (data !== undefined) {
      withdraw(data.pid);
    }
  }
  return running.sort((one, other) => other.startedAt - one.startedAt);
}

async function isAnswering({ url }: RunningInstance): Promise<boolean> {
  return fetch(`${url}/dev/clock`, { signal: AbortSignal.timeout(2_000) }).then(
    (answer) => answer.ok,
    () => false,
  );
}

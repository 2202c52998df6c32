import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { readJson } from './data-directory.ts';

/** A running `npm start`, as other programs such as `npm run rollover` find it. */
export interface RunningInstance {
  pid: number;
  startedAt: number;
  url: string;
  dynamodb: string;
  table: string;
  /** Null when it keeps no data. */
  dataDir: string | null;
}

export interface FoundInstance extends RunningInstance {
  /** For messages. Mentions other instances. */
  name: string;
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

/** The instance that started last, among those that match; null when none is running. */
export async function findRunning(
  matches: (instance: RunningInstance) => boolean = () => true,
): Promise<FoundInstance | null> {
  const running = (await allRunning()).filter(matches);
  const [latest] = running.sort((one, other) => other.startedAt - one.startedAt);
  if (latest === undefined) {
    return null;
  }
  const others = running.length === 1 ? '' : `, the latest of ${running.length}`;
  return { ...latest, name: `npm start at ${latest.url}${others}` };
}

/** The instances that answer. Removes the files of those that were killed. */
async function allRunning(): Promise<RunningInstance[]> {
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
  return running;
}

async function isAnswering({ url }: RunningInstance): Promise<boolean> {
  return fetch(`${url}/dev/clock`, { signal: AbortSignal.timeout(10_000) }).then(
    (answer) => answer.ok,
    () => false,
  );
}

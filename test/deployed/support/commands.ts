import { spawn, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

export interface Ended {
  /** Null when a signal ended it. */
  code: number | null;
  /** What it said on both outputs, when it was not shown. */
  output: string;
}

/** Runs a program to its end, quietly unless `stdio` says otherwise. The signal ends it. */
export async function run(command: string, options: string[], settings: SpawnOptions): Promise<Ended> {
  const child = spawn(command, options, { stdio: ['ignore', 'pipe', 'pipe'], ...settings });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  await once(child, 'close');
  return { code: child.exitCode, output };
}

/** Does a step with its name and time on the terminal. */
export async function step<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const startedAt = performance.now();
  process.stdout.write(`${name} … `);
  try {
    const result = await work();
    process.stdout.write(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
    return result;
  } catch (error) {
    process.stdout.write(`failed after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s\n`);
    throw error;
  }
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

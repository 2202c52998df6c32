import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A program that runs as a process of its own. */
export interface Command {
  pid: number;
  /** The first line on standard output; null when the program ended without one. */
  firstLine: Promise<string | null>;
  /** Everything, once the program has ended. */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  kill: (signal: NodeJS.Signals) => void;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const LETTERS = ['--config', 'examples/letters/postage.config.ts'];

/**
 * Runs a program of `local/` as its npm script does; `start` and `stripe` with the letters app, whatever the owner’s own file
 * says.
 */
export function runCommand(
  program:
    | 'start'
    | 'rollover'
    | 'audit'
    | 'aws'
    | 'catalogue'
    | 'deploy'
    | 'export'
    | 'import'
    | 'replay'
    | 'restore'
    | 'stripe',
  args: readonly string[],
  variables: Record<string, string> = {},
): Command {
  const takesLetters = program === 'start' || program === 'stripe';
  const config = takesLetters && !args.includes('--config') ? LETTERS : [];
  return run(process.execPath, [`local/${program}.ts`, ...config, ...args], variables);
}

/** Runs any program in the folder of the project. */
export function run(file: string, args: readonly string[], variables: Record<string, string> = {}): Command {
  const child = spawn(file, args, {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) {
    throw new Error(`${file} could not be started.`);
  }
  const lines = createInterface({ input: child.stdout });
  const firstLine = Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    once(lines, 'close').then(() => null),
  ]);
  return { pid: child.pid, firstLine, ended: collect(child), kill: (signal) => child.kill(signal) };
}

async function collect(
  child: ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream },
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const [exit, stdout, stderr] = await Promise.all([
    once(child, 'exit'),
    text(child.stdout),
    text(child.stderr),
  ]);
  const code: unknown = exit[0];
  return { code: typeof code === 'number' ? code : null, stdout, stderr };
}

/** The processes that a process has started, and those that they have started. */
export function descendantsOf(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }));
  const children = parents.filter(({ parent }) => parent === pid).map((child) => child.pid);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The name of a process's program. */
export function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
}

/** The fourth field of `/proc/<pid>/stat`; the second is a name in brackets that may hold anything. */
function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/** Waits until some processes have ended. @returns those that have not */
export async function untilGone(pids: readonly number[], timeoutMs = 15_000): Promise<number[]> {
  const giveUpAt = Date.now() + timeoutMs;
  while (pids.some(isAlive) && Date.now() < giveUpAt) {
    await wait(20);
  }
  return pids.filter(isAlive);
}

function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** A program of `local/` that runs as a process of its own, as its npm script runs it. */
export interface Command {
  pid: number;
  /** The first line on standard output; null when the program ended without one. */
  firstLine: Promise<string | null>;
  /** Everything, once the program has ended. */
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
  kill: (signal: NodeJS.Signals) => void;
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function runCommand(
  program: 'start' | 'rollover' | 'audit',
  args: readonly string[],
  variables: Record<string, string> = {},
): Command {
  const child = spawn(process.execPath, [`local/${program}.ts`, ...args], {
    cwd: ROOT,
    env: { ...process.env, NODE_OPTIONS: '', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) {
    throw new Error(`${program} could not be started.`);
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

/** The fourth field of `/proc/<pid>/stat`; the second is a name in brackets that may hold anything. */
function parentOf(pid: string): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { externalDynamodb } from './command-line.ts';
import { makeDirectory } from './data-directory.ts';
import { UsageError } from './usage-error.ts';

/**
 * A DynamoDB that answers at `endpoint` until it is stopped. When the embedded one dies by itself, this process says so
 * and ends: without a database, each request would only wait for its time limit.
 */
export interface Engine {
  endpoint: string;
  stop: () => Promise<void>;
}

export interface EngineOptions {
  /** Where data is kept; without it, data ends with the engine. */
  dataDir?: string | undefined;
  /** Any free one by default. */
  port?: number | undefined;
}

const READY_WITHIN_MS = 15_000;
/** npm may have to fetch it first. */
const FETCHED_WITHIN_MS = 120_000;
const ENDS_WITHIN_MS = 2_000;

/**
 * Runs the engine, and ends it when standard input ends. The kernel closes that pipe however the parent dies, even by
 * SIGKILL, so neither an engine nor temporary data is left behind. The whole group ends: npm runs the engine as a child's
 * child. The engine's output goes to standard error.
 */
const GUARD = `
exec 3<&0
scratch=$1
shift
"$@" </dev/null >&2 3<&- &
engine=$!
trap : TERM
{ cat <&3 >/dev/null; kill 0; } 2>/dev/null &
exec 3<&- 2>/dev/null
wait "$engine"
status=$?
while kill -0 "$engine" 2>/dev/null; do
  wait "$engine"
  status=$?
done
[ -z "$scratch" ] || rm -rf "$scratch"
exit "$status"
`;

/**
 * Starts the embedded DynamoDB on 127.0.0.1, or takes the one at `DYNAMODB_ENDPOINT` when that is set. Without
 * data it has no table.
 *
 * @throws UsageError when `dataDir` can't be used or is in use
 */
export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const external = externalDynamodb();
  if (external !== null) {
    return { endpoint: external, stop: () => Promise.resolve() };
  }
  const { command, says } = findEngine();
  if (says !== null) {
    console.error(says);
  }
  const lock = options.dataDir === undefined ? null : await lockDirectory(options.dataDir);
  try {
    const engine = await startWithRetries(command, options);
    return {
      endpoint: engine.endpoint,
      stop: async () => {
        await engine.stop();
        lock?.close();
      },
    };
  } catch (error) {
    lock?.close();
    throw error;
  }
}

/** The package that brings the same engine for every platform. Its parts for them can't stand in the lock file. */
const ENGINE_ELSEWHERE = ['npm', 'exec', '--yes', 'dynoxide@1.2.1', '--'] as const;

/** The command that runs the engine, and the line that says so where it is not the one that came with the dependencies. */
export interface EngineCommand {
  command: readonly string[];
  says: string | null;
}

/**
 * @param installed the path of a package's file, which throws where the package is not installed
 * @throws UsageError on Windows, which has no shell to guard the engine
 */
export function findEngine(
  { platform, arch }: { platform: NodeJS.Platform; arch: NodeJS.Architecture } = process,
  installed: (file: string) => string = createRequire(import.meta.url).resolve,
): EngineCommand {
  if (platform === 'linux' && arch === 'x64') {
    try {
      const manifest = installed('@dynoxide/linux-x64/package.json');
      return { command: [join(manifest, '..', 'dynoxide')], says: null };
    } catch {
      // Optional dependencies were left out.
    }
  }
  if (platform === 'win32') {
    throw new UsageError(
      'On Windows, run it in the Windows Subsystem for Linux, or start a DynamoDB, such as DynamoDB Local, and set ' +
        'DYNAMODB_ENDPOINT to its address, for example DYNAMODB_ENDPOINT=http://127.0.0.1:8000.',
    );
  }
  return {
    command: ENGINE_ELSEWHERE,
    says: `DynamoDB: the embedded one for ${platform}-${arch}, by "${ENGINE_ELSEWHERE.slice(0, 4).join(' ')}". DYNAMODB_ENDPOINT names another.`,
  };
}

/**
 * Keeps other processes out of a directory as long as this one lives. The lock is a socket in Linux's abstract namespace:
 * the kernel frees it with the process, so no stale lock is left.
 */
async function lockDirectory(directory: string): Promise<{ close: () => void }> {
  makeDirectory(directory);
  if (process.platform !== 'linux') {
    return lockByFile(directory);
  }
  const name = createHash('sha256').update(realpathSync(directory)).digest('hex');
  const lock = createServer();
  try {
    await once(lock.listen(`\0postage-${name}`), 'listening');
  } catch {
    throw inUse(directory);
  }
  return lock.unref();
}

/** There is no abstract namespace elsewhere. A lock of SQLite's ends with its process too. */
function lockByFile(directory: string): { close: () => void } {
  const lock = new DatabaseSync(join(directory, 'lock.sqlite'));
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    throw inUse(directory);
  }
  return lock;
}

function inUse(directory: string): UsageError {
  return new UsageError(
    `Another process is using the data in ${directory}. Stop it, or choose another --data.`,
  );
}

/** Another process may take a free port before the engine does; then it tries the next one. */
async function startWithRetries(engine: readonly string[], options: EngineOptions): Promise<Engine> {
  for (let tries = 1; ; tries += 1) {
    const port = options.port ?? (await findFreePort());
    try {
      return await spawnEngine(engine, port, options.dataDir);
    } catch (error) {
      if (options.port !== undefined || tries === 3) {
        throw error;
      }
    }
  }
}

export async function findFreePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('A TCP server has a port.');
  }
  return address.port;
}

async function spawnEngine(
  engine: readonly string[],
  port: number,
  dataDir: string | undefined,
): Promise<Engine> {
  const scratch = dataDir === undefined ? makeScratchDirectory() : '';
  const database = join(dataDir ?? scratch, 'dynamodb.sqlite');
  const command = [...engine, '--host', '127.0.0.1', '--port', String(port), '--db-path', database];
  // A process group of its own: Ctrl-C reaches only the parent, which ends the engine after its last request.
  const guard = spawn('/bin/sh', ['-c', GUARD, 'postage-engine', scratch, ...command], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let words = '';
  guard.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    words = (words + chunk).slice(-2_000);
  });
  guard.stdin.on('error', () => undefined);
  const ended = once(guard, 'exit');
  const endpoint = `http://127.0.0.1:${port}`;
  let isStopping = false;
  const stop = async (): Promise<void> => {
    isStopping = true;
    guard.stdin.end();
    await Promise.race([ended, wait(ENDS_WITHIN_MS, undefined, { ref: false })]);
    killGroup(guard);
  };
  const isReady = await Promise.race([untilItAnswers(endpoint, engine), ended.then(() => false)]);
  if (!isReady) {
    await stop();
    throw new Error(`The embedded DynamoDB did not start on port ${port}. ${words.trim()}`);
  }
  indexStream(database);
  void ended.then(() => {
    if (!isStopping) {
      console.error(`The embedded DynamoDB has ended (${causeOfEnd(guard)}).`);
      process.exit(1);
    }
  });
  return { endpoint, stop };
}

/** A shell ends with 128 and the number of the signal that has ended its child. */
function causeOfEnd({ exitCode, signalCode }: ChildProcess): string {
  const signals = Object.entries(constants.signals);
  const signal = signalCode ?? signals.find(([, number]) => number + 128 === exitCode)?.[0];
  return signal === undefined ? `exit code ${exitCode}` : `signal ${signal}`;
}

/** A disk in memory on Linux, which a container may have too little of. */
const MEMORY_DISK = '/dev/shm';
const ENOUGH_BYTES = 1024 ** 3;

/** For data that ends with the engine: in memory if there is enough, since the engine waits for the disk. */
function makeScratchDirectory(): string {
  return mkdtempSync(join(hasRoom(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), 'postage-'));
}

function hasRoom(directory: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize >= ENOUGH_BYTES;
  } catch {
    return false;
  }
}

/**
 * Gives the engine's stream an index. For each write, the engine looks for the stream's last number; without the index
 * it reads the whole stream, which after ten thousand letters takes a hundred times as long as the write.
 */
function indexStream(database: string): void {
  const connection = new DatabaseSync(database, { timeout: READY_WITHIN_MS });
  connection.exec(
    'CREATE INDEX IF NOT EXISTS postage_stream ON _stream_records (table_name, CAST(sequence_number AS INTEGER))',
  );
  connection.close();
}

async function untilItAnswers(endpoint: string, engine: readonly string[]): Promise<boolean> {
  const giveUpAt = Date.now() + (engine === ENGINE_ELSEWHERE ? FETCHED_WITHIN_MS : READY_WITHIN_MS);
  while (Date.now() < giveUpAt) {
    const answer = await fetch(endpoint).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.ok === true) {
      return true;
    }
    await wait(10);
  }
  return false;
}

/** Ends an engine that did not end when asked. */
function killGroup(guard: ChildProcess): void {
  if (guard.exitCode === null && guard.signalCode === null && guard.pid !== undefined) {
    process.kill(-guard.pid, 'SIGKILL');
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePort } from '../../../local/engine.ts';
import { lastLines } from './commands.ts';
import { pythonOf, type VirtualEnvironment } from './python.ts';

export const MINISTACK: VirtualEnvironment = {
  folder: fileURLToPath(new URL('../../../.venv', import.meta.url)),
  requirements: fileURLToPath(new URL('../requirements.txt', import.meta.url)),
};

const LAUNCHER = fileURLToPath(new URL('../start-ministack.py', import.meta.url));
const RECORDER = new URL('../record-calls.ts', import.meta.url).href;

const READY_WITHIN_MS = 30_000;
const ENDS_WITHIN_MS = 10_000;

export interface MiniStack {
  /** Where all of AWS answers. */
  endpoint: string;
  log: () => string;
  stop: () => Promise<void>;
}

export interface MiniStackOptions {
  /** For its files; outside this repository, whose package.json would turn its CommonJS files into ES modules. */
  directory: string;
  /** Where the functions write down their calls to AWS. */
  recordedCalls: string;
  signal: AbortSignal;
}

/**
 * Starts MiniStack on a free port of 127.0.0.1. It and its functions inherit a chosen environment, and nothing of the
 * shell's. It ends when this process does, however that dies.
 *
 * @throws Error when it does not come up
 */
export async function startMiniStack({
  directory,
  recordedCalls,
  signal,
}: MiniStackOptions): Promise<MiniStack> {
  const port = await findFreePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const logFile = `${directory}/ministack.log`;
  const log = openSync(logFile, 'a');
  mkdirSync(`${directory}/tmp`);
  const child = spawn(pythonOf(MINISTACK), [LAUNCHER], {
    // Its own group: Ctrl-C reaches this process alone, which then stops it in order.
    detached: true,
    stdio: ['pipe', log, log],
    env: {
      PATH: `${nodeWithRecorder(directory)}:${String(process.env['PATH'])}`,
      HOME: process.env['HOME'],
      TMPDIR: `${directory}/tmp`,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      AWS_ENDPOINT_URL: endpoint,
      // Every call of a function is checked against its role.
      AUTH: 'true',
      // A retry in a state machine comes after a tenth of its time.
      SFN_WAIT_SCALE: '0.1',
      IOT_MTLS_ENABLED: '0',
      SFTP_ENABLED: '0',
      POSTAGE_RECORDED_CALLS: recordedCalls,
    },
  });
  child.stdin?.on('error', () => undefined);
  const ended = once(child, 'exit');
  const miniStack = {
    endpoint,
    log: () => readFileSync(logFile, 'utf8'),
    stop: async () => {
      child.stdin?.end();
      await Promise.race([ended, wait(ENDS_WITHIN_MS, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGKILL');
      }
    },
  };
  try {
    const isReady = await Promise.race([untilItAnswers(endpoint, signal), ended.then(() => false)]);
    if (!isReady) {
      throw new Error(`MiniStack did not start.\n${lastLines(miniStack.log(), 20)}`);
    }
  } catch (error) {
    await miniStack.stop();
    throw error;
  }
  return miniStack;
}

/** MiniStack runs functions with the `node` of its path: this one loads the recorder first. */
function nodeWithRecorder(directory: string): string {
  const bin = `${directory}/bin`;
  mkdirSync(bin);
  writeFileSync(`${bin}/node`, `#!/bin/sh\nexec '${process.execPath}' --import '${RECORDER}' "$@"\n`, {
    mode: 0o755,
  });
  return bin;
}

async function untilItAnswers(endpoint: string, signal: AbortSignal): Promise<boolean> {
  const giveUpAt = performance.now() + READY_WITHIN_MS;
  while (performance.now() < giveUpAt) {
    const answer = await fetch(`${endpoint}/_ministack/health`, { signal }).catch(() => null);
    signal.throwIfAborted();
    await answer?.body?.cancel();
    if (answer?.ok === true) {
      return true;
    }
    await wait(50);
  }
  return false;
}

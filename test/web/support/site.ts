/** `npm start` with its page, for whoever opens it in a browser. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import { dev } from '../../e2e/support/dev.ts';

const START = fileURLToPath(new URL('../../../local/start.ts', import.meta.url));
/** Vite builds the page once, which takes a busy machine a while. */
export const BUILT_WITHIN_MS = 90_000;

export interface Site {
  url: string;
  cronSecret: string;
  /** Where its table is. */
  dynamodb: string;
  table: string;
  /** Calls the API as a user. */
  call: (userId: string, method: string, path: string, body?: object) => Promise<Record<string, unknown>>;
  setPlan: (userId: string, plan: string) => Promise<void>;
  close: () => Promise<void>;
}

const started = z.object({
  url: z.string(),
  cronSecret: z.string(),
  dynamodb: z.string(),
  table: z.string(),
});
const token = z.object({ access_token: z.string() });

/** @param config an example's catalogue, in place of the shipped one */
export async function openSite(config?: string): Promise<Site> {
  const options = ['--port', '0', '--json', ...(config === undefined ? [] : ['--config', config])];
  const server = spawn(process.execPath, [START, ...options], {
    env: { ...process.env, POSTAGE_TABLE: `postage-web-${randomUUID()}` },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { url, cronSecret, dynamodb, table } = started.parse(JSON.parse(await firstLineOf(server)));
  await untilBuilt(url);
  return {
    url,
    cronSecret,
    dynamodb,
    table,
    call: async (userId, method, path, body) => {
      const { access_token: bearer } = token.parse(await dev(url, 'GET', `/dev/token?sub=${userId}`));
      const answer = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      });
      return z.parse(z.record(z.string(), z.unknown()), await answer.json());
    },
    setPlan: async (userId, plan) => {
      const anchor = new Date(Date.now() - 1_000).toISOString();
      await dev(url, 'PUT', `/dev/accounts/${userId}`, { plan, interval: 'month', anchor });
    },
    close: async () => {
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
    },
  };
}

async function firstLineOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) {
    throw new Error('npm start prints nowhere.');
  }
  for await (const line of createInterface({ input: stdout })) {
    return line;
  }
  throw new Error('npm start has ended before it has begun.');
}

/** The first request for the page begins to build it. */
async function untilBuilt(url: string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    const { status } = await fetch(`${url}/app/`);
    if (status === 200) {
      return;
    }
    if (performance.now() - startedAt > BUILT_WITHIN_MS || status !== 503) {
      throw new Error(`The page was not built: /app/ answers ${status}.`);
    }
    await wait(500);
  }
}

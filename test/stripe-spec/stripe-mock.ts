import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod/mini';
import type { Kind } from './requests.ts';

interface StripeMock {
  /** @returns why it refuses the request; null: it does not */
  judge: (kind: Kind) => Promise<string | null>;
  stop: () => void;
}

const STARTS_WITHIN_MS = 20_000;
const errorBody = z.object({ error: z.object({ message: z.string() }) });

export async function startStripeMock(program: string): Promise<StripeMock> {
  const url = `http://127.0.0.1:${String(await freePort())}`;
  const child = spawn(program, ['-http-addr', url.slice('http://'.length)], { stdio: 'ignore' });
  const ended = once(child, 'exit').then(() => {
    throw new Error('stripe-mock has ended.');
  });
  await Promise.race([untilItAnswers(url), ended]);
  ended.catch(() => undefined);
  return { judge: (kind) => judge(url, kind), stop: () => child.kill() };
}

async function untilItAnswers(url: string): Promise<void> {
  const deadline = performance.now() + STARTS_WITHIN_MS;
  while (performance.now() < deadline) {
    const isThere = await fetch(url).then(
      () => true,
      () => false,
    );
    if (isThere) {
      return;
    }
    await sleep(100);
  }
  throw new Error('stripe-mock does not answer.');
}

async function judge(url: string, { method, target, body }: Kind): Promise<string | null> {
  const answer = await fetch(`${url}${target}`, {
    method,
    headers: {
      authorization: 'Bearer sk_test_123',
      'content-type': 'application/x-www-form-urlencoded',
    },
    ...(method === 'GET' ? {} : { body }),
  });
  const text = await answer.text();
  return answer.ok ? null : z.parse(errorBody, JSON.parse(text)).error.message;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

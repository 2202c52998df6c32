import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { sdkFor } from 'stripe-stand-in';
import * as z from 'zod/mini';
import { readStoredAccount } from '../../../lambdas/adapters/dynamodb/accounts.ts';
import { createStore } from '../../../lambdas/adapters/dynamodb/store.ts';
import { catalogueOf } from '../../../lambdas/domain/catalogue.ts';
import { type Instant, nextUtcDay, toIso } from '../../../lambdas/domain/instants.ts';
import { LOCAL_AWS, plentyOfTime } from '../../support/table.ts';
import { dev } from './dev.ts';
import { type Example, EXAMPLES, fileOf } from './examples.ts';
import { openForge } from './forge.ts';
import { tokensFromIssuer } from './tokens.ts';
import type { World } from './world.ts';

const START = fileURLToPath(new URL('../../../local/start.ts', import.meta.url));

/** The line that `npm start -- --json` prints. */
const started = z.object({
  url: z.string(),
  dynamodb: z.string(),
  table: z.string(),
  issuer: z.string(),
  cronSecret: z.string(),
  stripe: z.object({ url: z.nullable(z.string()), secretKey: z.string() }),
});

/** Starts what `npm start` starts, on a free port and without the demo's users. The scene is set by its dev routes. */
export async function startOnThisMachine(example: Example = 'letters'): Promise<World> {
  const dataDir = mkdtempSync(join(tmpdir(), 'postage-e2e-'));
  const options = ['--config', fileOf(example), '--port', '0', '--json', '--no-demo', '--data', dataDir];
  const server = spawn(process.execPath, [START, ...options], {
    env: { ...process.env, POSTAGE_TABLE: `postage-e2e-${randomUUID()}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(server, 'exit');
  const close = async (): Promise<void> => {
    server.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const { url, dynamodb, table, issuer, cronSecret, stripe } = z.parse(
      started,
      JSON.parse(await firstLineOf(server)),
    );
    const store = createStore(table, catalogueOf(EXAMPLES[example], 0), { endpoint: dynamodb, ...LOCAL_AWS });
    const tokens = tokensFromIssuer(issuer);
    return {
      url,
      cronSecret,
      now: async () => Date.parse(z.parse(clock, await dev(url, 'GET', '/dev/clock')).now),
      meet: tokens.meet,
      serviceToken: tokens.service,
      readerToken: tokens.reader,
      adminToken: tokens.admin,
      forge: await openForge(issuer, dataDir),
      beginSubscription: async (userId, { plan, interval = 'month', anchor }) => {
        const subscription = { plan, interval, anchor: toIso(anchor) };
        await dev(url, 'PUT', `/dev/accounts/${encodeURIComponent(userId)}`, subscription);
      },
      atStripe: (method, path, body) => dev(url, method, `/dev/stripe${path}`, body),
      stripe: stripe.url === null ? null : sdkFor({ url: stripe.url, secretKey: stripe.secretKey }),
      storedAccount: (userId) => readStoredAccount(store, userId, plentyOfTime()),
      startNight: (after) => moveClockToMidnight(url, after),
      close: async () => {
        store.client.destroy();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const clock = z.object({ now: z.string() });

/** Room for the clock to tick before midnight. */
const BEFORE_MIDNIGHT_MS = 3_000;

/** The nightly run begins when the clock ticks past midnight. A midnight that it is moved over does not count. */
async function moveClockToMidnight(url: string, after: Instant): Promise<void> {
  await dev(url, 'POST', '/dev/clock', { now: toIso(nextUtcDay(after) - BEFORE_MIDNIGHT_MS) });
}

/** When it does not start, its standard error says why. */
async function firstLineOf({
  stdout,
  stderr,
}: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  let words = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    words = (words + chunk).slice(-2_000);
  });
  const lines = createInterface({ input: stdout });
  for await (const line of lines) {
    return line;
  }
  throw new Error(`Postage did not start. ${words}`);
}

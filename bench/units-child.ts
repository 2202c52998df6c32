/** The units of each act, in a process of its own, since there can be one runtime in each. It prints them as JSON. */
import * as z from 'zod/mini';
import { startRuntime } from '../local/runtime.ts';
import { USAGE_WRITE_SCOPE } from '../lambdas/http/roles.ts';
import { DAY_MS } from '../lambdas/domain/instants.ts';
import { startFaultyDynamoDb } from '../test/support/faulty-dynamodb.ts';
import { round } from './statistics.ts';
import type { ActUnits, UnitsResult } from '../local/costs/acts.ts';

const [endpoint = ''] = process.argv.slice(2);

const PERIOD_DAYS = 31;
const USER = 'bench';
const TEXT = 'x'.repeat(1_000);

function fail(error: unknown): never {
  throw error;
}

const proxy = await startFaultyDynamoDb(endpoint, { measuresCapacity: true });
const table = `postage-bench-${crypto.randomUUID()}`;
const runtime = await startRuntime({ port: 0, dynamodb: proxy.endpoint, table, onError: fail });
await runtime.followStream();

/** A user's token has no scope. The clock moves, so each request has a new one. */
async function tokenOf(sub: string, scope = ''): Promise<string> {
  return (await runtime.issuer.issue(sub, scope)).access_token;
}

async function ask(method: string, path: string, json?: object, token = tokenOf(USER)): Promise<unknown> {
  const answer = await fetch(`${runtime.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${await token}`,
      'content-type': 'application/json',
      'idempotency-key': crypto.randomUUID(),
    },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  if (!answer.ok) {
    throw new Error(
      `The bench's ${method} ${path} was answered ${String(answer.status)}: ${await answer.text()}`,
    );
  }
  return answer.json();
}

const withId = z.object({ id: z.string() });
const withItems = z.object({ items: z.array(z.object({ id: z.string() })) });

/** Also waits until the functions on the stream have handled everything. */
async function eventsSoFar(): Promise<number> {
  return z.parse(withItems, await ask('GET', '/dev/events?limit=1000')).items.length;
}

/** Does something so often, each time until the functions on the stream are done with it, and takes the mean. */
async function measure(times: number, act: () => Promise<unknown>): Promise<ActUnits> {
  const eventsBefore = await eventsSoFar();
  proxy.reset();
  for (let time = 0; time < times; time += 1) {
    await act();
    await eventsSoFar();
  }
  const mean = (sum: number): number => round(sum / times, 2);
  const events = (await eventsSoFar()) - eventsBefore;
  return {
    writeUnits: mean(proxy.consumedUnits('writes')),
    readUnits: mean(proxy.consumedUnits('reads')),
    events: mean(events),
  };
}

async function moveOn(days: number): Promise<void> {
  const now = new Date(runtime.clock.now() + days * DAY_MS).toISOString();
  await ask('POST', '/dev/clock', { now });
}

const anchor = new Date(runtime.clock.now()).toISOString();
await ask('PUT', `/dev/accounts/${USER}`, { plan: 'enterprise', interval: 'month', anchor });
const writeLetter = (): Promise<unknown> => ask('POST', '/letters', { title: 'To me', body: TEXT });
const consume = (consumed: object) => (): Promise<unknown> =>
  ask('POST', `/users/${USER}/usage`, { consume: consumed }, tokenOf('backend', USAGE_WRITE_SCOPE));
const { id: letterId } = z.parse(withId, await writeLetter());
await consume({ letters: 1 })();

const RECIPIENTS = {
  email: { email: 'me@example.com' },
  mail: {
    ...{ name: 'Me', line1: '1 Main Street', city: 'Springfield', state: 'IL' },
    ...{ postalCode: '62701', country: 'US' },
  },
} as const;

/** From its order until its sender has answered. */
function delivery(channel: keyof typeof RECIPIENTS): () => Promise<void> {
  return async () => {
    const deliverAt = new Date(runtime.clock.now() + DAY_MS).toISOString();
    const recipient = RECIPIENTS[channel];
    await ask('POST', '/deliveries', { letterId, channel, deliverAt, recipient });
    await moveOn(1.01);
    await runtime.reconcile();
    await runtime.deliveriesSettled();
  };
}

try {
  const acts: UnitsResult = {
    accountRead: await measure(20, () => ask('GET', '/account')),
    consumption: await measure(50, consume({ letters: 1 })),
    creditConsumption: await measure(5, consume({ mails: 1 })),
    letter: await measure(50, writeLetter),
    email: await measure(10, delivery('email')),
    mail: await measure(5, delivery('mail')),
    rollover: await measure(3, async () => {
      await moveOn(PERIOD_DAYS);
      await ask('POST', '/cron/rollover-usage', {}, Promise.resolve(runtime.cronSecret));
    }),
  };
  process.stdout.write(`\n${JSON.stringify(acts)}\n`);
} finally {
  await runtime.stop();
  await proxy.stop();
}

import { setTimeout as wait } from 'node:timers/promises';
import { startRuntime } from '../local/runtime.ts';
import { startFaultyDynamoDb } from '../test/support/faulty-dynamodb.ts';
import { quantile, round, timed } from './statistics.ts';

export interface LatencyResult {
  /** What is assumed of DynamoDB in AWS, for a transaction of four items from a Lambda of the same region. */
  injectedP50Ms: number;
  injectedP95Ms: number;
  p50Ms: number;
  p95Ms: number;
}

const LETTERS = 400;

/** A letter over HTTP, the token's check included, with AWS's latencies in front of the DynamoDB. */
export async function benchLatency(endpoint: string): Promise<LatencyResult> {
  const injected: number[] = [];
  const proxy = await startFaultyDynamoDb(endpoint);
  const runtime = await startRuntime({
    port: 0,
    dynamodb: proxy.endpoint,
    table: `postage-bench-${crypto.randomUUID()}`,
    onError: (error) => {
      throw error;
    },
  });
  try {
    const { access_token: token } = await runtime.issuer.issue('bench', '');
    await fetch(`${runtime.url}/dev/accounts/bench`, {
      method: 'PUT',
      body: JSON.stringify({ plan: 'pro', interval: 'month', anchor: new Date().toISOString() }),
    });
    await writeLetter(runtime.url, token);
    proxy.inject(() => {
      // Seven milliseconds at the least, and a tail.
      const latencyMs = 7 - 4 * Math.log(1 - Math.random());
      injected.push(latencyMs);
      return { fault: 'wait', until: () => wait(latencyMs) };
    });
    const samples: number[] = [];
    for (let letter = 0; letter < LETTERS; letter += 1) {
      samples.push(await timed(() => writeLetter(runtime.url, token)));
    }
    return {
      injectedP50Ms: round(quantile(injected, 0.5), 1),
      injectedP95Ms: round(quantile(injected, 0.95), 1),
      p50Ms: round(quantile(samples, 0.5), 1),
      p95Ms: round(quantile(samples, 0.95), 1),
    };
  } finally {
    await runtime.stop();
    await proxy.stop();
  }
}

async function writeLetter(url: string, token: string): Promise<void> {
  const answer = await fetch(`${url}/letters`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'To my future self', body: 'Are you well?' }),
  });
  await answer.arrayBuffer();
  if (answer.status !== 201) {
    throw new Error(`The bench's letter was answered ${String(answer.status)}.`);
  }
}

/** What a table that throttles everything does to Lambda: simulated in virtual time, with the code that repeats. */
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { seededRandom } from '../support/random.ts';

/** Time that passes when nobody is left to act before it does. */
class VirtualTime {
  now = 0;
  #waiting: { at: number; wake: () => void }[] = [];

  sleep = async (ms = 0): Promise<void> =>
    new Promise((wake) => {
      const at = this.now + ms;
      this.#waiting.splice(this.#waiting.findLastIndex((other) => other.at > at) + 1, 0, { at, wake });
    });

  async runUntil(end: number): Promise<void> {
    for (;;) {
      // Everybody who is awake acts before time goes on. Nobody needs so many turns to fall asleep again.
      for (let turn = 0; turn < 30; turn += 1) {
        await Promise.resolve();
      }
      const next = this.#waiting.pop();
      if (next === undefined || next.at > end) {
        return;
      }
      this.now = next.at;
      next.wake();
    }
  }
}

let time = new VirtualTime();
jest.unstable_mockModule('node:timers/promises', () => ({ setTimeout: (ms: number) => time.sleep(ms) }));

type Retry = typeof import('../../lambdas/adapters/dynamodb/retry.ts');
let retry: Retry;
beforeAll(async () => {
  retry = await import('../../lambdas/adapters/dynamodb/retry.ts');
});

const REFUSED_AFTER_MS = 8;

/** What one execution environment does with a request that comes to it. */
type Serve = (ask: () => Promise<never>, deadline: { remainingMs: () => number }) => Promise<void>;

/** A request of the version before: every failure is repeated until the deadline of 20 s. */
function untilTheDeadline(): Serve {
  return async (ask, deadline) => {
    for (let tries = 0; deadline.remainingMs() >= 50; tries += 1) {
      await ask().catch(() => undefined);
      const longestMs = Math.min(1_000, 25 * 2 ** tries);
      await time.sleep(Math.min(Math.random() * longestMs, Math.max(0, deadline.remainingMs())));
    }
  };
}

/** Each environment is a process, with tokens of its own. */
function withTokens(): Serve {
  const tokens = new retry.RetryTokens();
  return (ask, deadline) => retry.retrying(deadline, ask, tokens).catch(() => undefined);
}

interface Outage {
  /** Executions at once, at most: each holds one of the account's 1,000. */
  held: number;
  /** Requests to DynamoDB for each request of a user. */
  amplification: number;
}

interface Load {
  perSecond: number;
  seconds: number;
  deadlineMs: number;
}

async function throttle({ perSecond, seconds, deadlineMs }: Load, boot: () => Serve): Promise<Outage> {
  time = new VirtualTime();
  const random = seededRandom(50);
  jest.spyOn(Math, 'random').mockImplementation(() => random.integer(0, 2 ** 30 - 1) / 2 ** 30);
  const idle: Serve[] = [];
  let [busy, held, asked, served] = [0, 0, 0, 0];
  const ask = async (): Promise<never> => {
    asked += 1;
    await time.sleep(REFUSED_AFTER_MS);
    throw Object.assign(new Error('Throughput exceeds the current capacity.'), {
      name: 'ThrottlingException',
    });
  };
  const arrive = async (): Promise<void> => {
    const serve = idle.pop() ?? boot();
    busy += 1;
    held = Math.max(held, busy);
    const endsAt = time.now + deadlineMs;
    await serve(ask, { remainingMs: () => endsAt - time.now });
    busy -= 1;
    served += 1;
    idle.push(serve);
  };
  const arrivals = async (): Promise<void> => {
    for (let sent = 0; sent < seconds * perSecond; sent += 1) {
      void arrive();
      await time.sleep(1_000 / perSecond);
    }
  };
  void arrivals();
  await time.runUntil(seconds * 1_000 + deadlineMs + 1_000);
  expect(served).toBe(seconds * perSecond);
  return { held, amplification: asked / served };
}

describe('requests to a table that throttles all of them', () => {
  it('each held an execution until its deadline: of 50 a second, all that an account has', async () => {
    // Nobody waits for anybody else, so that two a second are enough to tell: 1,000 are 25 times as many.
    const load = { perSecond: 2, seconds: 60, deadlineMs: 20_000 };
    const { held, amplification } = await throttle(load, untilTheDeadline);
    expect(held).toBeCloseTo(40, -1);
    expect(amplification).toBeGreaterThan(40);
  });

  it('hold at most 30 executions when 50 come in a second, and soon ask the table once each', async () => {
    const load = { perSecond: 50, deadlineMs: 8_000 };
    const begin = await throttle({ ...load, seconds: 5 }, withTokens);
    expect(begin.held).toBeLessThanOrEqual(30);
    expect(begin.amplification).toBeLessThanOrEqual(4);
    const minutes = await throttle({ ...load, seconds: 120 }, withTokens);
    expect(minutes.held).toBeLessThanOrEqual(30);
    expect(minutes.amplification).toBeLessThan(1.6);
  });
});

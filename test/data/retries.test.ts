import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import {
  BusyError,
  PROCESS_TOKENS,
  RetryTokens,
  retrying,
  TRY_AGAIN,
} from '../../lambdas/adapters/dynamodb/retry.ts';
import { cancelled, exception, type Fault, type Injector } from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { timeOfRequest } from '../support/table.ts';
import { request, someUser, writeLetter } from '../support/users.ts';

const table = useFaultyTable();
const NOW = '2026-03-10';

beforeEach(() => {
  PROCESS_TOKENS.giveBack(RetryTokens.MOST);
});

/** DynamoDB says why it throttles. */
function throttledBecause(reason: string, resource: string): Fault {
  const fault = exception('ThrottlingException');
  return fault.fault === 'answer' && typeof fault.body === 'object'
    ? { ...fault, body: { ...fault.body, throttlingReasons: [{ reason, resource }] } }
    : fault;
}

describe('what a busy request has waited for', () => {
  const TABLE = 'arn:aws:dynamodb:us-east-1:1:table/postage';
  const causes: [string, Injector, string][] = [
    [
      'a hot key',
      () => throttledBecause('TableWriteKeyRangeThroughputExceeded', TABLE),
      `hot_key: ThrottlingException, TableWriteKeyRangeThroughputExceeded of ${TABLE}`,
    ],
    [
      'an index that falls behind',
      () => throttledBecause('IndexWriteKeyRangeThroughputExceeded', `${TABLE}/index/DueIndex`),
      `index: ThrottlingException, IndexWriteKeyRangeThroughputExceeded of ${TABLE}/index/DueIndex`,
    ],
    [
      'a quota of the account',
      () => throttledBecause('TableWriteAccountLimitExceeded', TABLE),
      `quota: ThrottlingException, TableWriteAccountLimitExceeded of ${TABLE}`,
    ],
    [
      'the limit that the table was given',
      () => throttledBecause('TableWriteMaxOnDemandThroughputExceeded', TABLE),
      `quota: ThrottlingException, TableWriteMaxOnDemandThroughputExceeded of ${TABLE}`,
    ],
    [
      'an item of a transaction, beside a conflict',
      (sent) => together(cancelled(sent, 0, 'TransactionConflict'), cancelled(sent, 1, 'ThrottlingError')),
      'throttled: ThrottlingError Throughput exceeds the current capacity',
    ],
    [
      'a failure of DynamoDB’s',
      () => exception('InternalServerError', 500),
      'unavailable: InternalServerError',
    ],
  ];
  it.each(causes)('is in the error: %s', async (_what, injector, cause) => {
    table.proxy().inject(injector);
    // Short, so that a process which tries for longer is found out soon.
    const context = request(someUser(), NOW, { deadline: timeOfRequest(5_000) });
    const busy = writeLetter(table.faultyStore(), context);
    await expect(busy).rejects.toMatchObject({ name: 'BusyError', cause: { message: cause } });
    expect(table.proxy().requests()).toEqual({ TransactWriteItems: 4 });
  });

  it('is in the error: conflicts, until the deadline', async () => {
    table.proxy().inject((sent) => cancelled(sent, 1, 'TransactionConflict'));
    const busy = writeLetter(table.faultyStore(), request(someUser(), NOW, { deadline: deadlineIn(700) }));
    await expect(busy).rejects.toMatchObject({ name: 'BusyError', cause: { message: 'conflict' } });
    expect(table.proxy().requests()['TransactWriteItems']).toBeGreaterThan(4);
  });

  it('is counted for the alarms', async () => {
    const stdout = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    Object.assign(process.env, { POSTAGE_STAGE: 'prod', POWERTOOLS_METRICS_DISABLED: 'false' });
    table.proxy().inject(() => throttledBecause('TableWriteAccountLimitExceeded', TABLE));
    await expect(writeLetter(table.faultyStore(), request(someUser(), NOW))).rejects.toThrow(BusyError);
    const [line] = stdout.mock.calls.map(([text]): unknown => JSON.parse(String(text)));
    stdout.mockRestore();
    delete process.env['POSTAGE_STAGE'];
    expect(line).toMatchObject({ stage: 'prod', TableBusyQuotas: 1 });
  });
});

/** One answer that names what two name. */
function together(one: Fault, other: Fault): Fault {
  const text = (fault: Fault): { CancellationReasons: { Code: string }[] } =>
    JSON.parse(JSON.stringify('body' in fault ? fault.body : {})) as ReturnType<typeof text>;
  const reasons = text(other).CancellationReasons.map((reason, place) =>
    reason.Code === 'None' ? text(one).CancellationReasons[place] : reason,
  );
  return { fault: 'answer', status: 400, body: { ...text(other), CancellationReasons: reasons } };
}

describe('retrying', () => {
  /** A clock by numbers: each try takes all the time that it is given, each pause none. */
  async function triesWithin(totalMs: number, attempt: () => unknown): Promise<unknown[]> {
    let remainingMs = totalMs;
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    const patience = retrying({ remainingMs: () => remainingMs }, async () => {
      remainingMs -= timeout.mock.lastCall?.[0] ?? 0;
      return attempt();
    });
    await expect(patience).rejects.toThrow(BusyError);
    return timeout.mock.calls.flat();
  }

  it('spends 20 s on tries of at most 3 s, and never more than what is left', async () => {
    const tries = await triesWithin(20_000, () => TRY_AGAIN);
    expect(tries).toEqual([3_000, 3_000, 3_000, 3_000, 3_000, 3_000, 2_000]);
  });

  it('gives a DynamoDB that is silent four tries', async () => {
    const tries = await triesWithin(20_000, () => {
      throw Object.assign(new Error(), { name: 'TimeoutError' });
    });
    expect(tries).toEqual([3_000, 3_000, 3_000, 3_000]);
  });

  it('spends the tokens of the process, and gets back those of what succeeded', async () => {
    const tokens = new RetryTokens();
    const failing = (): never => {
      throw Object.assign(new Error(), { name: 'ThrottlingException' });
    };
    const until = async (succeedsAt: number): Promise<number> => {
      let tries = 0;
      await retrying(
        timeOfRequest(),
        async () => ((tries += 1) === succeedsAt ? null : failing()),
        tokens,
      ).catch(() => undefined);
      return tries;
    };
    await Promise.all(Array.from({ length: 33 }, () => until(5)));
    // 500 tokens less 33 times three repetitions at 5.
    expect(tokens.take(6)).toBe(false);
    expect(await until(2)).toBe(2);
    expect(await until(5)).toBe(2);
    expect(await until(5)).toBe(1);
  });
});

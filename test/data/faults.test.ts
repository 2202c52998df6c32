import { beforeEach, describe, expect, it } from '@jest/globals';
import { deadlineIn } from '../../lambdas/runtime/deadline.ts';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { applySubscription } from '../../lambdas/commands/apply-subscription.ts';
import { deleteLetter } from '../../lambdas/letters/commands/delete-letter.ts';
import { getLetter } from '../../lambdas/letters/adapters/records.ts';
import { BusyError, PROCESS_TOKENS, RetryTokens } from '../../lambdas/adapters/dynamodb/retry.ts';
import { RejectedTransactionError } from '../../lambdas/adapters/dynamodb/transact.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { active, at, availableTo } from '../support/accounts.ts';
import {
  cancelled,
  exception,
  type Fault,
  type Injector,
  isTransaction,
  randomFaults,
} from '../support/faulty-dynamodb.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { plentyOfTime, timeOfRequest } from '../support/table.ts';
import {
  countOf,
  expectClosedBooks,
  givenPlan,
  givenSubscriberWithLetter,
  itemsOf,
  request,
  scheduleMail,
  someUser,
  storedAccount,
  writeLetter,
} from '../support/users.ts';

const table = useFaultyTable();
const NOW = '2026-03-10';
/** How much later a machine may be that is busy with other tests; less than the 3 s of a try. */
const BUSY_MACHINE_MS = 2_000;
beforeEach(() => {
  PROCESS_TOKENS.giveBack(RetryTokens.MOST);
});

const PRO = active({ plan: 'pro', anchor: '2026-03-01' });

/** A user with one credit left, and a letter to send. */
async function givenLastCredit(): Promise<{ userId: string; letterId: string }> {
  const user = await givenSubscriberWithLetter(table.store(), PRO, NOW);
  await scheduleMail(table.store(), request(user.userId, NOW), user.letterId);
  return user;
}

/** What happens to the first transaction; the others pass. */
function firstTransaction(faultOf: Injector): Injector {
  let isFirst = true;
  return (dynamoDbRequest) => {
    const isChosen = isFirst && isTransaction(dynamoDbRequest);
    isFirst &&= !isChosen;
    return isChosen ? faultOf(dynamoDbRequest) : null;
  };
}

/**
 * A client that is told to come back does so, with its key, and each request has its own time. In one process the requests
 * share its tokens.
 */
async function untilAnswered<Answer>(
  context: CommandContext,
  ask: (context: CommandContext) => Promise<Answer>,
): Promise<Answer> {
  return ask({ ...context, deadline: timeOfRequest() }).catch(async (error: unknown) => {
    expect(error).toBeInstanceOf(BusyError);
    return untilAnswered(context, ask);
  });
}

describe('500 requests for the last credit, on a bad day', () => {
  it.each([1, 2])(
    'G1, G2, G3: with 25% conflicts and 5% of answers lost there is one winner, and the books add up (seed %i)',
    async (seed) => {
      const { userId, letterId } = await givenLastCredit();
      const requests = Array.from({ length: 500 }, () => request(userId, NOW));
      table.proxy().inject(randomFaults(seed, { conflicts: 0.25, lostAnswers: 0.05 }));
      const answers = await Promise.all(
        requests.map((context) =>
          untilAnswered(context, (again) => scheduleMail(table.faultyStore(), again, letterId)),
        ),
      );
      table.proxy().reset();
      // A winner whose answer was lost asks again by itself, and is answered from its record.
      const winners = answers.flatMap((answer) =>
        answer.outcome === 'created' || answer.outcome === 'replayed' ? [answer.record.id] : [],
      );
      expect(winners).toHaveLength(1);
      expect(answers.filter(({ outcome }) => outcome === 'refused')).toHaveLength(499);
      const items = await itemsOf(table.store(), userId);
      expect(items.has(`DELIVERY#${String(winners[0])}`)).toBe(true);
      expect([countOf(items, 'DELIVERY'), countOf(items, 'LEDGER')]).toEqual([2, 3]);
      expect(items.get(`LETTER#${letterId}`)?.['openDeliveries']).toHaveProperty('size', 2);
      expect(availableTo(await storedAccount(table.store(), userId))).toBe(0);
      await expectClosedBooks(table.store(), userId, NOW);
    },
  );

  it('G2: 100 requests, each sent twice with its key, when every second answer is lost', async () => {
    const userId = someUser();
    const enterprise = active({ plan: 'enterprise', anchor: '2026-03-01' });
    await givenPlan(table.store(), userId, enterprise, NOW);
    const requests = Array.from({ length: 100 }, () => request(userId, NOW));
    table.proxy().inject(randomFaults(3, { lostAnswers: 0.5, conflicts: 0.1, throttled: 0.1 }));
    await Promise.all(
      [...requests, ...requests].map((context) =>
        untilAnswered(context, (again) => writeLetter(table.faultyStore(), again)),
      ),
    );
    expect(countOf(await itemsOf(table.store(), userId), 'LETTER')).toBe(100);
    expect((await storedAccount(table.store(), userId)).meters['letters']?.used).toBe(100);
  });
});

describe('a slow DynamoDB', () => {
  it('lets no request wait for another’s connection', async () => {
    const { userId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const COUNT = 200;
    const everybody = Promise.withResolvers<null>();
    table.proxy().inject(() => {
      if (table.proxy().requests()['TransactWriteItems'] === COUNT) {
        everybody.resolve(null);
      }
      return { fault: 'wait', until: () => everybody.promise };
    });
    await Promise.all(
      Array.from({ length: COUNT }, () => writeLetter(table.faultyStore(), request(userId, NOW))),
    );
    expect(table.proxy().requests()).toEqual({ TransactWriteItems: COUNT });
    expect((await storedAccount(table.store(), userId)).meters['letters']?.used).toBe(COUNT + 1);
  });
});

describe('one fault, once', () => {
  const lost: [string, Fault][] = [
    ['the answer is lost after the write took effect', { fault: 'lose the answer' }],
    ['the answer is cut off after the write took effect', { fault: 'cut the answer' }],
  ];
  it.each(lost)(
    'G2, G3: when %s, the write counts once and its record is the answer',
    async (_what, fault) => {
      const { userId, letterId } = await givenLastCredit();
      table.proxy().inject(firstTransaction(() => fault));
      const mail = request(userId, NOW);
      expect(await scheduleMail(table.faultyStore(), mail, letterId)).toMatchObject({
        outcome: 'replayed',
        record: { id: mail.id, status: 'scheduled', paidWith: 'credit' },
      });
      expect(table.proxy().requests()).toEqual({ TransactWriteItems: 2 });
      await expectClosedBooks(table.store(), userId, NOW);
    },
  );

  it('G2, G7: the same holds when the lost write has rolled the account forward', async () => {
    const { userId, letterId } = await givenLastCredit();
    let transactions = 0;
    table.proxy().inject((sent) => {
      transactions += isTransaction(sent) ? 1 : 0;
      return transactions === 2 ? { fault: 'lose the answer' } : null;
    });
    const mail = request(userId, '2026-04-01');
    expect(await scheduleMail(table.faultyStore(), mail, letterId)).toMatchObject({ outcome: 'replayed' });
    expect(availableTo(await storedAccount(table.store(), userId))).toBe(1);
    await expectClosedBooks(table.store(), userId, '2026-04-01');
  });

  const transient: [string, Injector][] = [
    ['a conflict on the record', (sent) => cancelled(sent, 0, 'TransactionConflict')],
    ['a conflict on the account', (sent) => cancelled(sent, 1, 'TransactionConflict')],
    ['a conflict on the letter', (sent) => cancelled(sent, 2, 'TransactionConflict')],
    ['a conflict on the ledger', (sent) => cancelled(sent, 3, 'TransactionConflict')],
    ['a throttled item', (sent) => cancelled(sent, 1, 'ThrottlingError')],
    ['a partition without capacity', (sent) => cancelled(sent, 3, 'ProvisionedThroughputExceeded')],
    ['throttling', () => exception('ThrottlingException')],
    ['a table without capacity', () => exception('ProvisionedThroughputExceededException')],
    ['an account’s request limit', () => exception('RequestLimitExceeded')],
    ['a failure of DynamoDB’s', () => exception('InternalServerError', 500)],
    [
      'an answer that is not DynamoDB’s',
      () => ({ fault: 'answer', status: 503, body: '<h1>Try later</h1>' }),
    ],
  ];
  it.each(transient)('G12: %s never reaches the user', async (_what, faultOf) => {
    const { userId, letterId } = await givenLastCredit();
    table.proxy().inject(firstTransaction(faultOf));
    const mail = request(userId, NOW);
    expect(await scheduleMail(table.faultyStore(), mail, letterId)).toMatchObject({ outcome: 'created' });
    expect(table.proxy().requests()).toEqual({ TransactWriteItems: 2 });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  const lasting: [string, Injector, string][] = [
    ['a request that is wrong', () => exception('ValidationException'), 'ValidationException'],
    ['a right that is missing', () => exception('AccessDeniedException'), 'AccessDeniedException'],
  ];
  it.each(lasting)('G3: %s is not repeated, and nothing is written', async (_what, faultOf, name) => {
    const { userId, letterId } = await givenLastCredit();
    const before = await itemsOf(table.store(), userId);
    table.proxy().inject(faultOf);
    await expect(scheduleMail(table.faultyStore(), request(userId, NOW), letterId)).rejects.toMatchObject({
      name,
    });
    expect(table.proxy().requests()).toEqual({ TransactWriteItems: 1 });
    expect(await itemsOf(table.store(), userId)).toEqual(before);
  });

  it('reports a partition that has grown past its limit as what it is', async () => {
    const user = someUser();
    table.proxy().inject((sent) => {
      const fault = cancelled(sent, 0, 'ThrottlingError');
      return JSON.parse(
        JSON.stringify(fault).replaceAll('ThrottlingError', 'ItemCollectionSizeLimitExceeded'),
      ) as Fault;
    });
    await expect(writeLetter(table.faultyStore(), request(user, NOW))).rejects.toThrow(
      RejectedTransactionError,
    );
  });

  it('a deletion whose answer was lost is a deletion', async () => {
    const { userId, letterId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    table.proxy().inject(firstTransaction(() => ({ fault: 'lose the answer' })));
    const remove = () =>
      deleteLetter(table.faultyStore(), userId, letterId, at('2026-03-11'), plentyOfTime());
    expect(await remove()).toEqual({ outcome: 'deleted' });
    const later = await deleteLetter(table.store(), userId, letterId, at('2026-03-12'), plentyOfTime());
    expect(later).toEqual({ outcome: 'missing' });
  });

  it('G10: a subscription whose answer was lost is written once', async () => {
    const { userId } = await givenSubscriberWithLetter(table.store(), PRO, NOW);
    const enterprise = active({ plan: 'enterprise', anchor: '2026-03-05' });
    table.proxy().inject(firstTransaction(() => ({ fault: 'lose the answer' })));
    await givenPlan(table.faultyStore(), userId, enterprise, NOW);
    const account = await storedAccount(table.store(), userId);
    expect([account.plan, availableTo(account), account.credits.granted]).toEqual(['enterprise', 10, 12]);
    expect(countOf(await itemsOf(table.store(), userId), 'PERIOD')).toBe(1);
    await expectClosedBooks(table.store(), userId, NOW);
  });
});

describe('faults that do not end', () => {
  /** Everything that reads or writes, each within the deadline that it is given. */
  const commands: [string, (context: CommandContext) => Promise<unknown>][] = [
    ['a letter', async (context) => writeLetter(table.faultyStore(), context)],
    [
      'reading the account',
      async ({ userId, now, deadline }) => readAccount(table.faultyStore(), userId, now, deadline),
    ],
    [
      'reading a letter',
      async ({ userId, id, deadline }) => getLetter(table.faultyStore(), userId, id, deadline),
    ],
    [
      'a subscription',
      async ({ userId, now, deadline }) => {
        const event = { id: 'evt_1', type: 'test', outcome: 'followed', at: now };
        const chosen = { facts: PRO, hadSubscription: true };
        return applySubscription(table.faultyStore(), { userId, billingVersion: 1, chosen, event }, deadline);
      },
    ],
  ];
  it.each(commands)('is busy after four tries, and writes nothing: %s', async (_what, command) => {
    const userId = someUser();
    table.proxy().inject(() => exception('ThrottlingException'));
    await expect(command(request(userId, NOW))).rejects.toThrow(BusyError);
    const [tries = 0, ...others] = Object.values(table.proxy().requests());
    // A letter and its text are read at the same time.
    expect(tries).toBeGreaterThanOrEqual(4);
    expect([tries, ...others]).toEqual([Math.min(tries, 8)]);
    expect(await itemsOf(table.store(), userId)).toEqual(new Map());
  });

  it('G2: conflicts that never end make a request busy in time, and repeating it with its key is safe', async () => {
    const { userId, letterId } = await givenLastCredit();
    table.proxy().inject((sent) => cancelled(sent, 1, 'TransactionConflict'));
    const mail = request(userId, NOW, { deadline: deadlineIn(1_500) });
    const begun = performance.now();
    await expect(scheduleMail(table.faultyStore(), mail, letterId)).rejects.toThrow(BusyError);
    expect(performance.now() - begun).toBeLessThan(BUSY_MACHINE_MS + 1_500);
    // Jitter that grows: not a storm of requests, and not a nap either.
    const tries = table.proxy().requests()['TransactWriteItems'] ?? 0;
    expect(tries).toBeGreaterThanOrEqual(4);
    expect(tries).toBeLessThanOrEqual(60);
    table.proxy().reset();
    const again = { ...mail, deadline: plentyOfTime() };
    expect(await scheduleMail(table.faultyStore(), again, letterId)).toMatchObject({ outcome: 'created' });
    expect(await scheduleMail(table.faultyStore(), again, letterId)).toMatchObject({ outcome: 'replayed' });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('G2: when every write takes effect and no answer arrives, the repetition finds it done', async () => {
    const { userId, letterId } = await givenLastCredit();
    table.proxy().inject(() => ({ fault: 'lose the answer' }));
    const mail = request(userId, NOW, { deadline: deadlineIn(500) });
    await expect(scheduleMail(table.faultyStore(), mail, letterId)).rejects.toThrow(BusyError);
    table.proxy().reset();
    const again = { ...mail, deadline: plentyOfTime() };
    expect(await scheduleMail(table.faultyStore(), again, letterId)).toMatchObject({ outcome: 'replayed' });
    await expectClosedBooks(table.store(), userId, NOW);
  });

  it('gives up on a DynamoDB that hangs after 3 s, and tries again', async () => {
    const { userId, letterId } = await givenLastCredit();
    table.proxy().inject(firstTransaction(() => ({ fault: 'hang' })));
    const begun = performance.now();
    const mail = request(userId, NOW);
    expect(await scheduleMail(table.faultyStore(), mail, letterId)).toMatchObject({ outcome: 'created' });
    expect(performance.now() - begun).toBeGreaterThan(2_900);
    expect(performance.now() - begun).toBeLessThan(BUSY_MACHINE_MS + 3_000);
  });

  it('is busy in time when DynamoDB never answers, or is not there', async () => {
    const { userId, letterId } = await givenLastCredit();
    const before = await itemsOf(table.store(), userId);
    table.proxy().inject(() => ({ fault: 'hang' }));
    const begun = performance.now();
    const mail = request(userId, NOW, { deadline: deadlineIn(700) });
    await expect(scheduleMail(table.faultyStore(), mail, letterId)).rejects.toThrow(BusyError);
    expect(performance.now() - begun).toBeLessThan(BUSY_MACHINE_MS + 700);
    expect(await itemsOf(table.store(), userId)).toEqual(before);
  });
});

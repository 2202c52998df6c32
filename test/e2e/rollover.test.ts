import { describe, expect, it } from '@jest/globals';
import { setTimeout as wait } from 'node:timers/promises';
import { type Instant, toIso } from '../../lambdas/domain/instants.ts';
import { anchorWithBoundaryAt, givenLetter, givenSubscriber, schedule } from './support/deeds.ts';
import { eventually } from './support/eventually.ts';
import { ask, expectAnswer, get, membersOf } from './support/http.ts';
import type { Person } from './support/people.ts';
import { useWorld } from './support/use-world.ts';
import type { User } from './support/world.ts';

const world = useWorld();

/** A Pro user who has used up a period that ends at the instant. */
async function givenPeriodUsedUp(person: Person, endsAt: Instant): Promise<User & { letterId: string }> {
  const anchor = anchorWithBoundaryAt(endsAt);
  const user = await givenSubscriber(world(), person, { plan: 'pro', anchor });
  const letterId = await givenLetter(world(), user);
  for (let count = 1; count <= 2; count += 1) {
    expectAnswer(await schedule(world(), user, letterId, 'mail'), 201);
  }
  expectAnswer(await schedule(world(), user, letterId, 'mail'), 402, { resetsAt: toIso(endsAt) });
  return { ...user, letterId };
}

/** Runs the rollover by its route. A run that takes longer than the route waits is asked for by its id. */
async function rollOver(at: Instant): Promise<Record<string, unknown>> {
  const secret = { token: world().cronSecret };
  const answer = await ask(world(), `POST /cron/rollover-usage?at=${toIso(at)}`, secret);
  if (answer.status !== 202) {
    expectAnswer(answer, 200);
    return answer.body;
  }
  return eventually('an end of the run', async () => {
    const run = await ask(world(), `GET /cron/executions/${String(answer.body['executionId'])}`, secret);
    const { status, result } = run.body;
    return status === 'running' ? null : membersOf(result);
  });
}

/** When the period that the table holds as the open one began. */
async function storedPeriodStart({ userId }: User): Promise<Instant | null> {
  const account = await world().storedAccount(userId);
  return account?.kind === 'account' ? account.periodStart : null;
}

describe('the rollover', () => {
  it('G7: is not waited for: when the period has ended, its credits are back', async () => {
    // Late enough to use the period up before.
    const endsAt = (await world().now()) + 15_000;
    const user = await givenPeriodUsedUp('proRenewer', endsAt);
    await wait(endsAt - (await world().now()) + 1_000);
    expect(await get(world(), '/credits', user.token)).toMatchObject({ available: 2, expired: 0 });
    expectAnswer(await schedule(world(), user, user.letterId, 'mail'), 201, { paidWith: 'credit' });
    expect(await get(world(), '/usage/history?periods=1', user.token)).toMatchObject({
      periods: [{ lettersCreated: 1, emailsSent: 0, mailsSent: 2, mailCreditsUsed: 2 }],
    });
    expect(await get(world(), '/usage', user.token)).toMatchObject({
      period: toIso(endsAt),
      usage: { lettersCreated: 0, mailsSent: 1, mailCreditsRemaining: 1 },
    });
  });

  it('G5: closes what has ended when its route is called, and nothing the second time', async () => {
    const endsAt = (await world().now()) + 60_000;
    const user = await givenPeriodUsedUp('proRolled', endsAt);

    const run = await rollOver(endsAt);
    expect(run).toMatchObject({ errorCount: 0, errorRate: 0 });
    expect(run['totalProcessed']).toBeGreaterThanOrEqual(1);
    expect(run['successCount']).toBe(run['totalProcessed']);
    expect(await storedPeriodStart(user)).toBe(endsAt);

    const told = async (): Promise<unknown[]> =>
      Promise.all(
        ['/usage/history', '/credits', '/credits/ledger'].map((path) => get(world(), path, user.token)),
      );
    const [history, credits, ledger] = await told();
    const used = { lettersCreated: 1, mailsSent: 2, mailCreditsUsed: 2 };
    expect(history).toMatchObject({ periods: [used, { lettersCreated: 0 }] });
    expect(credits).toMatchObject({ available: 2, granted: 4, used: 2, expired: 0 });
    const kinds = ['allowance', 'use', 'use', 'allowance'].map((kind) => ({ kind }));
    expect(ledger).toMatchObject({ items: kinds });

    await rollOver(endsAt);
    expect(await told()).toEqual([history, credits, ledger]);
  });

  it('needs its secret', async () => {
    const { token } = await world().meet('freeVisitor');
    for (const given of [{}, { token: 'not-the-secret' }, { token }]) {
      for (const request of [
        'POST /cron/rollover-usage',
        'GET /cron/rollover-usage',
        'GET /cron/executions/1',
      ]) {
        expectAnswer(await ask(world(), request, given), 401, { code: 'unauthenticated' });
      }
    }
    const unknown = await ask(world(), 'GET /cron/executions/no-such-run', { token: world().cronSecret });
    expectAnswer(unknown, 404, { code: 'not_found' });
  });

  // The last one: on this machine it moves the clock.
  it('is started at night by its schedule', async () => {
    const endsAt = (await world().now()) + 60_000;
    const user = await givenPeriodUsedUp('proNightly', endsAt);
    await world().startNight(endsAt);
    const rolled = async (): Promise<true | null> =>
      (await storedPeriodStart(user)) === endsAt ? true : null;
    expect(await eventually('a new period', rolled)).toBe(true);
  });
});

import { afterAll, describe, expect, it } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import { fileURLToPath } from 'node:url';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { giveBackUsage } from '../../lambdas/commands/give-back-usage.ts';
import { proveLedgerOf } from '../../lambdas/commands/prove-ledger.ts';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { viewAccount } from '../../lambdas/domain/account-view.ts';
import {
  type Catalogue,
  type CatalogueFile,
  catalogueOf,
  plansOnSale,
} from '../../lambdas/domain/catalogue.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { type Counts } from '../../lambdas/domain/usage.ts';
import { catalogue as calls } from '../../examples/calls/postage.config.ts';
import { catalogue as letters } from '../../examples/letters/postage.config.ts';
import { catalogue as pictures } from '../../examples/pictures/postage.config.ts';
import { type Applied, applyToAll } from '../../local/apply-catalogue.ts';
import { createTable } from '../../local/create-table.ts';
import { localSubscription } from '../../local/local-subscription.ts';
import { active, at, givenSubscriber } from '../support/accounts.ts';
import { lettersWithMore } from '../support/catalogues.ts';
import { mapConcurrently } from '../../lambdas/runtime/concurrency.ts';
import { useFaultyTable } from '../support/faulty-table.ts';
import { putAccounts, rollEverything } from '../support/rollovers.ts';
import { plentyOfTime } from '../support/table.ts';
import {
  givenPlan,
  itemsOf,
  putTombstone,
  request,
  storedAccount,
  tallyOf,
  using,
} from '../support/users.ts';

const table = useFaultyTable();
const NOW = at('2026-03-10');
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });
/** More with the variable, to measure memory by hand. */
const MANY = Number(process.env['MANY_ACCOUNTS'] ?? 300);

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) {
    child.kill('SIGKILL');
  }
});

/** A table of its own, through the proxy on which things go wrong. */
async function emptyStore(catalogue: Catalogue): Promise<Store> {
  const store = { ...table.faultyStore(), table: `postage-test-${randomUUID()}`, catalogue };
  await createTable(store.client, store.table);
  return store;
}

async function givenAccounts(store: Store, count: number): Promise<string[]> {
  const userIds = Array.from({ length: count }, () => randomUUID());
  const subscriber = givenSubscriber(PRO, '2026-03-10');
  await putAccounts(
    store,
    userIds.map((userId) => ({ ...subscriber, userId, version: 1 })),
  );
  return userIds;
}

async function applyAll(store: Store): Promise<Applied[]> {
  const all: Applied[] = [];
  for await (const { results } of applyToAll(store, NOW)) {
    all.push(...results);
  }
  return all;
}

/** Each of them has been written once, with one movement, and its credits add up. */
async function expectChangedOnce(store: Store, userIds: readonly string[]): Promise<void> {
  await mapConcurrently(userIds, 16, async (userId) => {
    const items = await itemsOf(store, userId);
    expect([...items.keys()].map((key) => key.split('#')[0])).toEqual(['ACCOUNT', 'LEDGER']);
    expect(await storedAccount(store, userId)).toMatchObject({
      version: 2,
      catalogueSince: store.catalogue.since,
      creditsPerPeriod: 5,
      credits: { included: 5, granted: 5 },
    });
  });
}

interface PageReport {
  changed: number;
  others: number;
  heapBytes: number;
}

/** Applies in a process of its own, which is killed once so many requests have begun. */
async function applyInChild(store: Store, killAfter = Infinity): Promise<PageReport & { signal: unknown }> {
  const script = fileURLToPath(new URL('../support/apply-in-child.ts', import.meta.url));
  const args = ['--expose-gc', script, table.proxy().endpoint, store.table, String(NOW)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  let requests = 0;
  table.proxy().inject(({ operation }) => {
    requests += Number(operation === 'TransactWriteItems');
    if (requests >= killAfter) {
      child.kill('SIGKILL');
    }
    return null;
  });
  const total = { changed: 0, others: 0, heapBytes: 0 };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const page = JSON.parse(line) as PageReport;
    total.changed += page.changed;
    total.others += page.others;
    total.heapBytes = Math.max(total.heapBytes, page.heapBytes);
  });
  const [, signal] = (await once(child, 'close')) as [number | null, string | null];
  table.proxy().reset();
  return { ...total, signal };
}

describe('a catalogue that is carried out at once', () => {
  it('G14: killed at a random moment and started again, it changes every account once', async () => {
    const store = await emptyStore(lettersWithMore(NOW));
    const userIds = await givenAccounts(store, MANY);
    const killed = await applyInChild(store, randomInt(MANY / 20, MANY / 2));
    expect(killed.signal).toBe('SIGKILL');
    const run = await applyInChild(store);
    expect(run.changed).toBeGreaterThan(0);
    expect(run.changed).toBeLessThan(MANY);
    expect(run.changed + run.others).toBe(MANY);
    await expectChangedOnce(store, userIds);
    if (MANY > 300) {
      process.stderr.write(`${String(MANY)} accounts: ${String(run.heapBytes)} bytes held.\n`);
    }
  }, 600_000);

  it('G14: whatever answers are lost, it changes every account once', async () => {
    const store = await emptyStore(lettersWithMore(NOW));
    const userIds = await givenAccounts(store, 60);
    table
      .proxy()
      .inject(({ operation }) =>
        operation === 'TransactWriteItems' && randomInt(3) === 0 ? { fault: 'lose the answer' } : null,
      );
    await applyAll(store);
    await expectChangedOnce(store, userIds);
    expect(tallyOf(await applyAll(store))).toEqual({ left: 60 });
  });

  it('the ledger of an account holds; one that is erased or can’t be read stops nobody', async () => {
    const former = await emptyStore(catalogueOf(letters, NOW - DAY_MS));
    const [paying, free, erased, broken] = ['paying', 'free', 'erased', 'broken'];
    await givenPlan(former, paying, PRO, NOW);
    await trackConsumption(former, request(free, NOW), using({ letters: 2 }));
    await putTombstone(former, erased);
    await putAccounts(former, [
      {
        ...givenSubscriber(PRO, '2026-03-10'),
        userId: broken,
        credits: { ...(await storedAccount(former, free)).credits, granted: 7 },
      },
    ]);
    const store = { ...former, catalogue: lettersWithMore(NOW) };
    const results = await applyAll(store);
    expect(tallyOf(results)).toEqual({ changed: 2, erased: 1, failed: 1 });
    expect(results.find(({ outcome }) => outcome === 'failed')).toMatchObject({ userId: broken });
    for (const userId of [paying, free]) {
      expect(await proveLedgerOf(store, `USER#${userId}`, plentyOfTime())).toMatchObject({ holds: true });
    }
    expect((await storedAccount(store, free)).meters['letters']).toMatchObject({ used: 2, limit: 5 });
  });
});

interface App {
  name: string;
  file: CatalogueFile;
  consume: Counts;
  release: Counts;
}

const APPS: App[] = [
  { name: 'letters', file: letters, consume: { letters: 2 }, release: {} },
  { name: 'pictures', file: pictures, consume: { images: 1, seats: 1 }, release: { seats: 1 } },
  { name: 'calls', file: calls, consume: { calls: 3 }, release: {} },
];

const CHANGES = APPS.flatMap((from) =>
  APPS.filter((to) => to !== from).map((to): [string, App, App] => [
    `from ${from.name} to ${to.name}`,
    from,
    to,
  ]),
);

function storeOf(store: Store, { file }: App, since: Instant): Store {
  return { ...store, catalogue: catalogueOf(file, since) };
}

const [FREE, SUBSCRIBED] = ['free', 'subscribed'];
const USERS = [FREE, SUBSCRIBED];

async function subscribe(store: Store, userId: string, which: number, now: Instant): Promise<void> {
  const plan = plansOnSale(store.catalogue).at(which) ?? '';
  await givenPlan(
    store,
    userId,
    localSubscription(userId, { plan, interval: 'month', anchor: at('2026-03-01') }),
    now,
  );
}

/** Reads an account, uses it, releases and gives back; every answer is an accepted one. */
async function expectServed(store: Store, userId: string, app: App, now: Instant): Promise<void> {
  const { account } = await readAccount(store, userId, now, plentyOfTime());
  const shown = viewAccount(account, now, store.catalogue);
  for (const id of Object.keys(app.consume)) {
    expect(shown.meters[id] ?? shown.levels[id]).toBeDefined();
  }
  const used = request(userId, now);
  expect(await trackConsumption(store, used, using(app.consume))).toMatchObject({ outcome: 'created' });
  if (Object.keys(app.release).length > 0) {
    const released = await trackConsumption(store, request(userId, now), {
      consume: {},
      release: app.release,
    });
    expect(released).toMatchObject({ outcome: 'created' });
  }
  const given = await giveBackUsage(store, { userId, id: used.id, now, deadline: plentyOfTime() });
  // Its answer may be lost on a busy machine, so that the next try finds it done.
  expect(['given_back', 'replayed', 'refused']).toContain(given.outcome);
  expect(await proveLedgerOf(store, `USER#${userId}`, plentyOfTime())).toMatchObject({ holds: true });
}

describe('G14: a catalogue that replaces another app’s', () => {
  it.each(CHANGES)('%s breaks no read and no write, whether it is applied or not', async (_, from, to) => {
    for (const isApplied of [false, true]) {
      const empty = await emptyStore(catalogueOf(from.file, 0));
      const before = storeOf(empty, from, 0);
      await subscribe(before, SUBSCRIBED, -1, NOW - DAY_MS);
      for (const userId of USERS) {
        await trackConsumption(before, request(userId, NOW), using(from.consume));
      }
      const after = storeOf(empty, to, NOW);
      if (isApplied) {
        // The catalogue lacks the subscriber's plan: their terms stay.
        expect(tallyOf(await applyAll(after))).toEqual({ changed: 1, left: 1 });
      }
      // The open period: what the account does not know yet is added, and what it has goes on.
      const { account } = await readAccount(after, SUBSCRIBED, NOW, plentyOfTime());
      expect(viewAccount(account, NOW, after.catalogue).plan).toBe(plansOnSale(before.catalogue).at(-1));
      for (const id of Object.keys(from.consume)) {
        expect(account.meters[id]?.used ?? account.levels[id]?.used).toBeGreaterThan(0);
      }
      if (to.name === 'pictures' && !isApplied) {
        // An open period has been granted no credits by what came before, and gets none in its middle.
        const use = trackConsumption(after, request(FREE, NOW + DAY_MS), using(to.consume));
        expect(await use).toMatchObject({ outcome: 'refused', refusal: { refusal: 'insufficient_credits' } });
      } else {
        await expectServed(after, FREE, to, NOW + DAY_MS);
      }
      // An older function is still at work.
      await expectServed(before, SUBSCRIBED, from, NOW + DAY_MS);
      // Rollover, another plan, and a period under it.
      expect(tallyOf(await rollEverything(after, at('2026-04-01')))).toEqual({ rolled: 1 });
      await readAccount(after, SUBSCRIBED, at('2026-04-02'), plentyOfTime());
      await subscribe(after, SUBSCRIBED, 0, at('2026-04-03'));
      for (const userId of USERS) {
        await expectServed(after, userId, to, at('2026-05-02'));
      }
    }
  });
});

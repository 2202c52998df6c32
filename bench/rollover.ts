import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { DeleteTableCommand } from '@aws-sdk/client-dynamodb';
import { type Account } from '../lambdas/domain/account.ts';
import { type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { DAY_MS, toIso } from '../lambdas/domain/instants.ts';
import { active, givenSubscriber } from '../test/support/accounts.ts';
import { putAccounts } from '../test/support/rollovers.ts';
import { median, round } from './statistics.ts';
import { newTable } from './tables.ts';

export interface RolloverResult {
  accounts: number;
  accountsPerSecond: number;
  bareAccountsPerSecond: number;
  /** The rollover's rate beside that of the bare transactions of the same items. */
  ratio: number;
  secondsPerThousand: number;
  peakMemoryMb: number;
}

const BEGIN = Date.UTC(2026, 0, 15);
const NOW = BEGIN + 40 * DAY_MS;

/** A rollover beside the bare transactions of the same items, each in a process of its own, taking turns. */
export async function benchRollover(
  endpoint: string,
  accounts: number,
  rounds: number,
): Promise<RolloverResult> {
  const rolled: Run[] = [];
  const bare: Run[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bare.push(await runInChild(endpoint, 'bare', accounts));
    rolled.push(await runInChild(endpoint, 'rollover', accounts));
  }
  const seconds = median(rolled.map((run) => run.seconds));
  const bareSeconds = median(bare.map((run) => run.seconds));
  return {
    accounts,
    accountsPerSecond: round(accounts / seconds, 0),
    bareAccountsPerSecond: round(accounts / bareSeconds, 0),
    ratio: round(bareSeconds / seconds, 3),
    secondsPerThousand: round((seconds * 1000) / accounts, 2),
    peakMemoryMb: round(Math.max(...rolled.map((run) => run.peakMemoryMb)), 0),
  };
}

interface Run {
  seconds: number;
  peakMemoryMb: number;
}

async function runInChild(endpoint: string, mode: 'rollover' | 'bare', accounts: number): Promise<Run> {
  const warmUp = await tableOf(endpoint, WARM_UP_ACCOUNTS);
  const store = await tableOf(endpoint, accounts);
  const child = new URL('rollover-child.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [
    child,
    endpoint,
    warmUp.table,
    store.table,
    String(NOW),
    mode,
  ]);
  // The engine is slower the more it holds: what one run leaves must not slow the next.
  for (const { client, table } of [warmUp, store]) {
    await client.send(new DeleteTableCommand({ TableName: table }));
    client.destroy();
  }
  return JSON.parse(stdout) as Run;
}

/** What a process rolls before it is measured, so that neither side is measured while it is being compiled. */
const WARM_UP_ACCOUNTS = 500;

async function tableOf(endpoint: string, accounts: number): Promise<Store> {
  const store = await newTable(endpoint);
  await putAccounts(store, dueAccounts(accounts));
  return store;
}

/** Pro accounts with a used credit, whose period has ended. */
function dueAccounts(count: number): Account[] {
  return Array.from({ length: count }, (_, index) => {
    const userId = `bench-${String(index)}`;
    const account = givenSubscriber(active({ anchor: toIso(BEGIN) }), toIso(BEGIN));
    const credits = { ...account.credits, usedThisPeriod: 1, used: 1 };
    return { ...account, userId, version: 2, mailsUsed: 1, credits };
  });
}

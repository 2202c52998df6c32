/** `npm run export`: writes all accounts of a table to a file that `npm run import` takes. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseAccount } from '../lambdas/adapters/dynamodb/account-item.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import type { Account } from '../lambdas/domain/account.ts';
import type { Catalogue } from '../lambdas/domain/catalogue.ts';
import { left } from '../lambdas/domain/credits.ts';
import { sumLots } from '../lambdas/domain/lots.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import { rollForward } from '../lambdas/domain/roll-forward.ts';
import { accountsOf } from './account-keys.ts';
import { runProgram } from './command-line.ts';
import { findTable, timeOf } from './find-table.ts';
import { openStore } from './open-store.ts';
import { UsageError } from './usage-error.ts';

const HELP = `Writes every account of a table to a file, for "npm run import" into another table: each user's customer at Stripe, the
purchased credits that are left, and what they have used in the period that is open and hold.

  npm run export -- users.csv [options]

  --table TABLE    the table of a deployed stack: its output TableName
  --dynamodb URL   a DynamoDB to use (default: DYNAMODB_ENDPOINT)
  --help           shows this

The import finds plans at Stripe. What the file can't hold stays behind: letters, deliveries and other records, closed periods,
credits carried from them, the audit trail, and that a user was erased. Users must change nothing between this and the import.

Without options it takes the running npm start, the latest if there are several. For a table in AWS it uses the region and the
credentials of the environment, which need dynamodb:DescribeTable, dynamodb:Query and dynamodb:Scan on the table. It reads the
table once and writes nothing to it.
`;

interface Totals {
  accounts: number;
  erased: number;
  /** Users with credits carried from closed periods, which the file can't hold, and how many credits these are. */
  carriers: number;
  carried: number;
}

/** The lines of the file, one for each account. @throws BusyError, CorruptItemError */
async function* linesOf(store: Store, now: Instant, totals: Totals): AsyncGenerator<string> {
  const { catalogue } = store;
  yield lineOf(['user', 'customer', 'balance', ...columnsOf(catalogue).map(({ name }) => name)]);
  for await (const { accounts } of accountsOf(store)) {
    for (const state of accounts.map(parseAccount)) {
      if (state.kind === 'erased') {
        totals.erased += 1;
        continue;
      }
      const { account } = rollForward(state, now, catalogue);
      const { purchased, lots } = left(account.credits);
      const carried = sumLots(lots);
      totals.accounts += 1;
      totals.carriers += carried > 0 ? 1 : 0;
      totals.carried += carried;
      const counts = columnsOf(catalogue).map(({ countIn }) => countIn(account));
      yield lineOf([account.userId, account.customerId ?? '', purchased, ...counts]);
    }
  }
}

function columnsOf({ meters, levels }: Catalogue): { name: string; countIn: (account: Account) => number }[] {
  return [
    ...meters.map(({ id }) => ({
      name: `used_${id}`,
      countIn: ({ meters }: Account) => meters[id]?.used ?? 0,
    })),
    ...levels.map(({ id }) => ({
      name: `held_${id}`,
      countIn: ({ levels }: Account) => levels[id]?.used ?? 0,
    })),
  ];
}

/** Ids of users may have commas and quotes. */
function lineOf(values: readonly (string | number)[]): string {
  const shown = values.map((value) =>
    typeof value === 'string' && /[",]/.test(value) ? `"${value.replaceAll('"', '""')}"` : String(value),
  );
  return `${shown.join(',')}\n`;
}

async function exportAll(store: Store, path: string, now: Instant): Promise<Totals> {
  const totals = { accounts: 0, erased: 0, carriers: 0, carried: 0 };
  // It holds users' ids, and replaces no file.
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 });
  try {
    await pipeline(Readable.from(linesOf(store, now, totals)), file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new UsageError(`${path} is there already.`);
    }
    throw error;
  }
  return totals;
}

await runProgram({
  command: 'npm run export',
  help: HELP,
  options: { table: { type: 'string' }, dynamodb: { type: 'string' } },
  argument: 'the file to write',
  run: async ({ table, dynamodb }, path = '') => {
    const found = await findTable(table, dynamodb);
    const store = await openStore(found.table);
    const { accounts, erased, carriers, carried } = await exportAll(store, path, await timeOf(found));
    process.stdout.write(`${path}: ${accounts} accounts. Not in it: ${erased} erased users`);
    process.stdout.write(`, and ${carried} credits that ${carriers} users have carried over.\n`);
    return 0;
  },
});

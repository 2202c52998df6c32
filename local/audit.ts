/** `npm run audit`: proves the books of every account in a table. */
import { mapConcurrently } from '../lambdas/runtime/concurrency.ts';
import { CorruptItemError } from '../lambdas/adapters/dynamodb/items.ts';
import { proveLedgerOf } from '../lambdas/commands/prove-ledger.ts';
import { BusyError } from '../lambdas/adapters/dynamodb/retry.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { countAccounts, pagesOfAccounts } from './account-keys.ts';
import { runProgram } from './command-line.ts';
import { findTable } from './find-table.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { startProgressBar } from './progress-bar.ts';
import { openStore } from './open-store.ts';

const HELP = `Adds up the ledger of every account, erased users' included, and compares it with the account.

  npm run audit -- [options]

  --table TABLE    the table of a deployed stack: its output TableName
  --dynamodb URL   a DynamoDB to use (default: DYNAMODB_ENDPOINT)
  --help           shows this

Without options it takes the running npm start, the latest if there are several. For a table in AWS it uses the region
and the credentials of the environment, which need dynamodb:DescribeTable, dynamodb:Scan, dynamodb:GetItem and
dynamodb:Query on the table. It reads the table about three times and writes nothing. The exit code is 1 when the books
of an account do not hold.
`;

/** The outcome for one account. `gone`: only its tombstone is left. */
type Verdict = { verdict: 'holds' } | { verdict: 'gone' } | { verdict: 'fails'; why: string };

const ACCOUNTS_AT_ONCE = 32;

/** @returns the code to exit with */
async function proveAll(store: Store, name: string): Promise<number> {
  process.stderr.write(`${name}: counting the accounts.\n`);
  const bar = startProgressBar(await countAccounts(store), 'accounts', process.stderr);
  const counts = { holds: 0, gone: 0, fails: 0 };
  for await (const partitions of pagesOfAccounts(store)) {
    await mapConcurrently(partitions, ACCOUNTS_AT_ONCE, async (partition) => {
      const result = await prove(store, partition);
      counts[result.verdict] += 1;
      if (result.verdict === 'fails') {
        tell(`${partition}: ${result.why}`);
      }
      bar.advance(1);
    });
  }
  bar.end();
  const { holds, gone, fails } = counts;
  process.stdout.write(`${holds} ledgers hold, ${fails} do not; erased users: ${gone}.\n`);
  return fails === 0 ? 0 : 1;
}

const PROOF_WITHIN_MS = 60_000;

async function prove(store: Store, partition: string): Promise<Verdict> {
  try {
    const proof = await proveLedgerOf(store, partition, deadlineIn(PROOF_WITHIN_MS));
    if (proof === null) {
      return { verdict: 'gone' };
    }
    const wrong = proof.lines
      .filter(({ account, expected }) => account !== expected)
      .map(({ field, account, expected }) => `${field} is ${account} and should be ${expected}`);
    return proof.holds ? { verdict: 'holds' } : { verdict: 'fails', why: wrong.join('; ') };
  } catch (error) {
    if (error instanceof CorruptItemError) {
      return { verdict: 'fails', why: error.message };
    }
    if (error instanceof BusyError) {
      return { verdict: 'fails', why: 'could not be proven, since writes never paused' };
    }
    throw error;
  }
}

/** Prints a line of its own: on a terminal, the bar is drawn again below it. */
function tell(text: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write('\r\u001b[K');
  }
  process.stdout.write(`${text}\n`);
}

await runProgram({
  command: 'npm run audit',
  help: HELP,
  options: { table: { type: 'string' }, dynamodb: { type: 'string' } },
  run: async ({ table, dynamodb }) => {
    const found = await findTable(table, dynamodb);
    return proveAll(await openStore(found.table), found.name);
  },
});

/** `npm run catalogue`: compares the owner's file with the accounts of a table, and carries it out at once. */
import { recordDiff, recordedCatalogue } from '../lambdas/adapters/dynamodb/catalogue-records.ts';
import { connectTable, type Table } from '../lambdas/adapters/dynamodb/store.ts';
import { type Catalogue, type CatalogueFile, catalogueOf } from '../lambdas/domain/catalogue.ts';
import {
  addToFigures,
  addToSummary,
  type Catalogues,
  diffAccount,
  type DiffFigures,
  type DiffSummary,
  NOTHING_COMPARED,
} from '../lambdas/domain/catalogue-diff.ts';
import { type Instant, toIso } from '../lambdas/domain/instants.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { snapshotOf } from '../lambdas/wiring/catalogue-snapshot.ts';
import { loadConfig } from '../lib/load-config.ts';
import { accountsOf } from './account-keys.ts';
import { applyToAll } from './apply-catalogue.ts';
import { accounts, Check, Failures, readableAccount, summaryLines } from './catalogue-report.ts';
import { assertTable, runProgram, type TableSize } from './command-line.ts';
import { findTable, type FoundTable, timeOf } from './find-table.ts';
import { type ProgressBar, startProgressBar } from './progress-bar.ts';
import { UsageError } from './usage-error.ts';

const WORDS = ['check', 'diff', 'apply'] as const;

const HELP = `Compares a catalogue with the accounts of a table, free ones included.

  npm run catalogue -- check    finds mistakes in the file, plans, meters and levels that accounts have and it lacks,
                                and accounts above 1 kB
  npm run catalogue -- diff     tells what accounts would gain and lose, and when, under the file in place of the
                                catalogue that was deployed
  npm run catalogue -- apply    carries the deployed catalogue out at once, in the open periods; without --yes it only
                                tells what it would do

  --config FILE    the catalogue (default: postage.config.ts)
  --table TABLE    the table of a deployed stack: its output TableName
  --dynamodb URL   a DynamoDB to use (default: DYNAMODB_ENDPOINT)
  --dry-run        changes nothing, even with --yes
  --yes            lets apply change accounts
  --help           shows this

Without a table it takes the running npm start, the latest if there are several. For a table in AWS it uses the region
and the credentials of the environment, which need dynamodb:DescribeTable, dynamodb:Scan and dynamodb:Query on the
table, and for apply also dynamodb:GetItem and dynamodb:PutItem. With dynamodb:PutItem, diff also keeps its figures,
which GET /admin/catalogue shows. It reads the whole table once, and tells first what that costs. apply may be broken off and started again: it changes each account once. The exit
code is 1 when an account failed, or when check finds something that the catalogue lacks.
`;

/** DynamoDB's list price of a million read units on demand in us-east-1, which other regions exceed a little. */
const DOLLARS_PER_MILLION_UNITS = 0.125;
const BYTES_PER_READ_UNIT = 4_096;

interface Task {
  table: Table;
  name: string;
  size: TableSize;
  /** The owner's, as it holds or would hold. */
  catalogue: Catalogue;
  now: Instant;
}

const READS_WITHIN_MS = 20_000;

interface Deployed {
  catalogue: Catalogue;
  /** Whether the owner's file says the same. */
  isTheFile: boolean;
}

/** The catalogue that a table's deployment has recorded. @throws UsageError when there is none */
async function deployedCatalogue(table: Table, file: CatalogueFile): Promise<Deployed> {
  const recorded = await recordedCatalogue(table, deadlineIn(READS_WITHIN_MS));
  if (recorded === null) {
    throw new UsageError(`No catalogue has been deployed with the table ${table.table}. Deploy one first.`);
  }
  return {
    catalogue: catalogueOf(recorded.file, recorded.since),
    isTheFile: snapshotOf(recorded.file).hash === snapshotOf(file).hash,
  };
}

function tell(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** Says what reading all of it costs, before it begins. */
function begin({ name, size }: Task): ProgressBar {
  const units = Math.ceil(size.bytes / BYTES_PER_READ_UNIT);
  const dollars = ((units / 1_000_000) * DOLLARS_PER_MILLION_UNITS).toFixed(4);
  process.stderr.write(
    `${name}: reading ${String(size.items)} items takes about ${String(units)} read units, $${dollars} if a million ` +
      `costs $${String(DOLLARS_PER_MILLION_UNITS)}, as on demand in us-east-1. (DynamoDB counts the size every six hours.)\n`,
  );
  return startProgressBar(size.items, 'items', process.stderr);
}

async function check(task: Task): Promise<number> {
  const bar = begin(task);
  const [found, failures] = [new Check(), new Failures()];
  for await (const page of accountsOf(task.table)) {
    for (const item of page.accounts) {
      const account = readableAccount(item, failures);
      if (account !== null) {
        found.add(account, item, task.catalogue);
      }
    }
    bar.advance(page.scanned);
  }
  bar.end();
  tell(...found.lines(), ...failures.lines());
  return found.isSound && failures.count === 0 ? 0 : 1;
}

async function diff(task: Task, catalogues: Catalogues): Promise<{ code: number; figures: DiffFigures }> {
  const bar = begin(task);
  const summary: DiffSummary = new Map();
  let figures = NOTHING_COMPARED;
  const failures = new Failures();
  for await (const page of accountsOf(task.table)) {
    for (const item of page.accounts) {
      const account = readableAccount(item, failures);
      if (account !== null) {
        const found = diffAccount(account, catalogues, task.now);
        addToSummary(summary, found);
        figures = addToFigures(figures, found);
      }
    }
    bar.advance(page.scanned);
  }
  bar.end();
  tell(...summaryLines(summary), ...failures.lines());
  return { code: failures.count === 0 ? 0 : 1, figures };
}

/** For `GET /admin/catalogue`. Who may only read the table compares all the same. */
async function keepFigures(
  { table, now: at }: Pick<Task, 'table' | 'now'>,
  figures: DiffFigures,
): Promise<void> {
  try {
    await recordDiff(table, { at, ...figures }, deadlineIn(READS_WITHIN_MS));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AccessDeniedException') {
      throw error;
    }
  }
}

async function apply(task: Task): Promise<number> {
  const bar = begin(task);
  const failures = new Failures();
  const counts = { changed: 0, left: 0, erased: 0, failed: 0 };
  for await (const { results, scanned } of applyToAll(
    { ...task.table, catalogue: task.catalogue },
    task.now,
  )) {
    for (const result of results) {
      counts[result.outcome] += 1;
      if (result.outcome === 'failed') {
        failures.add(result.userId, result.error);
      }
    }
    bar.advance(scanned);
  }
  bar.end();
  tell(
    `The catalogue was carried out on ${accounts(counts.changed)}; on ${String(counts.left)} it had been, or it lacks their plan.`,
    ...failures.lines(),
  );
  return failures.count === 0 ? 0 : 1;
}

interface Asked {
  word: string | undefined;
  config: string | undefined;
  isCarriedOut: boolean;
}

async function run(found: FoundTable, { word, config, isCarriedOut }: Asked): Promise<number> {
  const file = (await loadConfig(config)).config.catalogue;
  const table = connectTable(found.table);
  const size = await assertTable(table);
  const now = await timeOf(found);
  const task = { table, name: found.name, size, now };
  if (word === 'check') {
    return check({ ...task, catalogue: catalogueOf(file, now) });
  }
  const { catalogue: from, isTheFile } = await deployedCatalogue(table, file);
  if (word === 'diff') {
    // What is deployed already holds since then, and not from now.
    const to = isTheFile ? from : catalogueOf(file, Math.max(now, from.since + 1));
    const { code, figures } = await diff({ ...task, catalogue: to }, { from, to });
    await keepFigures(task, figures);
    return code;
  }
  if (!isTheFile) {
    throw new UsageError(
      `The file is not the catalogue that was deployed at ${toIso(from.since)}. Deploy it first, then apply it.`,
    );
  }
  const deployed = { ...task, catalogue: from };
  if (isCarriedOut) {
    return apply(deployed);
  }
  const { code } = await diff(deployed, { from, to: from });
  tell('Nothing was changed. What stands under "by apply" is changed with --yes.');
  return code;
}

await runProgram({
  command: 'npm run catalogue',
  help: HELP,
  words: WORDS,
  options: {
    config: { type: 'string' },
    table: { type: 'string' },
    dynamodb: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
  },
  run: async ({ config, table, dynamodb, 'dry-run': isDry, yes }, word) => {
    if (word !== 'apply' && (isDry || yes)) {
      throw new UsageError('--dry-run and --yes belong to apply.');
    }
    const found = await findTable(table, dynamodb);
    return run(found, { word, config, isCarriedOut: yes && !isDry });
  },
});

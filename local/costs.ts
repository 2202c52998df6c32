/** `npm run costs`: what a stage costs a month at AWS, idle and with users. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { ACTS, type Act, type UnitsResult } from './costs/acts.ts';
import { type LoadedConfig, loadConfig } from '../lib/load-config.ts';
import { createPostageApp } from '../lib/postage-app.ts';
import { runProgram } from './command-line.ts';
import { type Cost, type IdleCosts, idleCosts, sumOf, Template } from './costs/idle.ts';
import { ASSUMED, type Habits, isBehindCloudFront, loadCosts, poolIn } from './costs/load.ts';
import { UsageError } from './usage-error.ts';

/** What a user of the letters app might do in a month, on the average; every tenth pays. */
const HABITS: Habits = {
  accountRead: 20,
  consumption: 0,
  creditConsumption: 0,
  letter: 5,
  email: 2,
  mail: 0.2,
  rollover: 0.1,
};
const USERS = [1_000, 100_000, 10_000_000];

const HELP = `Tells what a stage costs a month, by AWS's list prices for us-east-1 (local/costs/price-list.ts).

  npm run costs

What it costs idle comes from the template of the stage. What users cost comes from the units that npm run bench has
measured for each act with all that follows from it, and from how often a user does it in a month:

${ACTS.map((act) => `  --${act} N`.padEnd(26) + String(HABITS[act])).join('\n')}

  --stage STAGE    of the owner's file (default: prod)
  --config FILE    the owner's file (default: postage.config.ts)
  --help           shows this
`;

const Results = z.object({
  result: z.record(
    z.enum(ACTS),
    z.object({ writeUnits: z.number(), readUnits: z.number(), events: z.number() }),
  ),
});

function measuredUnits(): UnitsResult {
  const text = readFileSync(new URL('../bench/results/units.json', import.meta.url), 'utf8');
  return z.parse(Results, JSON.parse(text)).result;
}

/** The template alone: no function is bundled. */
function templateOf(loaded: LoadedConfig, stage: string): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'postage-costs-'));
  try {
    const context = { stage, 'aws:cdk:bundling-stacks': [] };
    const [stack] = createPostageApp(loaded, { outdir, context, checksRules: false }).synth().stacks;
    return z.parse(Template, stack?.template);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

function habitsFrom(values: Partial<Record<Act, string>>): Habits {
  const often = (act: Act): number => {
    const count = Number(values[act] ?? HABITS[act]);
    if (!Number.isFinite(count) || count < 0) {
      throw new UsageError(
        `--${act} says how often a user does it in a month, and is "${values[act] ?? ''}".`,
      );
    }
    return count;
  };
  return {
    accountRead: often('accountRead'),
    consumption: often('consumption'),
    creditConsumption: often('creditConsumption'),
    letter: often('letter'),
    email: often('email'),
    mail: often('mail'),
    rollover: often('rollover'),
  };
}

function dollars(sum: number): string {
  const digits = sum < 100 ? 2 : 0;
  return `$${sum.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

const lines = (costs: readonly Cost[]): string[] =>
  costs.map((cost) => `  ${cost.what.padEnd(44)} ${dollars(cost.dollars).padStart(12)}`);

function idleLines(stage: string, { costs, extras }: IdleCosts): string[] {
  return [
    `${stage}, a month, when nobody uses it`,
    ...lines([...costs, { what: 'together', dollars: sumOf(costs) }]),
    ...(extras.length === 0 ? [] : ['beside it, as the stage has them']),
    ...lines(extras),
  ];
}

function loadLines(units: UnitsResult, habits: Habits, template: Template): string[] {
  const billed = { plan: poolIn(template), isBehindCloudFront: isBehindCloudFront(template) };
  const bills = USERS.map((users) => loadCosts(units, users, habits, billed));
  const row = (what: string, sums: readonly number[]): string =>
    `  ${what.padEnd(20)}${sums.map((sum) => dollars(sum).padStart(14)).join('')}`;
  return [
    `and with users, each of whom does in a month: ${ACTS.map((act) => `${String(habits[act])} ${act}`).join(', ')}`,
    `  ${'users'.padEnd(20)}${USERS.map((users) => users.toLocaleString('en').padStart(14)).join('')}`,
    ...(bills[0] ?? []).map(({ what }, index) =>
      row(
        what,
        bills.map((bill) => bill[index]?.dollars ?? 0),
      ),
    ),
    row('together', bills.map(sumOf)),
    `It takes for granted that AWS bills ${String(ASSUMED.callSeconds * 1_000)} ms and ${String(ASSUMED.callGigabytes * 1_024)} MB for a call of a function, and that a call logs ${String(ASSUMED.logBytesPerCall)} bytes.`,
    'Not in it: what is stored ($0.25 a gigabyte and month, its backup $0.20), Stripe, Lob, tax.',
  ];
}

const number = { type: 'string' } as const;

await runProgram({
  command: 'npm run costs',
  help: HELP,
  options: {
    stage: { type: 'string', default: 'prod' },
    config: { type: 'string' },
    accountRead: number,
    consumption: number,
    creditConsumption: number,
    letter: number,
    email: number,
    mail: number,
    rollover: number,
  },
  run: async ({ stage, config, ...values }) => {
    const habits = habitsFrom(values);
    const template = templateOf(await loadConfig(config), stage);
    const told = [
      ...idleLines(stage, idleCosts(template)),
      '',
      ...loadLines(measuredUnits(), habits, template),
    ];
    process.stdout.write(`${told.join('\n')}\n`);
    return 0;
  },
});

/** `npm run bench`: what Postage costs beside the bare requests that it is made of, measured in one run. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { runProgram } from '../local/command-line.ts';
import { startEngine } from '../local/engine.ts';
import { UsageError } from '../local/usage-error.ts';
import { type Figure, type Part, PARTS } from './parts.ts';

const HELP = `Measures what Postage costs beside the bare requests that it is made of, and writes bench/results.

  npm run bench                      measures all parts, which takes some minutes
  npm run bench -- --only PART …     measures one; may be repeated

${Object.entries(PARTS)
  .map(([name, { title }]) => `  ${name.padEnd(12)}${title}`)
  .join('\n')}

  --help             shows this
`;

const parts = new Map<string, Part>(Object.entries(PARTS));

function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function tellFigure({ name, value, unit = '', goal }: Figure): void {
  const mark = goal === undefined ? ' ' : goal.isReached ? '✓' : '✗';
  const words = goal === undefined ? '' : `(goal: ${goal.words})`;
  tell(`  ${mark} ${name.padEnd(38)} ${String(value).padStart(8)} ${unit.padEnd(6)} ${words}`.trimEnd());
}

async function measure(name: string, { title, measure }: Part, endpoint: string): Promise<void> {
  tell(`${title} …`);
  const measured = await measure(endpoint);
  if ('lacks' in measured) {
    tell(`  Skipped: this machine has no ${measured.lacks}.`);
    return;
  }
  measured.figures.forEach(tellFigure);
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const results = {
    measuredAt: new Date().toISOString(),
    node: process.version,
    processor: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
    result: measured.result,
  };
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(results, null, 2)}\n`);
  tell(`  Written to bench/results/${name}.json.`);
}

await runProgram({
  command: 'npm run bench',
  help: HELP,
  options: { only: { type: 'string', multiple: true } },
  run: async ({ only = [...parts.keys()] }) => {
    const wanted = [...new Set(only)].map((name) => {
      const part = parts.get(name);
      if (part === undefined) {
        throw new UsageError(`--only is one of ${[...parts.keys()].join(', ')}, and is "${name}".`);
      }
      return [name, part] as const;
    });
    // What the functions log is not a result.
    process.stdout.write = () => true;
    const engine = await startEngine();
    try {
      for (const [name, part] of wanted) {
        await measure(name, part, engine.endpoint);
      }
    } finally {
      await engine.stop();
    }
    return 0;
  },
});

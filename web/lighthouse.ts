/**
 * `npm run web:lighthouse [-- URL]`: Lighthouse about the page that `npm start` serves, with Debian's Chromium. It fails
 * below 95 for accessibility and best practices, and where the page weighs or moves too much. npm brings Lighthouse for the
 * occasion.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod/mini';

const LIGHTHOUSE = 'lighthouse@13.5.0';
const CHROMIUM = '/usr/bin/chromium';
const CHROME_FLAGS = '--chrome-flags=--headless=new --no-sandbox';
const LEAST = { accessibility: 0.95, 'best-practices': 0.95 };
const MOST = { 'cumulative-layout-shift': 0.1, 'total-byte-weight': 250_000 };
/** As `sysexits.h` has it. */
const UNAVAILABLE = 69;

const report = z.object({
  categories: z.record(z.string(), z.object({ score: z.nullable(z.number()) })),
  audits: z.record(z.string(), z.object({ numericValue: z.optional(z.number()) })),
});

const [url = 'http://127.0.0.1:3000/app/plans'] = process.argv.slice(2);
if (!isThere()) {
  process.exit(UNAVAILABLE);
}
const folder = mkdtempSync(join(tmpdir(), 'postage-lighthouse-'));
try {
  const output = join(folder, 'report.json');
  const options = ['--output=json', `--output-path=${output}`, '--quiet', '--preset=desktop'];
  const only = '--only-categories=accessibility,best-practices,performance';
  lighthouse(url, ...options, only, CHROME_FLAGS);
  const { categories, audits } = report.parse(JSON.parse(readFileSync(output, 'utf8')));
  const scores = Object.entries(categories).map(([name, { score }]) => [name, score ?? 0] as const);
  for (const [name, score] of scores) {
    console.log(`${name}: ${Math.round(score * 100)}`);
  }
  const figureOf = (name: string): number => audits[name]?.numericValue ?? Infinity;
  console.log(`layout shift: ${figureOf('cumulative-layout-shift').toFixed(3)}`);
  console.log(`bytes: ${figureOf('total-byte-weight').toFixed(0)}`);
  const low = Object.entries(LEAST).filter(([name, least]) => (categories[name]?.score ?? 0) < least);
  const high = Object.entries(MOST).filter(([name, most]) => figureOf(name) > most);
  process.exitCode = low.length + high.length === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function isThere(): boolean {
  try {
    lighthouse('--version');
    return true;
  } catch {
    return false;
  }
}

function lighthouse(...options: string[]): void {
  execFileSync('npm', ['exec', '--yes', `--package=${LIGHTHOUSE}`, '--', 'lighthouse', ...options], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, CHROME_PATH: CHROMIUM },
  });
}

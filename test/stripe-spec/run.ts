/**
 * `npm run test:stripe-spec`: runs the suites that use Stripe, and has every kind of request that Postage made there
 * judged by Stripe's own description of its API. The judge is stripe-mock, which is Stripe's. It knows names, types and
 * enumerations, and none of Stripe's rules: those are the stand-in's part.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, run, step } from '../deployed/support/commands.ts';
import { CONTROLS, distinctRequests, type Kind } from './requests.ts';
import { startStripeMock } from './stripe-mock.ts';
import { NEWER_THAN_THE_DOCUMENT } from './newer-than-the-document.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VERSION = 'v0.203.0';
const FOLDER = join(ROOT, `node_modules/.cache/stripe-mock-${VERSION}`);

/** Where Postage reaches Stripe. */
const SUITES = ['--selectProjects', 'api', 'jobs', 'local', 'simulation', '--coverage=false'];
const FILES = '(stripe|billing|plan-change|purchase|pay-as-you-go|subscription|trials|import|card-payments)';

/** @returns why there is none here; null where it is installed */
async function install(): Promise<string | null> {
  if (existsSync(join(FOLDER, 'stripe-mock'))) {
    return null;
  }
  const { code, output } = await run('go', ['install', `github.com/stripe/stripe-mock@${VERSION}`], {
    cwd: tmpdir(),
    env: { ...process.env, GOBIN: FOLDER },
  }).catch((error: unknown) => ({ code: null, output: String(error) }));
  return code === 0 ? null : `Go can't install stripe-mock (${lastLines(output, 1)})`;
}

/** @returns what Postage asked of the stand-in for Stripe while the suites ran, a kind of request each */
async function recordRequests(file: string): Promise<Kind[]> {
  const jest = ['--run', 'jest', '--', ...SUITES, '--testPathPatterns', FILES];
  const env = { ...process.env, STRIPE_STAND_IN_RECORD: file };
  const { code, output } = await run('node', jest, { cwd: ROOT, env });
  if (code !== 0) {
    throw new Error(`The suites failed.\n${lastLines(output, 60)}`);
  }
  return distinctRequests(readFileSync(file, 'utf8'));
}

const unavailable = await step('stripe-mock', install);
if (unavailable === null) {
  const directory = mkdtempSync(join(tmpdir(), 'postage-stripe-spec-'));
  try {
    const kinds = await step('the suites that use Stripe', () =>
      recordRequests(join(directory, 'requests.ndjson')),
    );
    const mock = await startStripeMock(join(FOLDER, 'stripe-mock'));
    let failed = 0;
    const newer = new Set<string>();
    try {
      for (const control of CONTROLS) {
        if ((await mock.judge(control)) === null) {
          throw new Error(`stripe-mock takes ${control.method} ${control.target} ${control.body}.`);
        }
      }
      for (const kind of kinds) {
        const refusal = await mock.judge(kind);
        const excuse = NEWER_THAN_THE_DOCUMENT.find(({ message }) => refusal?.includes(message) === true);
        if (excuse !== undefined) {
          newer.add(excuse.message);
        } else if (refusal !== null) {
          failed += 1;
          process.stdout.write(`✗ ${kind.method} ${kind.target} ${kind.body}\n  ${refusal}\n`);
        }
      }
    } finally {
      mock.stop();
    }
    for (const { message, reason } of NEWER_THAN_THE_DOCUMENT) {
      if (newer.has(message)) {
        process.stdout.write(`The document of stripe-mock is older than our version: ${reason}\n`);
      } else {
        failed += 1;
        process.stdout.write(`✗ Nothing is refused with "${message}" any more: take it off the list.\n`);
      }
    }
    process.stdout.write(`${String(kinds.length - failed)} passed, ${String(failed)} failed\n`);
    process.exitCode = failed === 0 && kinds.length > 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
} else {
  process.stdout.write(`skipped: ${unavailable}\n`);
}

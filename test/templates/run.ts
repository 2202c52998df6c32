/**
 * `npm run test:templates`: has cfn-lint, which knows what CloudFormation takes of each resource, judge the templates of the
 * examples and of a stage that says everything.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod/mini';
import * as pictures from '../../examples/pictures/postage.config.ts';
import { lastLines, run, step } from '../deployed/support/commands.ts';
import { prepareVirtualEnvironment } from '../deployed/support/python.ts';
import { LETTERS, templateOf } from '../infra/template.ts';

const ENVIRONMENT = {
  folder: fileURLToPath(new URL('../../node_modules/.cache/cfn-lint', import.meta.url)),
  requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)),
};

const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1';
const warmThroughput = { readUnitsPerSecond: 20_000, writeUnitsPerSecond: 8_000 };
const EVERYTHING = {
  stage: 'prod',
  domain: { name: 'api.example.com', certificateArn },
  limits: { requestsPerSecond: 500, maxWriteRequestUnits: 4_000, warmThroughput },
  retention: { logDays: 365, backupDays: 7 },
} as const;

const TEMPLATES = {
  dev: () => templateOf(),
  prod: () => templateOf(EVERYTHING),
  edge: () => templateOf({ ...EVERYTHING, edge: { requestsPerFiveMinutes: 2_000 } }),
  page: () => templateOf({ ...EVERYTHING, page: {} }),
  issuer: () => templateOf({ issuer: { url: 'https://login.example.com/', audience: ['postage'] } }),
  pictures: () => templateOf({ stage: 'prod', senders: null }, { ...LETTERS, config: pictures }),
};

/** What is found and is right all the same. */
const EXPLAINED = [
  {
    rule: 'W3005',
    reason: 'CDK writes dependencies down also where a reference implies them.',
  },
  {
    rule: 'E3601',
    reason:
      'The language of state machines allows `OutputPath` in a `Succeed` state; the rule does not know it.',
  },
];

const findings = z.array(
  z.object({
    Rule: z.object({ Id: z.string() }),
    Message: z.string(),
    Filename: z.string(),
    Location: z.object({ Path: z.nullable(z.array(z.union([z.string(), z.number()]))) }),
  }),
);

async function lint(folder: string): Promise<z.infer<typeof findings>> {
  const files = Object.entries(TEMPLATES).map(([name, templateFor]) => {
    const file = join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(templateFor().toJSON()));
    return file;
  });
  const options = ['--format', 'json', '--regions', 'us-east-1', '--', ...files];
  const { output } = await run(`${ENVIRONMENT.folder}/bin/cfn-lint`, options, {});
  try {
    return findings.parse(JSON.parse(output));
  } catch {
    throw new Error(`cfn-lint did not answer.\n${lastLines(output, 20)}`);
  }
}

const unavailable = await step('cfn-lint', () => prepareVirtualEnvironment(ENVIRONMENT));
if (unavailable === null) {
  const folder = mkdtempSync(join(tmpdir(), 'postage-templates-'));
  try {
    const found = await step('templates', () => lint(folder));
    const unexplained = found.filter(({ Rule }) => !EXPLAINED.some(({ rule }) => rule === Rule.Id));
    for (const { Rule, Message, Filename, Location } of unexplained) {
      process.stdout.write(`✗ ${Rule.Id} ${Filename} ${(Location.Path ?? []).join('/')}: ${Message}\n`);
    }
    const unneeded = EXPLAINED.filter(({ rule }) => !found.some(({ Rule }) => Rule.Id === rule));
    for (const { rule } of unneeded) {
      process.stdout.write(`✗ Nothing is found by ${rule} any more: take it off the list.\n`);
    }
    const failed = unexplained.length + unneeded.length;
    const passed = failed === 0 ? Object.keys(TEMPLATES).length : 0;
    process.stdout.write(`${String(passed)} passed, ${String(failed)} failed\n`);
    process.exitCode = failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
} else {
  process.stdout.write(`skipped: ${unavailable}\n`);
}

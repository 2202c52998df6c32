import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, run, runCommand } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'postage-readme-'));
const log = join(folder, 'statuses');
/** The second page goes on where the first ends, in the same shell. */
const PAGES = ['README.md', 'docs/by-hand.md']
  .map((page) => readFileSync(new URL(`../../${page}`, import.meta.url), 'utf8'))
  .join('\n');

/** A shell block, with the comment before it that keeps it from being run here. */
const BLOCK = /(?:<!-- (?<marker>not run: [^>]+|test-command) -->\s+)?```sh\n(?<code>.*?)```/gs;
const BLOCKS = [...PAGES.matchAll(BLOCK)].map(({ groups }) => ({
  isRun: groups?.['marker'] === undefined,
  code: groups?.['code'] ?? '',
}));

/** Curl, which also writes down how each request was answered. */
const CURL = `#!/bin/sh
PATH=\${PATH#*:} exec curl "$@" -w '%{stderr}%{http_code} %{method} %{url_effective}\\n%{stdout}\\n' 2>>${log}
`;

let postage: Command;
let said: { code: number | null; stdout: string; stderr: string };

beforeAll(async () => {
  postage = runCommand('start', ['--port', '0', '--json'], { POSTAGE_TABLE: `postage-test-${randomUUID()}` });
  const { url } = JSON.parse((await postage.firstLine) ?? '{}') as { url: string };
  writeFileSync(join(folder, 'curl'), CURL);
  chmodSync(join(folder, 'curl'), 0o755);
  const script = BLOCKS.filter(({ isRun }) => isRun).map(({ code }) =>
    code.replace('http://127.0.0.1:3000', url),
  );
  said = await run('bash', ['-euo', 'pipefail', '-c', script.join('\n')], {
    PATH: `${folder}:${process.env['PATH'] ?? ''}`,
  }).ended;
});

afterAll(async () => {
  postage.kill('SIGTERM');
  await postage.ended;
  rmSync(folder, { recursive: true });
});

/** What the API has answered under a name, in the order of the requests. */
function answersWith(member: string): unknown[] {
  const answers = said.stdout.split('\n').filter((line) => line.startsWith('{"'));
  return answers
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((answer) => member in answer)
    .map((answer) => answer[member]);
}

describe('the blocks of the README, and of the page that goes on from it', () => {
  it('are run, but for those that install or deploy', () => {
    expect(PAGES.split('```sh').length - 1).toBe(BLOCKS.length);
    const others = BLOCKS.filter(({ isRun }) => !isRun).map(({ code }) => code.trim());
    expect(others).toEqual(['npm ci && npm start', 'npm run deploy -- dev', 'npm ci && npm test']);
  });

  it('run as one script, and each request succeeds', () => {
    expect(said).toMatchObject({ code: 0, stderr: '' });
    const statuses = readFileSync(log, 'utf8').trim().split('\n');
    expect(statuses.length).toBeGreaterThan(20);
    expect(statuses.filter((line) => !/^2\d\d /.test(line))).toEqual([]);
  });

  it('do what they say', () => {
    expect(said.stdout).toContain('steps went as expected');
    expect(answersWith('title')).toEqual(['Hello']);
    const consumed = { emails: 1, mails: 1 };
    expect(answersWith('consumed')).toEqual([consumed, consumed]);
    expect(answersWith('givenBackAt')).toEqual([expect.any(String)]);
    expect(answersWith('holds')).toEqual([true]);
    expect(JSON.stringify(answersWith('items'))).toContain('Two letters were lost in the post.');
    expect(answersWith('plan')).toEqual([
      ...['none', 'pro', 'enterprise', 'pro', 'enterprise', null, 'enterprise', 'none'],
    ]);
    expect(answersWith('paidWith')).toEqual(['credit', 'credit', 'card']);
    expect(answersWith('count')).toEqual([2]);
    // Pro's two, five that were bought, and Enterprise's ten less the two that were used.
    expect(answersWith('granted')).toEqual([15]);
  });
});

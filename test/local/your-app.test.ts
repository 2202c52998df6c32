import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, run, runCommand } from '../support/command.ts';

const PAGE = readFileSync(new URL('../../docs/your-app.md', import.meta.url), 'utf8');
const SNIPPET = /```ts\n(?<code>.*?)```/s.exec(PAGE)?.groups?.['code'] ?? '';

/** What an app adds to the snippet: work that is done, fails, or is refused. */
const APP = `${SNIPPET}
const say = async (made: Promise<string>) => console.log(await made.catch((error) => error.message));
await say(makeImage('ada', 'job-1', async () => 'an image'));
await say(makeImage('ada', 'job-1', async () => 'the same job, counted once'));
await say(makeImage('ada', 'job-2', async () => { throw new Error('The model has failed.'); }));
for (let job = 3; job <= 12; job += 1) {
  await say(makeImage('ada', \`job-\${job}\`, async () => 'an image'));
}
await say(makeImage('ada lovelace', 'job-1', async () => 'an image'));
`;

const folder = mkdtempSync(join(tmpdir(), 'postage-your-app-'));
let postage: Command;
let url: string;
let token: string;

beforeAll(async () => {
  const options = ['--config', 'examples/pictures/postage.config.ts', '--port', '0', '--json'];
  postage = runCommand('start', options, { POSTAGE_TABLE: `postage-test-${randomUUID()}` });
  ({ url } = JSON.parse((await postage.firstLine) ?? '{}') as { url: string });
  const variables = await (await fetch(`${url}/dev/env`)).text();
  token = /SERVICE_TOKEN='(.+)'/.exec(variables)?.[1] ?? '';
});

afterAll(async () => {
  postage.kill('SIGTERM');
  await postage.ended;
  rmSync(folder, { recursive: true });
});

describe('the snippet for an app', () => {
  it('has the right types', async () => {
    const file = join(folder, 'snippet.mts');
    writeFileSync(file, `${SNIPPET}export { makeImage };`);
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--noPropertyAccessFromIndexSignature',
      '--module',
      'nodenext',
    ];
    const types = ['--types', 'node', '--typeRoots', 'node_modules/@types'];
    expect(await run('node_modules/.bin/tsc', [...options, ...types, file]).ended).toMatchObject({
      code: 0,
      stdout: '',
    });
  });

  it('counts, gives back and refuses', async () => {
    const file = join(folder, 'app.mts');
    writeFileSync(file, APP);
    const app = run(process.execPath, [file], { POSTAGE_URL: url, SERVICE_TOKEN: token });
    const { code, stdout, stderr } = await app.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [first, repeated, failed, ...others] = stdout.trim().split('\n');
    expect([first, repeated, failed]).toEqual([
      'an image',
      'the same job, counted once',
      'The model has failed.',
    ]);
    const refused = others[9];
    expect(others.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => 'an image'));
    expect(refused).toMatch(/^insufficient_credits: 10 of 10 used\. More at .+Z, or with the plan duo\.$/);
    expect(others[10]).toMatch(/^userId: /);
  });
});

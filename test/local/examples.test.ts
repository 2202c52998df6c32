import { afterEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Command, run, runCommand } from '../support/command.ts';

let postage: Command;

afterEach(async () => {
  postage.kill('SIGTERM');
  await postage.ended;
});

describe('the README of an example', () => {
  it.each(['letters', 'pictures', 'calls'])(
    '%s: its requests have the answers that it shows',
    async (name) => {
      const page = readFileSync(new URL(`../../examples/${name}/README.md`, import.meta.url), 'utf8');
      const { code = '', answers = '' } =
        /terminal.*?```sh\n(?<code>.*?)```.*?```json\n(?<answers>.*?)```/s.exec(page)?.groups ?? {};
      const options = [
        '--config',
        `examples/${name}/postage.config.ts`,
        '--no-demo',
        '--port',
        '0',
        '--json',
      ];
      postage = runCommand('start', options, { POSTAGE_TABLE: `postage-test-${randomUUID()}` });
      const { url } = JSON.parse((await postage.firstLine) ?? '{}') as { url: string };

      const script = code.replace('http://127.0.0.1:3000', url);
      const said = await run('bash', ['-euo', 'pipefail', '-c', script]).ended;
      expect(said).toMatchObject({ code: 0, stderr: '' });
      const shown = answers.trim().split('\n').map(parse);
      expect(shown).toHaveLength(3);
      expect(said.stdout.trim().split('\n').map(parse)).toMatchObject(shown);
    },
  );
});

function parse(line: string): object {
  return JSON.parse(line) as object;
}

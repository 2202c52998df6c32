import { expect, it } from '@jest/globals';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(`${ROOT}README.md`, 'utf8');

function marked(mark: string): { text: string; file: string }[] {
  return globSync(`${ROOT}src/*.ts`).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(new RegExp(`// ${mark}: (.*)$`, 'gm'))].map(([, text = '']) => ({
      text,
      file: basename(path),
    })),
  );
}

function linesOf(heading: string): string {
  return README.split('\n## ').find((section) => section.startsWith(heading)) ?? '';
}

it('the README lists every guess of the code', () => {
  const listed = linesOf('Guesses').match(/^- .*$/gm) ?? [];
  expect(listed.sort()).toEqual(
    marked('Guess')
      .map(({ text, file }) => `- ${text} (\`${file}\`)`)
      .sort(),
  );
});

it('the README names the sources of the code', () => {
  const listed = [...linesOf('The rules').matchAll(/\]\((\S+?)\)/g)].map(([, url]) => url);
  expect(new Set(listed)).toEqual(new Set(marked('Source').map(({ text }) => text)));
});

import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const ROOT = new URL('../../', import.meta.url);
const filesLike = (...patterns: string[]) => globSync(patterns, { cwd: ROOT.pathname });
const read = (file: string) => readFileSync(new URL(file, ROOT), 'utf8');

describe('the docs', () => {
  it('name only files that exist', () => {
    const missing = filesLike('*.md', '{docs,examples,test}/**/*.md').flatMap((file) =>
      [...read(file).matchAll(/`((?:bench|docs|examples|lambdas|lib|local|packages|test)\/[^`<*\s]*)`/g)]
        .filter(([, path = '']) => filesLike(path).length === 0)
        .map(([path]) => `${file}: ${path}`),
    );
    expect(missing).toEqual([]);
  });

  it('count the files that a change touches', () => {
    const rows = [...read('CONTRIBUTING.md').matchAll(/^\| [^|]+ \| +(\d+) *\| (.+) \|$/gm)];
    expect(rows.length).toBeGreaterThan(5);
    for (const [, count, which = ''] of rows) {
      expect(new Set(which.match(/`[^`]+\.ts`/g)).size).toBe(Number(count));
    }
  });

  it('are right that a plan is one file: the code names plans in examples, and for the statistics of Pro', () => {
    const naming = filesLike('{lambdas,lib}/**/*.ts').filter((file) => /'(pro|enterprise)'/.test(read(file)));
    const examples = [
      'lambdas/http/contracts/account.ts',
      'lambdas/http/contracts/billing.ts',
      'lambdas/http/problem-schemas.ts',
      'lambdas/letters/http/contracts/usage.ts',
    ];
    const rules = ['lambdas/letters/domain/statistics.ts'];
    expect(naming.sort()).toEqual([...examples, ...rules].sort());
  });
});

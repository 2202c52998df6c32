/** Where the built page lies: in a folder named after what it was built from, so that it is built once. */
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** The lock file names the exact libraries. */
const SOURCES = [
  'web/index.html',
  'web/{src,public}/**/*',
  'web/{vite,element}.config.ts',
  'web/build.ts',
  'package-lock.json',
];
/** Types leave nothing in what is built. */
const NOT_SOURCES = ['web/src/api/generated/**'];

/** The folder of the page as its sources are now. */
export function pageFolder(): string {
  const files = globSync(SOURCES, { cwd: ROOT, exclude: NOT_SOURCES, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
  const hash = createHash('sha256');
  for (const file of files) {
    hash.update(file.slice(ROOT.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return join(ROOT, 'web/dist', hash.digest('hex').slice(0, 16));
}

/** A folder gets its name when all is in it. */
export function isBuilt(folder: string): boolean {
  return existsSync(join(folder, 'index.html'));
}

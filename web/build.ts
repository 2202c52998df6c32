/** `npm run web:build`: builds the page, unless it is there, and prints the folder that it lies in. */
import { globSync, renameSync, rmSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { isBuilt, pageFolder } from './page-folder.ts';

// Whatever the shell says: in any other environment, React brings what helps its developers, which is twice as large.
process.env['NODE_ENV'] = 'production';

const DAY_MS = 86_400_000;
const NICE = 5;

const folder = pageFolder();
if (!isBuilt(folder)) {
  // It is often built beside a server that somebody is waiting for.
  setPriority(NICE);
  await buildInto(folder);
}
process.stdout.write(`${folder}\n`);

/** Two that build at once both finish: the second finds the folder there, and drops its own. */
async function buildInto(target: string): Promise<void> {
  const unfinished = `${target}.${process.pid}`;
  try {
    await build({ configFile: configOf('vite'), build: { outDir: unfinished } });
    await build({ configFile: configOf('element'), build: { outDir: unfinished } });
    renameSync(unfinished, target);
  } catch (error) {
    if (!isBuilt(target)) {
      throw error;
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  forgetOthers(target);
}

/** Another server may still serve what is not a day old. */
function forgetOthers(target: string): void {
  for (const name of globSync('*', { cwd: dirname(target) })) {
    const other = join(dirname(target), name);
    if (other !== target && Date.now() - statSync(other).mtimeMs > DAY_MS) {
      rmSync(other, { recursive: true, force: true });
    }
  }
}

function configOf(name: string): string {
  return fileURLToPath(new URL(`${name}.config.ts`, import.meta.url));
}

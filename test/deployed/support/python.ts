import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { lastLines, run } from './commands.ts';

/** A virtual environment, and the file that says what is installed in it. */
export interface VirtualEnvironment {
  folder: string;
  requirements: string;
}

export function pythonOf({ folder }: VirtualEnvironment): string {
  return `${folder}/bin/python`;
}

/**
 * Makes the virtual environment, unless it is there with all that is required.
 *
 * @returns why it cannot be had here, which is no fault of Postage's; null where it is there
 */
export async function prepareVirtualEnvironment(
  environment: VirtualEnvironment,
  signal?: AbortSignal,
): Promise<string | null> {
  const { folder } = environment;
  const python = pythonOf(environment);
  const requirements = readFileSync(environment.requirements, 'utf8');
  /** What has been installed: the requirements as they were then. */
  const installedBefore = `${folder}/requirements.txt`;
  // A link to a Python that is gone does not exist.
  const isThere = existsSync(python) && existsSync(installedBefore);
  if (isThere && readFileSync(installedBefore, 'utf8') === requirements) {
    return null;
  }
  rmSync(folder, { recursive: true, force: true });
  const made = await run('python3', ['-m', 'venv', folder], { signal }).catch((error: unknown) => ({
    code: null,
    output: String(error),
  }));
  signal?.throwIfAborted();
  if (made.code !== 0) {
    return `python3 cannot make a virtual environment (${lastLines(made.output, 1)})`;
  }
  // Without a network it gives up at once, and where nothing answers after ten seconds.
  const patience = ['--retries', '1', '--timeout', '5'];
  const options = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...patience];
  const installed = await run(python, [...options, '--requirement', environment.requirements], { signal });
  if (installed.code !== 0) {
    return `pip cannot install what is required (${lastLines(installed.output, 1)})`;
  }
  writeFileSync(installedBefore, requirements);
  return null;
}

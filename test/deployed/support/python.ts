import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { lastLines, run } from './commands.ts';

const VENV = fileURLToPath(new URL('../../../.venv', import.meta.url));
const REQUIREMENTS = fileURLToPath(new URL('../requirements.txt', import.meta.url));
/** What has been installed: the requirements as they were then. */
const INSTALLED = `${VENV}/requirements.txt`;
export const PYTHON = `${VENV}/bin/python`;

/**
 * Makes the virtual environment, unless it is there with all that is required.
 *
 * @returns why it cannot be had here, which is no fault of Postage's; null where it is there
 */
export async function prepareVirtualEnvironment(signal: AbortSignal): Promise<string | null> {
  const requirements = readFileSync(REQUIREMENTS, 'utf8');
  // A link to a Python that is gone does not exist.
  if (existsSync(PYTHON) && existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === requirements) {
    return null;
  }
  rmSync(VENV, { recursive: true, force: true });
  const made = await run('python3', ['-m', 'venv', VENV], { signal }).catch((error: unknown) => ({
    code: null,
    output: String(error),
  }));
  signal.throwIfAborted();
  if (made.code !== 0) {
    return `python3 cannot make a virtual environment (${lastLines(made.output, 1)})`;
  }
  // Without a network it gives up at once, and where nothing answers after ten seconds.
  const patience = ['--retries', '1', '--timeout', '5'];
  const options = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...patience];
  const installed = await run(PYTHON, [...options, '--requirement', REQUIREMENTS], { signal });
  if (installed.code !== 0) {
    return `pip cannot install MiniStack (${lastLines(installed.output, 1)})`;
  }
  writeFileSync(INSTALLED, requirements);
  return null;
}

import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { assertConfig, type Config, ConfigError } from '../lambdas/letters/domain/config.ts';
import { mistakesOfStages, type Stages } from './stages.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CATALOGUE = new URL('../lambdas/domain/catalogue.ts', import.meta.url).href;

/** An owner's file that can be used. */
export interface LoadedConfig {
  file: string;
  config: Config & { stages: Stages };
}

/**
 * Loads an owner's file, and checks all of it.
 *
 * @param given relative to the working directory; the one at the top unless told
 * @throws ConfigFileError
 */
export async function loadConfig(given: string | undefined): Promise<LoadedConfig> {
  const file = given === undefined ? `${ROOT}postage.config.ts` : resolve(given);
  const name = given ?? relative('.', file);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new ConfigFileError(`${name}: There is no such file.`);
  }
  const config = await importFile(file, name);
  try {
    assertConfig(config);
    assertStages(config);
    return { file, config };
  } catch (error) {
    throw error instanceof ConfigError
      ? new ConfigFileError(error.message.replace(/^/gm, `${name}: `))
      : error;
  }
}

function assertStages(config: Config): asserts config is Config & { stages: Stages } {
  const mistakes = mistakesOfStages(config.stages);
  if (mistakes.length > 0) {
    throw new ConfigError(mistakes);
  }
}

/** A file that its owner can mend. */
export class ConfigFileError extends Error {
  override name = 'ConfigFileError';
}

async function importFile(file: string, name: string): Promise<unknown> {
  resolveTo('#catalogue', CATALOGUE);
  try {
    return await import(pathToFileURL(file).href);
  } catch (error) {
    throw new ConfigFileError(`${name}: This can't be loaded. ${causeOf(error)}`);
  }
}

/** From now on, a module that imports the name gets the one at the address. */
export function resolveTo(name: string, url: string): void {
  registerHooks({
    resolve: (specifier, context, next) => next(specifier === name ? url : specifier, context),
  });
}

/** In one line; of a file that can't be read as TypeScript, Node tells the line before the error itself. */
function causeOf(error: unknown): string {
  const [first = ''] = String(error)
    .replace(/ \[\w+\]/, '')
    .split('\n');
  const place = error instanceof SyntaxError ? /:(\d+)\n/.exec(error.stack ?? '')?.[1] : undefined;
  return place === undefined ? first : `${first} (line ${place})`;
}

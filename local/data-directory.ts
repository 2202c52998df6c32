import { accessSync, constants, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './usage-error.ts';

/**
 * Small values that outlive the process when a data directory is given, one JSON file each. Without a directory they
 * live as long as the process.
 */
export interface DataDirectory {
  read(name: string): unknown;
  write(name: string, value: object): void;
}

/** Files are replaced whole, so that a crash leaves the old value or the new one; only their owner can read them. */
export function openDataDirectory(directory: string | undefined): DataDirectory {
  if (directory === undefined) {
    return { read: () => undefined, write: () => undefined };
  }
  makeDirectory(directory);
  const fileOf = (name: string): string => join(directory, `${name}.json`);
  return {
    read: (name) => readJson(fileOf(name)),
    write: (name, value) => {
      writeFileSync(`${fileOf(name)}.new`, JSON.stringify(value), { mode: 0o600 });
      renameSync(`${fileOf(name)}.new`, fileOf(name));
    },
  };
}

/** Makes a directory if it is not there yet, for its owner alone: letters are kept in it. @throws UsageError where nothing could be written into it */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new UsageError(`No data can be kept in ${directory}. (${String(error)})`);
  }
}

/** Undefined when there is no such file, or none that is JSON. */
export function readJson(file: string): unknown {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return value;
  } catch {
    return undefined;
  }
}

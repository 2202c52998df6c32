import { accessSync, constants, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod/mini';
import { UsageError } from './usage-error.ts';

/**
 * Small values, one JSON file each. They outlive the process when there is a data directory, and end with it when there
 * is none.
 */
export interface DataDirectory {
  read(name: string): unknown;
  write(name: string, value: object): void;
}

/** The value that is kept under a name, or a new one, which is kept from then on. */
export async function keep<Value extends object>(
  data: DataDirectory,
  name: string,
  schema: z.ZodMiniType<Value>,
  make: () => Value | Promise<Value>,
): Promise<Value> {
  const value = schema.safeParse(data.read(name)).data ?? (await make());
  data.write(name, value);
  return value;
}

/** Replaces files whole, so that a crash leaves the old value or the new one. Only their owner can read them. */
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

/** Makes a directory that only its owner can read, since it holds letters. @throws UsageError when it can't be written to */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.W_OK);
  } catch (error) {
    throw new UsageError(`No data can be kept in ${directory}. (${String(error)})`);
  }
}

/** Undefined when there is no such file, or it is not JSON. */
export function readJson(file: string): unknown {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return value;
  } catch {
    return undefined;
  }
}

import { parseArgs, type ParseArgsConfig } from 'node:util';
import * as z from 'zod/mini';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import type { Table } from '../lambdas/adapters/dynamodb/store.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import { ConfigFileError } from '../lib/load-config.ts';
import { UsageError } from './usage-error.ts';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The values of options as `parseArgs` reads them. */
type Values<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; allowNegative: true; allowPositionals: boolean }>
>['values'];

export interface Program<O extends Options> {
  /** As its user types it. */
  command: string;
  help: string;
  options: O;
  /** The words that may stand before the options; none unless told. */
  words?: readonly string[];
  /** Those of the words behind which more may stand; none unless told. */
  listing?: readonly string[];
  /** What stands before the options in place of a word, as its user is told; nothing unless told. */
  argument?: string;
  /** @returns the code to exit with; null when the program goes on. @throws UsageError */
  run: (values: Values<O>, word: string | undefined, rest: readonly string[]) => Promise<number | null>;
}

/** Runs a program of the command line, or shows its help. */
export async function runProgram<O extends Options>({
  command,
  help,
  options,
  words = [],
  listing = [],
  argument,
  run,
}: Program<O>): Promise<void> {
  const withHelp = { ...options, help: { type: 'boolean', short: 'h', default: false } } as const;
  try {
    const { values, positionals } = parseArgs<{ options: O; allowNegative: true; allowPositionals: boolean }>(
      {
        options: withHelp,
        allowNegative: true,
        allowPositionals: words.length > 0 || argument !== undefined,
      },
    );
    if (Reflect.get(values, 'help') === true) {
      process.stdout.write(help);
      return;
    }
    const [word = '', ...rest] = positionals;
    const isSurplus = rest.length > 0 && !listing.includes(word);
    if (words.length > 0 && (isSurplus || !words.includes(word))) {
      throw new UsageError(`Say one of ${words.join(', ')}. See: ${command} -- --help`);
    }
    if (argument !== undefined && positionals.length !== 1) {
      throw new UsageError(`Name ${argument}. See: ${command} -- --help`);
    }
    const code = await run(values, word, rest);
    if (code !== null) {
      process.exit(code);
    }
  } catch (error) {
    process.exit(exitCodeOf(error, `${command} -- --help`));
  }
}

/** @throws UsageError */
export function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Infinity;
  if (port > 65_535) {
    throw new UsageError(`--port must be a number from 0 to 65535, and is "${text}".`);
  }
  return port;
}

const INSTANT = z.iso.datetime({ offset: true });
const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2200, 0);

/** @throws UsageError */
export function parseInstant(option: string, text: string): Instant {
  const instant = INSTANT.safeParse(text).success ? Date.parse(text) : NaN;
  if (!(instant >= EARLIEST && instant < LATEST)) {
    throw new UsageError(
      `${option} must be an instant with its zone, from 2000 to 2199, such as 2027-01-31T00:00:00Z, and is "${text}".`,
    );
  }
  return instant;
}

/**
 * The address of a DynamoDB to use in place of the embedded one, from an option or from `DYNAMODB_ENDPOINT`; null when
 * neither is given.
 *
 * @throws UsageError
 */
export function externalDynamodb(option?: string): string | null {
  const variable = process.env['DYNAMODB_ENDPOINT'] ?? '';
  if (option === undefined && variable === '') {
    return null;
  }
  const [name, address] = option === undefined ? ['DYNAMODB_ENDPOINT', variable] : ['--dynamodb', option];
  if (!/^https?:$/.test(URL.parse(address)?.protocol ?? '')) {
    throw new UsageError(`${name} must be an address, such as http://127.0.0.1:8000, and is "${address}".`);
  }
  return address;
}

/** A table's size, as DynamoDB has counted it within the last six hours. */
export interface TableSize {
  items: number;
  bytes: number;
}

/** Asks for a table, so that a wrong name, a wrong address or missing rights show at once. @throws UsageError */
export async function assertTable({ client, table }: Table): Promise<TableSize> {
  try {
    const { Table: described } = await client.send(new DescribeTableCommand({ TableName: table }));
    return { items: described?.ItemCount ?? 0, bytes: described?.TableSizeBytes ?? 0 };
  } catch (error) {
    throw new UsageError(`The table ${table} cannot be reached. (${String(error)})`);
  }
}

/**
 * Prints what ended the program: one line for what its user can fix, everything for a fault of ours.
 *
 * @returns the code to exit with: 2 for a wrong command line or catalogue, else 1
 */
export function exitCodeOf(error: unknown, help: string): number {
  if (error instanceof ConfigFileError) {
    console.error(error.message);
    return 2;
  }
  if (isWrongArgument(error)) {
    console.error(`${error.message}\nSee: ${help}`);
    return 2;
  }
  console.error(error instanceof UsageError ? error.message : error);
  return 1;
}

/** What `parseArgs` throws. */
function isWrongArgument(error: unknown): error is Error {
  return (
    error instanceof TypeError &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_PARSE_ARGS_')
  );
}

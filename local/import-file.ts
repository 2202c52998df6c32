/** The file of an owner's users, as `npm run import` reads it: line by line, so that its size does not matter. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CsvError, parse } from 'csv-parse';
import type { Catalogue } from '../lambdas/domain/catalogue.ts';
import type { Instant } from '../lambdas/domain/instants.ts';
import type { Counts } from '../lambdas/domain/usage.ts';
import { USER_ID } from '../lambdas/domain/user-id.ts';
import { DuplicateFinder } from './import-duplicates.ts';
import { UsageError } from './usage-error.ts';

/** A user who moves in. */
export interface ImportedUser {
  line: number;
  userId: string;
  /** The customer at Stripe; null: there is none. */
  customerId: string | null;
  /** Purchased credits that they keep. */
  balance: number;
  /** By meter, what they have used in the period that is open. */
  used: Counts;
  /** By level, what they hold. */
  held: Counts;
}

/** What an owner has to mend in the file. */
export interface FileMistake {
  line: number;
  /** Null: the line as a whole. */
  column: string | null;
  message: string;
}

/** A file that has been read whole. */
export interface CheckedFile {
  path: string;
  /** Names the file's contents. */
  fingerprint: string;
  changedAt: Instant;
  users: number;
  customers: number;
  /** Columns of the catalogue that it lacks; they count as 0. */
  lacking: readonly string[];
  /** The first of them, by line. */
  mistakes: readonly FileMistake[];
  /** Those that are not listed. */
  otherMistakes: number;
}

const MOST_MISTAKES = 100;
/** Of the longest line, its quotes included. */
const MAX_LINE_BYTES = 16_384;
const MAX_COUNT = 1_000_000_000;
const CUSTOMER_ID = /^cus_\w{1,100}$/;
const REQUIRED = ['user', 'customer', 'balance'] as const;

type Row = ({ is: 'user' } & ImportedUser) | ({ is: 'mistake' } & FileMistake);

interface Columns {
  /** In their order in the file. */
  names: readonly string[];
  lacking: readonly string[];
  hasCredits: boolean;
}

/** What the columns of a catalogue's counts are called. */
function countColumns({ meters, levels }: Catalogue): string[] {
  return [...meters.map(({ id }) => `used_${id}`), ...levels.map(({ id }) => `held_${id}`)];
}

/** Reads all of the file, and finds what is wrong with it. @throws UsageError when it can't be read */
export async function checkFile(path: string, catalogue: Catalogue): Promise<CheckedFile> {
  const { mtimeMs } = await statOf(path);
  const digest = createHash('sha256');
  const [users, customers] = [new DuplicateFinder(), new DuplicateFinder()];
  const mistakes: FileMistake[] = [];
  let mistakeCount = 0;
  let lacking: readonly string[] = [];
  const add = (mistake: FileMistake): void => {
    mistakeCount += 1;
    if (mistakes.length < MOST_MISTAKES) {
      mistakes.push(mistake);
    }
  };
  const onColumns = (columns: Columns): void => {
    lacking = columns.lacking;
  };
  for await (const row of rowsOf(path, catalogue, { onChunk: (chunk) => digest.update(chunk), onColumns })) {
    if (row.is === 'mistake') {
      add({ line: row.line, column: row.column, message: row.message });
    } else {
      users.add(row.userId);
      if (row.customerId !== null) {
        customers.add(row.customerId);
      }
    }
  }
  const suspects = { user: users.suspects(), customer: customers.suspects() };
  if (suspects.user.size + suspects.customer.size > 0) {
    for await (const mistake of duplicatesIn(path, catalogue, suspects)) {
      add(mistake);
    }
  }
  if (users.count === 0 && mistakeCount === 0) {
    add({ line: 1, column: null, message: 'The file names no user.' });
  }
  return {
    path,
    fingerprint: digest.digest('hex').slice(0, 16),
    changedAt: Math.floor(mtimeMs),
    users: users.count,
    customers: customers.count,
    lacking,
    mistakes: mistakes.toSorted((one, other) => one.line - other.line),
    otherMistakes: mistakeCount - mistakes.length,
  };
}

/** The users of a file that has been checked. @throws UsageError when the file has changed since */
export async function* usersIn(file: CheckedFile, catalogue: Catalogue): AsyncGenerator<ImportedUser> {
  const { mtimeMs } = await statOf(file.path);
  if (Math.floor(mtimeMs) !== file.changedAt) {
    throw new UsageError(`${file.path} was changed while it was read. Start the import again.`);
  }
  for await (const { is, ...row } of rowsOf(file.path, catalogue)) {
    if (is === 'mistake' || !('userId' in row)) {
      throw new UsageError(`${file.path} was changed while it was read. Start the import again.`);
    }
    yield row;
  }
}

/** Reads the file again, for the lines of what may stand in it twice. */
async function* duplicatesIn(
  path: string,
  catalogue: Catalogue,
  suspects: Record<'user' | 'customer', Suspects>,
): AsyncGenerator<FileMistake> {
  const firstLines = { user: new Map<string, number>(), customer: new Map<string, number>() };
  for await (const row of rowsOf(path, catalogue)) {
    if (row.is === 'user') {
      for (const column of ['user', 'customer'] as const) {
        const value = column === 'user' ? row.userId : row.customerId;
        if (value !== null && suspects[column].has(value)) {
          const first = firstLines[column].get(value);
          if (first !== undefined) {
            yield {
              line: row.line,
              column,
              message: `${quoted(value)} stands on line ${String(first)} too.`,
            };
          } else {
            firstLines[column].set(value, row.line);
          }
        }
      }
    }
  }
}

type Suspects = ReturnType<DuplicateFinder['suspects']>;

/** @throws UsageError */
export async function assertFile(path: string): Promise<void> {
  await statOf(path);
}

async function statOf(path: string): Promise<{ mtimeMs: number }> {
  const found = await stat(path).catch(() => null);
  if (found?.isFile() !== true) {
    throw new UsageError(`${path}: There is no such file.`);
  }
  return found;
}

interface Listeners {
  onChunk?: (chunk: Buffer) => void;
  onColumns?: (columns: Columns) => void;
}

interface CsvRecord {
  record: string[];
  /** `lines`: of its last line. */
  info: { lines: number };
}

/** Reads the file line by line. After something that is no CSV it reads nothing more. */
async function* rowsOf(path: string, catalogue: Catalogue, listeners: Listeners = {}): AsyncGenerator<Row> {
  const parser = parse({
    bom: true,
    info: true,
    max_record_size: MAX_LINE_BYTES,
    record_delimiter: ['\r\n', '\n'],
    relax_column_count: true,
    skip_empty_lines: true,
  });
  const whole = pipeline(createReadStream(path), (source) => shortLines(source, listeners.onChunk), parser);
  // What ends it early also ends the parser, which tells it below.
  whole.catch(() => undefined);
  const records: AsyncIterable<CsvRecord> = parser;
  let columns: Columns | null = null;
  try {
    for await (const { record, info } of records) {
      if (columns === null) {
        const found = readColumns(record, catalogue);
        if (Array.isArray(found)) {
          yield* found.map((mistake): Row => ({ is: 'mistake', ...mistake, line: info.lines }));
          return;
        }
        columns = found;
        listeners.onColumns?.(columns);
      } else {
        yield* readRow(record, info.lines, columns);
      }
    }
  } catch (error) {
    if (error instanceof LongLineError) {
      yield { is: 'mistake', line: error.line, column: null, message: `${error.message} ${READ_NO_FURTHER}` };
    } else if (error instanceof CsvError) {
      yield { is: 'mistake', ...mistakeOf(error) };
    } else {
      throw error instanceof Error && 'code' in error
        ? new UsageError(`${path}: This can't be read. (${error.message})`)
        : error;
    }
  }
}

const READ_NO_FURTHER = 'Nothing after it was read.';

class LongLineError extends Error {
  override name = 'LongLineError';
  readonly line: number;

  constructor(line: number) {
    super(`The line has more than ${String(MAX_LINE_BYTES)} bytes.`);
    this.line = line;
  }
}

const LINE_FEED = 10;

/** The same bytes; a line that is too long never reaches the parser, which limits values and not how many there are. */
async function* shortLines(
  source: AsyncIterable<Buffer>,
  onChunk: Listeners['onChunk'],
): AsyncGenerator<Buffer> {
  let line = 1;
  let bytes = 0;
  for await (const chunk of source) {
    let from = 0;
    while (from < chunk.length) {
      const found = chunk.indexOf(LINE_FEED, from);
      const end = found === -1 ? chunk.length : found;
      bytes += end - from;
      if (bytes > MAX_LINE_BYTES) {
        throw new LongLineError(line);
      }
      if (found !== -1) {
        line += 1;
        bytes = 0;
      }
      from = end + 1;
    }
    onChunk?.(chunk);
    yield chunk;
  }
}

/** In our words; the library's name its options. */
function mistakeOf(error: CsvError): FileMistake {
  const line = typeof error['lines'] === 'number' ? error['lines'] : 1;
  const messages: Partial<Record<CsvError['code'], string>> = {
    CSV_MAX_RECORD_SIZE: 'A quote is opened far above, and not closed until here.',
    CSV_QUOTE_NOT_CLOSED: 'A quote is opened and never closed.',
    CSV_INVALID_CLOSING_QUOTE: 'Something stands between a closing quote and the comma after it.',
    INVALID_OPENING_QUOTE:
      'A quote stands in the middle of a value. Quote the whole value, and double the quote.',
  };
  const message = messages[error.code] ?? error.message;
  return { line, column: null, message: `${message} ${READ_NO_FURTHER}` };
}

function readColumns(names: readonly string[], catalogue: Catalogue): Columns | Omit<FileMistake, 'line'>[] {
  const known: readonly string[] = [...REQUIRED, ...countColumns(catalogue)];
  const missing = REQUIRED.filter((name) => !names.includes(name));
  const unknown = names.filter((name) => !known.includes(name)).slice(0, MOST_MISTAKES);
  const twice = known.filter((name) => names.indexOf(name) !== names.lastIndexOf(name));
  const mistakes = [
    ...missing.map((column) => ({ column, message: 'The column is missing.' })),
    ...unknown.map((column) => ({
      column: shortened(column),
      message: `There is no such column. The catalogue’s are ${known.join(', ')}.`,
    })),
    ...twice.map((column) => ({ column, message: 'The column is there twice.' })),
  ];
  return mistakes.length > 0
    ? mistakes
    : {
        names,
        lacking: known.filter((name) => !names.includes(name)),
        hasCredits: catalogue.credit !== null,
      };
}

function readRow(values: readonly string[], line: number, { names, hasCredits }: Columns): Row[] {
  if (values.length !== names.length) {
    const message = `The line has ${values.length} values for ${names.length} columns.`;
    return [{ is: 'mistake', line, column: null, message }];
  }
  const mistakes: Row[] = [];
  const refuse = (column: string, message: string): void => {
    mistakes.push({ is: 'mistake', line, column, message });
  };
  const user = { userId: '', customerId: null as string | null, balance: 0 };
  const counts = { used: {} as Record<string, number>, held: {} as Record<string, number> };
  for (const [index, column] of names.entries()) {
    const value = values[index] ?? '';
    if (column === 'user') {
      user.userId = value;
      if (!USER_ID.test(value)) {
        refuse(
          column,
          `It must be 1 to 128 printable ASCII characters without spaces, # and %, and is ${quoted(value)}.`,
        );
      }
    } else if (column === 'customer') {
      user.customerId = value === '' ? null : value;
      if (value !== '' && !CUSTOMER_ID.test(value)) {
        refuse(
          column,
          `It must be the id of a customer at Stripe, cus_…, or nothing, and is ${quoted(value)}.`,
        );
      }
    } else {
      const count = /^\d{1,10}$/.test(value) ? Number(value) : Infinity;
      if (count > MAX_COUNT) {
        refuse(column, `It must be a whole number from 0 to ${String(MAX_COUNT)}, and is ${quoted(value)}.`);
      } else if (column === 'balance' && count > 0 && !hasCredits) {
        refuse(column, `The catalogue has no credits, so it must be 0, and is ${quoted(value)}.`);
      } else if (column === 'balance') {
        user.balance = count;
      } else if (count > 0) {
        counts[column.startsWith('used_') ? 'used' : 'held'][column.slice('used_'.length)] = count;
      }
    }
  }
  return mistakes.length > 0 ? mistakes : [{ is: 'user', line, ...user, ...counts }];
}

const LONGEST_SHOWN = 60;

function shortened(text: string): string {
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}

/** As it stands, with what can't be printed escaped. */
function quoted(value: string): string {
  return value === '' ? 'empty' : JSON.stringify(shortened(value));
}

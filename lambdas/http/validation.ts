import type * as z from 'zod/mini';
import { type FieldError, invalid, ProblemError, tooLarge } from './problems.ts';

type Issue = z.core.$ZodIssue;
type RawIssue = z.core.$ZodRawIssue;

/** A path can repeat what a client sent. This much is enough to recognize it. */
const MAX_PATH_LENGTH = 200;

/**
 * What a schema makes of a value.
 *
 * @throws ProblemError `too_large` for a text beyond its limit, `invalid` with one error per field
 */
export function validated<Output>(schema: z.ZodMiniType<Output>, value: unknown): Output {
  const result = schema.safeParse(value, { error: messageOf });
  if (result.success) {
    return result.data;
  }
  const { issues } = result.error;
  const large = issues.find(isTooLarge);
  throw new ProblemError(
    large === undefined
      ? invalid(issues.flatMap(fieldErrors))
      : tooLarge(large.params.limitBytes, `The field ${pathOf(large.path)}`),
  );
}

/** `lines` in `schemas.ts` marks it. */
function isTooLarge(issue: Issue): issue is Issue & { params: { limitBytes: number } } {
  return issue.code === 'custom' && typeof issue.params?.['limitBytes'] === 'number';
}

/** One sentence for a developer about each kind of issue. A schema's own message comes before it. */
function messageOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return isLeftOut(issue) ? 'Required.' : `Expected ${TYPES.get(issue.expected) ?? 'another type'}.`;
    case 'too_small':
      return `Expected ${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}.`;
    case 'too_big':
      return `Expected ${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}.`;
    case 'invalid_format':
      return `Expected ${FORMATS.get(issue.format) ?? 'another form'}.`;
    case 'invalid_value':
      return `Expected ${alternatives(issue.values)}.`;
    case 'invalid_union':
      return ofUnion(issue);
    case 'not_multiple_of':
      return `Expected a multiple of ${issue.divisor}.`;
    case 'unrecognized_keys':
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
    default:
      return 'Not valid.';
  }
}

function isLeftOut({ path = [], input }: RawIssue): boolean {
  return path.length > 0 && input === undefined;
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['string', 'text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
  ['object', 'an object'],
  ['record', 'an object'],
  ['array', 'a list'],
  ['null', 'null'],
]);

const FORMATS: ReadonlyMap<string, string> = new Map([
  ['email', 'an e-mail address'],
  ['url', 'a URL'],
]);

const UNITS: ReadonlyMap<string, string> = new Map([
  ['string', 'character'],
  ['array', 'item'],
]);

/** `3`, `1 character`, `3 items`. */
function amount(limit: number | bigint, origin: string): string {
  const unit = UNITS.get(origin);
  return unit === undefined ? String(limit) : `${limit} ${unit}${limit === 1 ? '' : 's'}`;
}

/** A union by a field says which values the field has. */
function ofUnion(issue: RawIssue & { code: 'invalid_union' }): string {
  const { discriminator, options } = issue;
  if (typeof discriminator !== 'string' || !Array.isArray(options)) {
    return 'Expected another form.';
  }
  const isThere = typeof issue.input === 'object' && issue.input !== null && discriminator in issue.input;
  return isThere ? `Expected ${alternatives(options)}.` : 'Required.';
}

/** `"email"`, `5, 10 or 25`. */
function alternatives(values: readonly unknown[]): string {
  const shown = values.map((value) => (typeof value === 'string' ? `"${value}"` : String(value)));
  return shown.length < 2
    ? shown.join('')
    : `${shown.slice(0, -1).join(', ')} or ${shown.slice(-1).join('')}`;
}

function fieldErrors(issue: Issue): FieldError[] {
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => ({ path: pathOf([...issue.path, key]), message: 'Unknown field.' }))
    : [{ path: pathOf(issue.path), message: issue.message }];
}

function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map(String).join('.');
  return text.length <= MAX_PATH_LENGTH ? text : `${text.slice(0, MAX_PATH_LENGTH)}…`;
}

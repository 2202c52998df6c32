import type * as z from 'zod/mini';
import { type FieldError, invalid, ProblemError } from './problems.ts';

type Issue = z.core.$ZodIssue;

/** Names and messages can repeat what a client sent. This much is enough to recognize it. */
const MAX_TEXT_LENGTH = 200;

/**
 * What a schema makes of a value.
 *
 * @throws ProblemError `invalid`, with one error per field
 */
export function validated<Output>(schema: z.ZodMiniType<Output>, value: unknown): Output {
  const result = schema.safeParse(value, { error: messageOf });
  if (!result.success) {
    throw new ProblemError(invalid(result.error.issues.flatMap(fieldErrors)));
  }
  return result.data;
}

/** Tells developers that they have left a field out. Zod's own message would speak of types. */
function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  const isField = (issue.path?.length ?? 0) > 0;
  return isField && issue.code === 'invalid_type' && issue.input === undefined ? 'Required.' : undefined;
}

function fieldErrors(issue: Issue): FieldError[] {
  return issue.code === 'unrecognized_keys'
    ? issue.keys.map((key) => fieldError([...issue.path, key], 'Unknown field.'))
    : [fieldError(issue.path, issue.message)];
}

function fieldError(path: readonly PropertyKey[], message: string): FieldError {
  return { path: shortened(path.map(String).join('.')), message: shortened(message) };
}

function shortened(text: string): string {
  return text.length <= MAX_TEXT_LENGTH ? text : `${text.slice(0, MAX_TEXT_LENGTH)}…`;
}

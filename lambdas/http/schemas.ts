/** The building blocks that the contracts share. Where they give no message, `validation.ts` has one for developers. */
import * as z from 'zod/mini';
import { type Schema } from './contract.ts';
import { USER_ID } from '../domain/user-id.ts';

/**
 * Schemas that the OpenAPI document shows under a name of their own. Those of requests are closed, so that nobody's typing
 * error goes unseen. Those of answers are open: a client must not break when a field is added.
 */
export const components = z.registry<{ id: string; description?: string; examples?: unknown[] }>();

export function named<S extends Schema>(
  id: string,
  schema: S,
  about: { description?: string; example?: unknown } = {},
): S {
  const { description, example } = about;
  components.add(schema, {
    id,
    ...(description === undefined ? {} : { description }),
    ...(example === undefined ? {} : { examples: [example] }),
  });
  return schema;
}

/** What the OpenAPI document shows in place of a schema whose input is text. */
export const shownAs = z.registry<Record<string, unknown>>();

/** No control characters and no halves of surrogate pairs: an envelope can show neither. */
const ONE_LINE = /^[\P{C}\p{Cf}\p{Co}\p{Cn}]*$/u;
const LINES = /^[\t\n\r\P{C}\p{Cf}\p{Co}\p{Cn}]*$/u;

/** Something that can be seen: not only blanks, and not only marks of direction and joiners. */
const VISIBLE = z.regex(/[^\s\p{Z}\p{Cf}]/u, { error: 'Expected something that can be seen.', abort: true });

/** A line of text without the blanks around it: they are neither judged nor kept. */
export function trimmedLine(maxLength: number): z.ZodMiniType<string, string> {
  return line(maxLength, z.string().check(z.trim()));
}

/** A line of text. It counts characters as JSON Schema does: an emoji is one, although it takes two places in a string. */
export function line(
  maxLength: number,
  text: z.ZodMiniString<string> = z.string(),
): z.ZodMiniType<string, string> {
  const schema = text.check(
    z.minLength(1, { abort: true }),
    z.refine(
      (text) => text.length <= 2 * maxLength && Array.from(text).length <= maxLength,
      `Expected at most ${maxLength} characters.`,
    ),
    z.regex(ONE_LINE, 'Control characters are not allowed.'),
    VISIBLE,
  );
  shownAs.add(schema, {
    type: 'string',
    minLength: 1,
    maxLength,
    description: 'Without control characters.',
  });
  return schema;
}

/** Marks the issue of a text that is too large, which becomes `too_large`. */
export interface SizeLimit {
  limitBytes: number;
}

/** Text that may have several lines and tabs. Its limit is the same for every script, however a client escapes it. */
export function lines(limitBytes: number): z.ZodMiniType<string, string> {
  const limit: SizeLimit = { limitBytes };
  const schema = z.string().check(
    z.minLength(1, { abort: true }),
    z.refine((text) => Buffer.byteLength(text) <= limitBytes, {
      error: `Expected at most ${limitBytes} bytes of UTF-8.`,
      abort: true,
      params: { ...limit },
    }),
    z.regex(LINES, 'Control characters other than tabs and line ends are not allowed.'),
    VISIBLE,
  );
  shownAs.add(schema, {
    type: 'string',
    minLength: 1,
    // A character is at least one byte.
    maxLength: limitBytes,
    description: `At most ${limitBytes} bytes of UTF-8. Without control characters other than tabs and line ends.`,
  });
  return schema;
}

/** Postage gives ids of 32 hexadecimal digits. Anything else that looks like an id is not found. */
export const Id = z.string().check(z.regex(/^[\w-]{1,64}$/, 'Expected an id.'));

/** The `sub` of a token. */
export const UserId = z
  .string()
  .check(z.regex(USER_ID, 'Expected 1 to 128 printable ASCII characters, without blanks, # and %.'));

const zonedText = z.iso
  .datetime({
    offset: true,
    error: 'Expected an ISO 8601 instant with a zone, such as 2027-01-31T09:00:00Z.',
  })
  .check(z.maxLength(40));

/** ISO 8601 with a zone, as milliseconds: real calendar dates only. */
export const InstantInput = z.pipe(
  zonedText,
  z.transform((given: string) => Date.parse(given)),
);

/** A UTC day, `2026-11-24`: real calendar days only. */
export const Day = z.iso.date({ error: 'Expected a day, such as 2026-11-24.' });

const EARLIEST = Date.UTC(2000, 0);
const LATEST = Date.UTC(2200, 0);

/** A UTC month, `2026-11`. */
export const Month = z
  .string()
  .check(z.regex(/^\d{4}-(0[1-9]|1[0-2])$/, 'Expected a month, such as 2026-11.'));

/** The time of a run or of the local clock. In a later year, an account would have too many periods to close. */
export const ClockInput = z.pipe(
  InstantInput,
  z
    .number()
    .check(
      z.gte(EARLIEST, 'Expected a time in 2000 or later.'),
      z.lt(LATEST, 'Expected a time before 2200.'),
    ),
);

/** An instant in an answer: ISO 8601 in UTC with milliseconds. */
export const Instant = z.iso.datetime({ precision: 3 });

// Their patterns know every leap day, and tell a reader no more than this.
shownAs.add(zonedText, { type: 'string', format: 'date-time', maxLength: 40 });
shownAs.add(Day, { type: 'string', format: 'date' });
shownAs.add(Instant, { type: 'string', format: 'date-time' });

export const Email = z.email().check(z.maxLength(254));
// Its pattern looks ahead, which the regular expressions of many languages can't.
shownAs.add(Email, { type: 'string', format: 'email', maxLength: 254 });

/** A count in an answer. */
export const Count = z.int().check(z.gte(0));

/** A share in an answer, rounded down, so that 100 means all of it. */
export const Percent = z.int().check(z.gte(0), z.lte(100));

export const Limit = named('Limit', z.union([Count, z.literal('unlimited')]));

export const Plan = named('Plan', z.string(), {
  description: 'The id of a plan of the catalogue.',
});

export const Price = named('Price', z.object({ amountCents: Count, currency: z.literal('usd') }), {
  example: { amountCents: 300, currency: 'usd' },
});

/** A whole number in a query, where everything is text. */
export function wholeNumberParameter(
  minimum: number,
  maximum: number,
  byDefault: number,
): z.ZodMiniDefault<z.ZodMiniType<number>> {
  const digits = z.string().check(z.regex(/^-?\d{1,15}$/, 'Expected a whole number.'));
  const number = z.pipe(z.pipe(digits, z.transform(Number)), z.int().check(z.gte(minimum), z.lte(maximum)));
  const parameter = z._default(number, byDefault);
  shownAs.add(parameter, { type: 'integer', format: 'int32', minimum, maximum, default: byDefault });
  return parameter;
}

/** A share in a query, more than 0 or from a least one on, and at most 1. */
export function shareParameter(byDefault: number, least?: number): z.ZodMiniDefault<z.ZodMiniType<number>> {
  const decimal = z.string().check(z.regex(/^[01](\.\d{1,15})?$/, 'Expected a decimal, such as 0.8.'));
  const isEnough = least === undefined ? z.gt(0) : z.gte(least);
  const share = z.pipe(z.pipe(decimal, z.transform(Number)), z.number().check(isEnough, z.lte(1)));
  const parameter = z._default(share, byDefault);
  shownAs.add(parameter, {
    type: 'number',
    ...(least === undefined ? { exclusiveMinimum: 0 } : { minimum: least }),
    maximum: 1,
    default: byDefault,
  });
  return parameter;
}

/** Yes or no in a query; no where it is not given. */
export function flagParameter(): z.ZodMiniDefault<z.ZodMiniType<boolean>> {
  const word = z.enum(['true', 'false'], { error: 'Expected true or false.' });
  const flag = z.pipe(
    word,
    z.transform((value: 'true' | 'false') => value === 'true'),
  );
  const parameter = z._default(flag, false);
  shownAs.add(parameter, { type: 'boolean', default: false });
  return parameter;
}

const MAX_PAGE_SIZE = 100;
const PAGE_SIZE = 20;

/** The query of a list. */
export const PageQuery = z.strictObject({
  limit: wholeNumberParameter(1, MAX_PAGE_SIZE, PAGE_SIZE),
  cursor: z.optional(z.string().check(z.minLength(1), z.maxLength(1_024))),
});

/** A page of a list, newest first. */
export function page<S extends Schema>(
  item: S,
): z.ZodMiniObject<{
  items: z.ZodMiniArray<S>;
  nextCursor: z.ZodMiniNullable<z.ZodMiniString>;
}> {
  return z.object({ items: z.array(item), nextCursor: z.nullable(z.string()) });
}

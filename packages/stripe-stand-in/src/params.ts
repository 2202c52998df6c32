import { z } from 'zod';
import { type ApiError, invalidParameter } from './api-error.ts';
import { type Form } from './form.ts';

/**
 * The parameters of one endpoint. They must be parameters of the SDK's type `P`, so that the compiler knows of a name
 * that Stripe does not have. The stand-in refuses what it does not model as Stripe refuses what it does not know.
 */
export function paramsOf<P>() {
  return <S extends z.ZodRawShape>(
    shape: S & Partial<Record<Exclude<keyof S, keyof P>, never>>,
  ): z.ZodObject<S, z.core.$strict> => z.strictObject<S>(shape);
}

export const text = z.string().min(1).max(5_000);

export const integer = z.string().transform((value, context) => {
  if (/^-?\d{1,15}$/.test(value)) {
    return Number(value);
  }
  context.addIssue({
    code: 'custom',
    message: `Invalid integer: ${value}`,
    params: { code: 'parameter_invalid_integer' },
  });
  return z.NEVER;
});

export const timestamp = integer.refine((second) => second >= 0, {
  message: 'Invalid timestamp: must be an integer Unix timestamp',
});

export const flag = z.string().transform((value, context) => {
  if (value === 'true' || value === 'false') {
    return value === 'true';
  }
  context.addIssue({ code: 'custom', message: `Invalid boolean: ${value}` });
  return z.NEVER;
});

export const currency = z.string().transform((value, context) => {
  if (value.toLowerCase() === 'usd') {
    return 'usd';
  }
  context.addIssue({
    code: 'custom',
    message: `Invalid currency: ${value}. Stripe currently supports these currencies: usd (the stand-in knows no other)`,
  });
  return z.NEVER;
});

/** An empty string takes a value away. */
export function clearable<Schema extends z.ZodType>(schema: Schema) {
  return z.union([z.literal('').transform(() => null), schema]);
}

// Source: https://docs.stripe.com/api/metadata
const metadataValues = z
  .record(z.string().max(40), z.string().max(500))
  .refine((entries) => Object.keys(entries).length <= 50, {
    message: 'You can only have 50 metadata keys on an object',
  });

/** Null takes all away. */
export const metadata = clearable(metadataValues);

export const address = z.strictObject({
  city: z.optional(z.string()),
  country: z.optional(z.string()),
  line1: z.optional(z.string()),
  line2: z.optional(z.string()),
  postal_code: z.optional(z.string()),
  state: z.optional(z.string()),
});

const range = z.union([
  integer,
  z.strictObject({
    gt: z.optional(integer),
    gte: z.optional(integer),
    lt: z.optional(integer),
    lte: z.optional(integer),
  }),
]);
export type Range = z.infer<typeof range>;

export const paging = {
  limit: z.optional(integer),
  starting_after: z.optional(text),
  ending_before: z.optional(text),
};

export const created = { created: z.optional(range) };

// Source: https://docs.stripe.com/error-codes
/** @throws ApiError as Stripe words it, for the first parameter that is unknown, missing or wrong */
export function readParams<Schema extends z.ZodType>(schema: Schema, form: Form): z.output<Schema> {
  const result = schema.safeParse(form);
  if (result.success) {
    return result.data;
  }
  const [issue] = result.error.issues;
  throw issue === undefined ? invalidParameter('Invalid request', '') : refusalOf(issue, form);
}

function refusalOf(issue: z.core.$ZodIssue, form: Form): ApiError {
  if (issue.code === 'unrecognized_keys') {
    const param = nameOf([...issue.path, issue.keys[0] ?? '']);
    return invalidParameter(`Received unknown parameter: ${param}`, param, 'parameter_unknown');
  }
  if (issue.code === 'invalid_union') {
    // The last alternative is the usual one. The others are "" or a shorthand.
    const inner = issue.errors.at(-1)?.[0];
    if (inner !== undefined) {
      return refusalOf({ ...inner, path: [...issue.path, ...inner.path] }, form);
    }
  }
  const param = nameOf(issue.path);
  const value = valueAt(form, issue.path);
  if (value === undefined) {
    return invalidParameter(`Missing required param: ${param}.`, param, 'parameter_missing');
  }
  if (value === '') {
    const message = `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset.`;
    return invalidParameter(message, param, 'parameter_invalid_empty');
  }
  if (issue.code === 'custom') {
    const code: unknown = issue.params?.['code'];
    return invalidParameter(issue.message, param, typeof code === 'string' ? code : undefined);
  }
  if (issue.code === 'invalid_value') {
    return invalidParameter(`Invalid ${param}: must be one of ${issue.values.join(', ')}`, param);
  }
  return invalidParameter(`Invalid ${param}: ${issue.message}`, param);
}

function nameOf(path: readonly PropertyKey[]): string {
  const [head = '', ...rest] = path.map(String);
  return head + rest.map((part) => `[${part}]`).join('');
}

function valueAt(form: Form, path: readonly PropertyKey[]): unknown {
  let value: unknown = form;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) {
      return undefined;
    }
    const entries: [string, unknown][] = Object.entries(value);
    value = entries.find(([name]) => name === String(key))?.[1];
  }
  return value;
}

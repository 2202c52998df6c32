/** What is wrong with a file that an owner has written, by entry and in words. */
export interface Mistake {
  /** Where it is: `plans.pro.limits.fax`. */
  entry: string;
  message: string;
}

/** Looks at the value of an entry. */
export type Check = (value: unknown, entry: string) => Mistake[];

export function mistake(entry: string, message: string): Mistake[] {
  return [{ entry, message }];
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The entries of an object; none of anything else, whose shape is told elsewhere. */
export function entriesOf(value: unknown): [name: string, value: unknown][] {
  return isObject(value) ? Object.entries(value).filter(([, each]) => each !== undefined) : [];
}

export function fieldOf(value: unknown, name: string): unknown {
  return entriesOf(value).find(([each]) => each === name)?.[1];
}

/** A list, in which what a comma too many leaves out is undefined; null for anything else. */
export function listOf(value: unknown): unknown[] | null {
  return Array.isArray(value) ? Array.from<unknown>(value) : null;
}

export function within(entry: string, name: string): string {
  return entry === '' ? name : `${entry}.${name}`;
}

const AN_OBJECT = 'This must be an object, { … }.';

/** An object with the members that are listed, and no others. */
export function object(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  const known = new Map(Object.entries({ ...required, ...optional }));
  const names = [...known.keys()];
  return (value, entry) => {
    if (!isObject(value)) {
      return mistake(entry, AN_OBJECT);
    }
    const given = entriesOf(value);
    const missing = Object.keys(required).filter((name) => fieldOf(value, name) === undefined);
    return [
      ...missing.flatMap((name) => mistake(within(entry, name), 'This is missing.')),
      ...given.flatMap(([name, each]) => (known.get(name) ?? unknownAmong(names))(each, within(entry, name))),
    ];
  };
}

function unknownAmong(names: readonly string[]): Check {
  const others = names.length === 0 ? 'There are none here.' : `Known are ${names.join(', ')}.`;
  return (_, entry) => mistake(entry, `Nothing of this name is known here. ${others}`);
}

/** An object whose members the owner names. */
export function record(name: (name: string, entry: string) => Mistake[], value: Check): Check {
  return (given, entry) =>
    isObject(given)
      ? entriesOf(given).flatMap(([each, its]) => [
          ...name(each, within(entry, each)),
          ...value(its, within(entry, each)),
        ])
      : mistake(entry, AN_OBJECT);
}

export function wholeNumber(least: number, most: number): Check {
  return (value, entry) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
      ? []
      : mistake(entry, `This must be a whole number from ${String(least)} to ${String(most)}.`);
}

export function oneOf(...values: readonly unknown[]): Check {
  return (value, entry) =>
    values.includes(value) ? [] : mistake(entry, `This must be ${values.map(asWritten).join(' or ')}.`);
}

function asWritten(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

export const text: Check = (value, entry) =>
  typeof value === 'string' && value.trim() !== ''
    ? []
    : mistake(entry, "This must be a text, such as 'Pro'.");

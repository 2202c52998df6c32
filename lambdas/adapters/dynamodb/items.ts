import { type AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

/** An item as DynamoDB's wire has it. */
export type WireItem = Record<string, AttributeValue>;

/** An item that lacks what its kind must have, or holds something else. Reported and set aside, never guessed at. */
export class CorruptItemError extends Error {
  override name = 'CorruptItemError';
}

/** Encodes an item; attributes that are undefined are left out. */
export function toWire(item: object): WireItem {
  return marshall(item, { removeUndefinedValues: true });
}

/** The name placeholders of an expression: each `#name` stands for the attribute `name`. */
export function namesIn(...expressions: readonly string[]): Record<string, string> {
  const placeholders = expressions.flatMap((expression) => expression.match(/#\w+/g) ?? []);
  return Object.fromEntries(placeholders.map((placeholder) => [placeholder, placeholder.slice(1)]));
}

type Evaluated = Partial<
  Record<'ConditionExpression' | 'FilterExpression' | 'KeyConditionExpression' | 'UpdateExpression', string>
>;

/** Expressions with all that they mention: `#name` is the attribute `name`, and `:name` the value of that name. */
export function evaluated<Expressions extends Evaluated>(
  expressions: Expressions,
  values: object = {},
): Expressions & { ExpressionAttributeNames: Record<string, string>; ExpressionAttributeValues?: WireItem } {
  const texts = Object.values(expressions);
  const mentioned = new Set(texts.flatMap((text) => text.match(/:\w+/g) ?? []));
  const named = Object.entries(values).map(([name, value]) => [`:${name}`, value] as const);
  const used = named.filter(([placeholder]) => mentioned.has(placeholder));
  return {
    ...expressions,
    ExpressionAttributeNames: namesIn(...texts),
    ...(used.length === 0 ? {} : { ExpressionAttributeValues: toWire(Object.fromEntries(used)) }),
  };
}

/** Reads attributes of an item by type, and says which one is wrong. */
export class ItemReader {
  readonly #item: Record<string, unknown>;

  constructor(item: Record<string, unknown>) {
    this.#item = item;
  }

  static fromWire(item: WireItem): ItemReader {
    return new ItemReader(unmarshall(item));
  }

  string(name: string): string {
    const value = this.#item[name];
    return typeof value === 'string' ? value : this.#fail(name);
  }

  integer(name: string): number {
    const value = this.#item[name];
    return typeof value === 'number' && Number.isSafeInteger(value) ? value : this.#fail(name);
  }

  integers<Name extends string>(names: readonly Name[]): Record<Name, number> {
    const entries = names.map((name) => [name, this.integer(name)]);
    return Object.fromEntries(entries) as Record<Name, number>;
  }

  optionalInteger(name: string): number | null {
    return this.has(name) ? this.integer(name) : null;
  }

  optionalString(name: string): string | undefined {
    return this.has(name) ? this.string(name) : undefined;
  }

  /** One of the keys of a catalogue. */
  oneOf<Key extends string>(name: string, keys: readonly Key[]): Key {
    const value = this.string(name);
    return keys.find((key) => key === value) ?? this.#fail(name);
  }

  binary(name: string): Uint8Array {
    const value = this.#item[name];
    return value instanceof Uint8Array ? value : this.#fail(name);
  }

  /** A set of strings. One that is empty is not there. */
  strings(name: string): string[] {
    const value = this.#item[name] ?? new Set();
    return value instanceof Set ? [...value].map(String) : this.#fail(name);
  }

  list(name: string): unknown[] {
    const value = this.#item[name];
    return Array.isArray(value) ? value : this.#fail(name);
  }

  map(name: string): ItemReader {
    return ItemReader.of(this.#item[name]) ?? this.#fail(name);
  }

  maps(name: string): ItemReader[] {
    return this.list(name).map((entry) => ItemReader.of(entry) ?? this.#fail(name));
  }

  has(name: string): boolean {
    return this.#item[name] !== undefined;
  }

  isNull(name: string): boolean {
    return this.#item[name] === null;
  }

  /** The item itself, for a part of it that anything may stand in. */
  plain(): Record<string, unknown> {
    return { ...this.#item };
  }

  names(): string[] {
    return Object.keys(this.#item);
  }

  static of(value: unknown): ItemReader | null {
    return typeof value === 'object' && value !== null ? new ItemReader({ ...value }) : null;
  }

  #fail(name: string): never {
    const key = `${String(this.#item['pk'])} ${String(this.#item['sk'])}`;
    throw new CorruptItemError(`The attribute ${name} of the item ${key} is missing or wrong.`);
  }
}

export function sortKeyOf(item: WireItem): string {
  return ItemReader.fromWire(item).string('sk');
}

/** The key in the table of an item of an index. */
export function keyOf({ pk, sk }: WireItem): WireItem {
  if (pk === undefined || sk === undefined) {
    throw new TypeError('An index answered without the keys of its table.');
  }
  return { pk, sk };
}

/** The schemas of the contracts as OpenAPI shows them, so that common generators of clients understand them. */
import * as z from 'zod/mini';
import { type Schema } from './contract.ts';
import { components, shownAs } from './schemas.ts';

export type JsonObject = Record<string, unknown>;

const SCHEMAS_PATH = '#/components/schemas/';

export function referenceTo(id: string): { $ref: string } {
  return { $ref: SCHEMAS_PATH + id };
}

function nameOf(schema: z.core.$ZodType): string {
  const id = components.get(schema)?.id;
  if (id === undefined) {
    throw new Error('A schema of a body has no name.');
  }
  return id;
}

export function reference(schema: z.core.$ZodType): { $ref: string } {
  return referenceTo(nameOf(schema));
}

/** One of several schemas that a field tells apart; `byValue` has them by the field's value. */
export function oneOf(
  field: string,
  byValue: readonly (readonly [value: string, schema: z.core.$ZodType])[],
): JsonObject {
  const [only, second] = byValue;
  if (only !== undefined && second === undefined) {
    return reference(only[1]);
  }
  const mapping = Object.fromEntries(byValue.map(([value, schema]) => [value, reference(schema).$ref]));
  return {
    oneOf: byValue.map(([, schema]) => reference(schema)),
    discriminator: { propertyName: field, mapping },
  };
}

/** The example of a named schema. */
export function exampleOf(schema: Schema): unknown {
  return components.get(schema)?.examples?.[0];
}

interface Shown {
  zodSchema: z.core.$ZodTypes;
  jsonSchema: JsonObject;
}

function improve({ zodSchema, jsonSchema }: Shown): void {
  const examples = components.get(zodSchema)?.examples;
  if (examples !== undefined) {
    // Zod leaves those out that it would transform.
    jsonSchema['examples'] = examples;
  }
  const instead = shownAs.get(zodSchema);
  if (instead !== undefined) {
    replace(jsonSchema, instead);
    return;
  }
  const { def } = zodSchema._zod;
  if (def.type === 'union' && 'discriminator' in def && typeof def.discriminator === 'string') {
    addDiscriminator(jsonSchema, def.discriminator, def.options);
  }
  if (def.type === 'literal' && def.values.every(Number.isInteger)) {
    jsonSchema['type'] = 'integer';
  }
  if (jsonSchema['type'] === 'integer') {
    addFormat(jsonSchema);
  }
}

function replace(jsonSchema: JsonObject, instead: JsonObject): void {
  for (const name of Object.keys(jsonSchema)) {
    Reflect.deleteProperty(jsonSchema, name);
  }
  Object.assign(jsonSchema, instead);
}

/** Every option has a name, and one value of the field. */
function addDiscriminator(jsonSchema: JsonObject, field: string, options: readonly z.core.$ZodType[]): void {
  const byValue = options.flatMap((option) => {
    const values = [...(option._zod.propValues?.[field] ?? [])];
    return values.map((value) => [String(value), option] as const);
  });
  if (byValue.every(([, option]) => components.has(option))) {
    Object.assign(jsonSchema, oneOf(field, byValue));
  }
}

const GREATEST_INT32 = 2 ** 31 - 1;

/** Zod's bounds of whole numbers are JavaScript's own, and tell a reader nothing. */
function addFormat(jsonSchema: JsonObject): void {
  const { minimum, maximum } = jsonSchema;
  if (maximum === Number.MAX_SAFE_INTEGER) {
    Reflect.deleteProperty(jsonSchema, 'maximum');
  }
  if (minimum === Number.MIN_SAFE_INTEGER) {
    Reflect.deleteProperty(jsonSchema, 'minimum');
  }
  const isSmall =
    (typeof maximum === 'number' && maximum <= GREATEST_INT32) ||
    'enum' in jsonSchema ||
    'const' in jsonSchema;
  jsonSchema['format'] = isSmall ? 'int32' : 'int64';
}

const SHOWN = { metadata: components, io: 'input', unrepresentable: 'any', override: improve } as const;

export function jsonSchema(schema: Schema): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, SHOWN);
}

/** The named schemas to which a part of the document leads. An app on top of the core does not show all of the core's. */
export function componentSchemas(part: unknown): JsonObject {
  const { schemas } = z.toJSONSchema(components, { ...SHOWN, uri: (id) => referenceTo(id).$ref });
  const shown = new Set<string>();
  const follow = (from: unknown): void => {
    for (const id of idsIn(from).filter((each) => each in schemas && !shown.has(each))) {
      shown.add(id);
      follow(schemas[id]);
    }
  };
  follow(part);
  return Object.fromEntries(
    Object.entries(schemas)
      .filter(([id]) => shown.has(id))
      .map(([id, schema]) => {
        const isKept = ([name]: [string, unknown]): boolean => !['$schema', '$id', 'id'].includes(name);
        return [id, Object.fromEntries(Object.entries(schema).filter(isKept))];
      }),
  );
}

const REFERENCE = /"#\/components\/schemas\/([^"]+)"/g;

function idsIn(part: unknown): string[] {
  return [...JSON.stringify(part).matchAll(REFERENCE)].flatMap(([, id]) => id ?? []);
}

/**
 * `npm run web:types`: writes the types of the page's client from the OpenAPI document of the API, so that nobody types
 * them again. The letters app answers some of the core's routes in shapes of its own; so there is a file for each.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { coreApi } from '../lambdas/http/api.ts';
import { type Api, openApiDocument } from '../lambdas/http/openapi.ts';
import { API } from '../lambdas/letters/http/api.ts';

const FOLDER = new URL('src/api/generated/', import.meta.url);

/**
 * Values that the page does not know by itself, by the property's name: those of the owner's catalogue it learns from
 * `GET /catalogue`, and the countries from the browser.
 */
const NOT_IN_TYPES: Readonly<Record<string, object>> = {
  plan: { type: 'string' },
  bundle: { type: 'integer' },
  country: { type: 'string' },
};

mkdirSync(FOLDER, { recursive: true });
await write('letters', API);
await write('core', coreApi());

async function write(name: string, api: Api): Promise<void> {
  const document = withOpenValues(openApiDocument(api, '/')) as OpenAPI3;
  const types = await openapiTS(document, { silent: true });
  writeFileSync(new URL(`${name}.d.ts`, FOLDER), astToString(types));
}

function withOpenValues(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withOpenValues);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const parameter = 'in' in value && 'name' in value ? NOT_IN_TYPES[String(value.name)] : undefined;
  const entries = Object.entries(value).map(([key, inner]) => {
    const isListed = isSchema(inner) && (inner.enum !== undefined || inner.const !== undefined);
    const open = isListed ? (key === 'schema' ? parameter : NOT_IN_TYPES[key]) : undefined;
    return [key, open ?? withOpenValues(inner)] as const;
  });
  return Object.fromEntries(entries);
}

function isSchema(value: unknown): value is { enum?: unknown; const?: unknown } {
  return typeof value === 'object' && value !== null;
}

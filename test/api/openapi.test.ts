import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { routeKey, type Schema } from '../../lambdas/http/contract.ts';
import { API } from '../../lambdas/letters/http/api.ts';
import { codesOf, openApiDocument } from '../../lambdas/http/openapi.ts';
import { PROBLEMS } from '../../lambdas/http/problems.ts';
import { USAGE_READ_SCOPE, USAGE_WRITE_SCOPE } from '../../lambdas/http/roles.ts';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { components } from '../../lambdas/http/schemas.ts';

type Json = Record<string, unknown>;

interface Described {
  operationId: string;
  security: object[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, { schema: Json; example?: unknown }> };
  responses: Record<string, { content?: Record<string, { schema?: Json }>; headers?: object }>;
}

const document = openApiDocument(API, 'https://api.postage.test');
const paths = document['paths'] as Record<string, Record<string, Described>>;

function described(method: string, path: string): Described | undefined {
  return paths[path]?.[method.toLowerCase()];
}

const operations = ROUTES.flatMap(({ method, path }) => {
  const operation = described(method, path);
  return operation === undefined ? [] : [{ name: `${method} ${path}`, operation }];
});

const REFERENCE = '#/components/schemas/';

function schemaOf(name: string): Json {
  const { schemas } = document['components'] as { schemas: Record<string, Json> };
  return schemas[name] ?? {};
}

/** The names of the schemas that a value refers to. A discriminator only repeats them. */
function referencesIn(value: unknown): string[] {
  const found = JSON.stringify(value ?? null).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
  return [...found].map(([, name]) => name ?? '');
}

function reachableFrom(value: unknown): Set<string> {
  const reached = new Set<string>();
  const visit = (names: readonly string[]): void => {
    for (const name of names.filter((each) => !reached.has(each))) {
      reached.add(name);
      visit(referencesIn(schemaOf(name)));
    }
  };
  visit(referencesIn(value));
  return reached;
}

/** Every schema of a type within a value. */
function objectsIn(value: unknown, type = 'object'): Json[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  const own = 'type' in value && value.type === type ? [value as Json] : [];
  return [...own, ...Object.values(value).flatMap((part) => objectsIn(part, type))];
}

/** Every body of JSON that is sent or answered, but for files and what other services sign. */
function bodies(): { name: string; schema: Json }[] {
  return operations.flatMap(({ name, operation: { requestBody, responses } }) => {
    const contents = [requestBody, ...Object.values(responses)].map((part) => part?.content ?? {});
    const schemas = contents.flatMap((content) => Object.values(content)).map(({ schema }) => schema);
    return schemas.flatMap((schema) => (schema === undefined ? [] : [{ name, schema }]));
  });
}

describe('the OpenAPI document', () => {
  it('passes a linter without a warning', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'postage-openapi-'));
    try {
      const file = join(folder, 'openapi.json');
      await writeFile(file, JSON.stringify(document));
      const { stdout, stderr } = await promisify(execFile)(
        'node_modules/.bin/redocly',
        ['lint', file, '--config', 'redocly.yaml', '--format', 'json'],
        { env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
      ).catch((error: unknown) => error as { stdout: string; stderr: string });
      expect({ report: JSON.parse(stdout || stderr) as unknown }).toMatchObject({
        report: { totals: { errors: 0, warnings: 0 }, problems: [] },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('describes every route, and nothing else', () => {
    expect(API.contracts.map(({ route }) => routeKey(route)).sort()).toEqual(ROUTES.map(routeKey).sort());
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.sort()).toEqual(ROUTES.map(routeKey).sort());
  });

  it('shows no schema of the core in whose place the letters app has one of its own', () => {
    const { schemas } = document['components'] as { schemas: object };
    expect(schemas).toHaveProperty('User');
    expect(schemas).not.toHaveProperty('UserDetails');
  });

  it('calls each operation by a verb, and no two the same', () => {
    const names = ROUTES.map(({ method, path }) => described(method, path)?.operationId);
    expect(new Set(names).size).toBe(ROUTES.length);
    const verbs =
      /^(adjust|cancel|change|claim|create|delete|erase|export|forecast|get|give|list|open|preview|prove|receive|reconcile|record|redrive|run|take)[A-Z]/;
    for (const name of names) {
      expect(name).toMatch(verbs);
    }
  });

  it('G13: says for every route who may call it', () => {
    const schemes = {
      user: 'token',
      'usage:read': 'token',
      'usage:write': 'token',
      admin: 'token',
      cron: 'cronSecret',
      signature: 'signature',
      anyone: undefined,
    };
    for (const { method, path, access } of ROUTES) {
      const security = described(method, path)?.security ?? [{}];
      const scheme = path === '/webhooks/mail' ? 'lobSignature' : schemes[access];
      expect(security.flatMap((each) => Object.keys(each))).toEqual(scheme === undefined ? [] : [scheme]);
    }
  });

  it.each([USAGE_READ_SCOPE, USAGE_WRITE_SCOPE])('spells the scope %s as tokens have it', (scope) => {
    const text = JSON.stringify(document);
    expect(text).toContain(`needs the scope \`${scope}\``);
    expect(text.replaceAll(scope, '')).not.toContain(scope.slice('postage/'.length));
  });

  it('shows parameters as what they stand for', () => {
    expect(described('GET', '/letters')?.parameters).toMatchObject([
      { name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 100 } },
      { name: 'cursor', in: 'query', required: false, schema: { type: 'string' } },
    ]);
    expect(described('POST', '/users/{userId}/usage')?.parameters).toMatchObject([
      { name: 'userId', in: 'path', required: true },
      { name: 'Idempotency-Key', in: 'header', required: true },
    ]);
    expect(described('POST', '/letters')?.parameters).toMatchObject([
      { name: 'Idempotency-Key', in: 'header', required: false },
    ]);
  });

  it('promises a location only where there is one', () => {
    const headersOf = (method: string, path: string, status: string): unknown =>
      described(method, path)?.responses[status];
    expect(headersOf('POST', '/letters', '201')).toHaveProperty('headers.Location');
    expect(headersOf('DELETE', '/admin/users/{userId}', '202')).toHaveProperty('headers.Location');
    expect(headersOf('POST', '/credits/purchases', '201')).not.toHaveProperty('headers.Location');
    expect(headersOf('POST', '/credits/gifts', '201')).not.toHaveProperty('headers.Location');
  });

  it("describes the gateway's own answers in one place", () => {
    const { responses, schemas } = document['components'] as {
      responses: object;
      schemas: Record<string, object>;
    };
    expect(responses).toMatchObject({
      Gateway: {
        content: { 'application/json': { schema: { $ref: '#/components/schemas/GatewayError' } } },
      },
    });
    // No `code`, so that a client can tell it from a problem by its `code`.
    expect(schemas['GatewayError']).toMatchObject({ properties: { code: { const: '' } } });
    for (const { operation } of operations) {
      expect(operation.responses['default']).toEqual({ $ref: '#/components/responses/Gateway' });
      const others = Object.entries(operation.responses).filter(([status]) => status !== 'default');
      expect(JSON.stringify(others)).not.toContain('GatewayError');
    }
    // The gateway answers who has no token, so no problem does.
    expect(described('GET', '/letters')?.responses).not.toHaveProperty('401');
    expect(described('POST', '/cron/rollover-usage')?.responses).toHaveProperty('401');
  });

  it('says what a refusal costs and when to come back', () => {
    const responses = described('POST', '/deliveries')?.responses;
    const statuses = [201, 202, 400, 402, 403, 404, 409, 413, 422, 429, 500, 503].map(String);
    expect(Object.keys(responses ?? {}).sort()).toEqual([...statuses, 'default']);
    expect(responses?.['402']).toMatchObject({
      description: expect.stringMatching(/`plan_required`.*`quota_exceeded`.*`insufficient_credits`/),
      content: {
        'application/problem+json': {
          schema: {
            discriminator: {
              propertyName: 'code',
              mapping: {
                plan_required: '#/components/schemas/PlanRequiredProblem',
                quota_exceeded: '#/components/schemas/QuotaExceededProblem',
                insufficient_credits: '#/components/schemas/CreditsUsedUpProblem',
                payment_method_required: '#/components/schemas/PaymentMethodRequiredProblem',
                payment_failed: '#/components/schemas/MailPaymentFailedProblem',
                payment_action_required: '#/components/schemas/MailPaymentActionRequiredProblem',
              },
            },
          },
        },
      },
    });
    for (const status of ['429', '503']) {
      expect(responses?.[status]?.headers).toHaveProperty('Retry-After');
    }
  });

  it('lists for each operation its own codes, each by its schema', () => {
    for (const contract of API.contracts) {
      const { method, path } = contract.route;
      const responses = Object.values(described(method, path)?.responses ?? {});
      const shown = responses.flatMap(({ content }) => content?.['application/problem+json']?.schema ?? []);
      const codes = shown.flatMap(referencesIn).map((name) => schemaOf(name)['properties']);
      expect(
        codes.map((properties) => (properties as { code: { const: string } }).code.const).sort(),
      ).toEqual([...codesOf(contract)].sort());
    }
  });

  it('knows every code of a problem, and each has one schema', () => {
    const { discriminator } = schemaOf('Problem') as { discriminator: { mapping: Record<string, string> } };
    expect(Object.keys(discriminator.mapping).sort()).toEqual(Object.keys(PROBLEMS).sort());
    for (const [code, reference] of Object.entries(discriminator.mapping)) {
      expect(schemaOf(reference.slice(REFERENCE.length))).toMatchObject({
        properties: { code: { const: code } },
      });
    }
  });

  it('knows no problem of its own of an operation that is not there', () => {
    const names = new Set(API.contracts.map(({ operationId }) => operationId));
    expect(Object.keys(API.ownProblems).filter((name) => !names.has(name))).toEqual([]);
  });

  it('demands the figures that belong to a code', () => {
    const required = (name: string): unknown => schemaOf(name)['required'];
    expect(required('QuotaExceededProblem')).toEqual(
      expect.arrayContaining(['meter', 'limit', 'used', 'resetsAt', 'upgradeTo']),
    );
    expect(required('MailPaymentActionRequiredProblem')).toContain('clientSecret');
    expect(required('RateLimitedProblem')).toEqual(expect.arrayContaining(['limit', 'resetsAt']));
    expect(required('CreditsUsedUpProblem')).toEqual(
      expect.arrayContaining(['limit', 'used', 'resetsAt', 'price']),
    );
  });

  it('closes requests, and leaves answers open', () => {
    const asked = reachableFrom(operations.map(({ operation }) => operation.requestBody));
    const answered = reachableFrom(operations.map(({ operation }) => operation.responses));
    expect(
      [...asked].filter((name) => answered.has(name)).map((name) => schemaOf(name)['type']),
    ).not.toContain('object');
    for (const name of answered) {
      expect(JSON.stringify(schemaOf(name))).not.toContain('"additionalProperties":false');
    }
    for (const name of asked) {
      const objects = objectsIn(schemaOf(name));
      expect({ name, open: objects.filter((object) => object['additionalProperties'] !== false) }).toEqual({
        name,
        open: [],
      });
    }
  });

  it('gives every body an example that its schema accepts', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true, formats: { int32: true, int64: true } });
    addFormats.default(ajv);
    ajv.addSchema(document, 'api');
    for (const { name, schema } of bodies()) {
      for (const component of referencesIn(schema)) {
        const { examples = [] } = schemaOf(component) as { examples?: unknown[] };
        expect({ name, component, examples: examples.length }).toEqual({ name, component, examples: 1 });
        const validate = ajv.compile({ $ref: `api${REFERENCE}${component}` });
        validate(examples[0]);
        expect({ component, errors: validate.errors }).toEqual({ component, errors: null });
      }
    }
    expect(JSON.stringify(document)).toContain('To myself in ten years');
  });

  it('gives examples that Postage itself accepts', () => {
    for (const schema of new Set(API.contracts.flatMap(schemasOf))) {
      for (const example of components.get(schema)?.examples ?? []) {
        expect(schema.safeParse(example).error?.issues).toBeUndefined();
      }
    }
  });

  it('shows the example of a request where forms look for it', () => {
    for (const { operation } of operations.filter(({ operation: { requestBody } }) => requestBody)) {
      expect(operation.requestBody?.content['application/json']?.example).toBeDefined();
    }
    const { example } = described('POST', '/deliveries')?.requestBody?.content['application/json'] ?? {};
    expect(Date.parse((example as { deliverAt: string }).deliverAt)).toBeGreaterThan(Date.UTC(2040, 0));
  });

  it('has only patterns that other languages can read, and says how large whole numbers are', () => {
    const text = JSON.stringify(document);
    for (const [, pattern] of text.matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g)) {
      expect(pattern).not.toMatch(/\\p|\(\?/i);
    }
    expect(
      objectsIn(document, 'integer').filter(({ format }) => !/^int(32|64)$/.test(String(format))),
    ).toEqual([]);
  });
});

function schemasOf({ body, answers }: (typeof API.contracts)[number]): Schema[] {
  return [body, ...Object.values(answers).flatMap((answer) => ('schema' in answer ? [answer.schema] : []))];
}

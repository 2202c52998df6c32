import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { routeKey, type Schema } from '../../lambdas/http/contract.ts';
import { API } from '../../lambdas/letters/http/api.ts';
import { openApiDocument } from '../../lambdas/http/openapi.ts';
import { PROBLEMS } from '../../lambdas/http/problems.ts';
import { ROUTES } from '../../lambdas/letters/http/routes.ts';
import { components } from '../../lambdas/http/schemas.ts';

interface Described {
  operationId: string;
  security: object[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: object;
  responses: Record<string, { content?: Record<string, { schema?: { $ref: string } }>; headers?: object }>;
}

const document = openApiDocument(API, 'https://api.postage.test');
const paths = document['paths'] as Record<string, Record<string, Described>>;

function described(method: string, path: string): Described | undefined {
  return paths[path]?.[method.toLowerCase()];
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
  }, 60_000);

  it('describes every route, and nothing else', () => {
    expect(API.contracts.map(({ route }) => routeKey(route)).sort()).toEqual(ROUTES.map(routeKey).sort());
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(operations.sort()).toEqual(ROUTES.map(routeKey).sort());
  });

  it('has no two operations of one name', () => {
    const names = ROUTES.map(({ method, path }) => described(method, path)?.operationId);
    expect(new Set(names).size).toBe(ROUTES.length);
  });

  it('G13: says for every route who may call it', () => {
    const schemes = {
      user: 'token',
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

  it("describes the gateway's own answers in the gateway's shape", () => {
    const own = { 'application/json': { schema: { $ref: '#/components/schemas/GatewayError' } } };
    const ofLetter = described('GET', '/letters/{id}')?.responses;
    expect(ofLetter?.['401']).toMatchObject({ content: own });
    expect(ofLetter?.['400']).toMatchObject({ content: own });
    expect(described('POST', '/letters')?.responses['413']).toMatchObject({ content: own });
    expect(described('GET', '/letters')?.responses).not.toHaveProperty('413');
  });

  it('says what a refusal costs and when to come back', () => {
    const responses = described('POST', '/deliveries')?.responses;
    const statuses = [201, 202, 400, 401, 402, 403, 404, 409, 413, 422, 429, 500, 503].map(String);
    expect(Object.keys(responses ?? {}).sort()).toEqual(statuses);
    expect(responses?.['402']).toMatchObject({
      description: expect.stringMatching(/`plan_required`.*`quota_exceeded`.*`insufficient_credits`/),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
    for (const status of ['429', '503']) {
      expect(responses?.[status]?.headers).toHaveProperty('Retry-After');
    }
  });

  it('knows every code of a problem', () => {
    const { schemas } = document['components'] as { schemas: { Problem: object } };
    expect(schemas.Problem).toMatchObject({ properties: { code: { enum: Object.keys(PROBLEMS) } } });
  });

  it('gives examples that its own schemas accept', () => {
    const withExamples = [...new Set(API.contracts.flatMap(schemasOf))].filter(
      (schema) => components.get(schema)?.examples !== undefined,
    );
    expect(withExamples.length).toBeGreaterThan(7);
    for (const schema of withExamples) {
      for (const example of components.get(schema)?.examples ?? []) {
        expect(schema.safeParse(example).error?.issues).toBeUndefined();
      }
    }
    expect(JSON.stringify(document)).toContain('To myself in ten years');
  });
});

function schemasOf({ body, answers }: (typeof API.contracts)[number]): Schema[] {
  return [body, ...Object.values(answers).flatMap((answer) => ('schema' in answer ? [answer.schema] : []))];
}

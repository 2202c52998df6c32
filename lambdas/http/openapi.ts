/** The OpenAPI 3.1 document, made from the contracts and their schemas. */
import * as z from 'zod/mini';
import packageJson from '../../package.json' with { type: 'json' };
import { type AnswerContract, type Contract, NO_BODY, RAW_BODY, type Schema } from './contract.ts';
import { type ProblemCode, PROBLEMS } from './problems.ts';
import { type Access, type CORE_ROUTES } from './routes.ts';
import { components, shownAs } from './schemas.ts';

type JsonObject = Record<string, unknown>;

const SCHEMAS_PATH = '#/components/schemas/';

/** What the document is made from. */
export interface Api {
  /** The groups are shown in the order in which they come here. */
  contracts: readonly Contract[];
  /** What is said of each group. */
  groups: Readonly<Record<string, string>>;
  problem: Schema;
}

/** @param serverUrl where the API answers */
export function openApiDocument(api: Api, serverUrl: string): JsonObject {
  const names = new Set(api.contracts.map(({ route }) => route.group));
  return {
    openapi: '3.1.1',
    info: {
      title: 'Postage',
      version: packageJson.version,
      description: DESCRIPTION,
      license: { name: packageJson.license, identifier: packageJson.license },
    },
    servers: [{ url: serverUrl }],
    tags: [...names].map((name) => ({ name, description: api.groups[name] })),
    paths: paths(api),
    components: { securitySchemes: securitySchemes(api), schemas: componentSchemas() },
  };
}

const DESCRIPTION = `Usage metering, quotas and credits.

Instants are ISO 8601 in UTC. Lists answer \`{items, nextCursor}\`; the cursor goes into the next request as it is.
Errors are problems (RFC 9457) with a stable \`code\`. You can repeat a request with an \`Idempotency-Key\` at any time:
Postage carries it out once, and answers a repetition from what it made, with \`Idempotent-Replayed: true\`.`;

/** What is said of the core's groups. */
export const CORE_GROUPS: Readonly<Record<(typeof CORE_ROUTES)[number]['group'], string>> = {
  account: 'What a user may do, and has done; and what is sold.',
  credits: 'Credits and their ledger.',
  purchases: 'Bundles of credits, sold on the pages of Stripe.',
  gifts: 'Credits for other users, by a code.',
  billing: 'Subscriptions, on the pages of Stripe.',
  consumption: 'Usage that other services report.',
  admin: 'Every account, for the owner of the app. The audit trail records what they read about a user.',
  'failed-events': 'Events that could not be processed, and sending them again.',
  webhooks: 'Routes that other services call.',
  cron: 'Jobs, run on demand.',
  docs: 'Health and documentation.',
};

const SECURITY_SCHEMES = {
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A token of the configured issuer. Counting usage for users needs the scope `usage:write`. The admin routes need the scope or the Cognito group `admin`.',
  },
  cronSecret: { type: 'http', scheme: 'bearer', description: 'The cron secret.' },
};

function securitySchemes({ contracts }: Api): JsonObject {
  const signatures = contracts.flatMap(({ signedBy }) => signedBy ?? []);
  const schemes = signatures.map(({ id, header: name, description }) => {
    return [id, { type: 'apiKey', in: 'header', name, description }] as const;
  });
  return { ...SECURITY_SCHEMES, ...Object.fromEntries(schemes) };
}

const SECURITY: Readonly<Record<Access, readonly JsonObject[]>> = {
  user: [{ token: [] }],
  'usage:read': [{ token: ['usage:read'] }],
  'usage:write': [{ token: ['usage:write'] }],
  admin: [{ token: ['admin'] }],
  cron: [{ cronSecret: [] }],
  signature: [],
  anyone: [],
};

function securityOf({ route, signedBy }: Contract): readonly JsonObject[] {
  return signedBy === undefined ? SECURITY[route.access] : [{ [signedBy.id]: [] }];
}

const CODES_WITH_TOKEN = ['unauthenticated', 'forbidden', 'invalid', 'internal', 'busy'] as const;

/** The codes that every route of an access may answer. */
const CODES_OF_ACCESS: Readonly<Record<Access, readonly ProblemCode[]>> = {
  user: CODES_WITH_TOKEN,
  'usage:read': CODES_WITH_TOKEN,
  'usage:write': CODES_WITH_TOKEN,
  admin: CODES_WITH_TOKEN,
  cron: ['unauthenticated', 'invalid', 'internal', 'busy'],
  signature: ['unauthenticated', 'forbidden', 'internal', 'busy'],
  anyone: ['internal', 'busy'],
};

function paths({ contracts, problem }: Api): JsonObject {
  const byPath: Record<string, JsonObject> = {};
  for (const contract of contracts) {
    const { method, path } = contract.route;
    byPath[path] = { ...byPath[path], [method.toLowerCase()]: describe(contract, problem) };
  }
  return byPath;
}

function describe(contract: Contract, problem: Schema): JsonObject {
  const { route, summary, description } = contract;
  const parameters = [
    ...parametersOf(contract.params, 'path'),
    ...parametersOf(contract.query, 'query'),
    ...keyParameter(contract),
  ];
  return {
    operationId: operationId(contract),
    summary,
    description,
    tags: [route.group],
    security: securityOf(contract),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody(contract) ? { requestBody: requestBody(contract.body) } : {}),
    responses: { ...answers(contract), ...gatewayAnswers(contract), ...problems(contract, problem) },
  };
}

/** `GET /docs/{file}` is `getDocsFile`. */
function operationId({ route }: Contract): string {
  const words = route.path.split(/[^A-Za-z]+/).filter((word) => word !== '');
  const capitalized = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return route.method.toLowerCase() + capitalized.join('');
}

function hasBody(contract: Contract): boolean {
  return !Object.is(contract.body, NO_BODY);
}

function requestBody(schema: Schema): JsonObject {
  const shown = Object.is(schema, RAW_BODY) ? { type: 'object' } : reference(schema);
  return { required: true, content: { 'application/json': { schema: shown } } };
}

function parametersOf(schema: Schema, place: 'path' | 'query'): JsonObject[] {
  const { properties = {}, required = [] } = jsonSchema(schema);
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function keyParameter({ idempotencyKey }: Contract): JsonObject[] {
  return idempotencyKey === 'none'
    ? []
    : [
        {
          name: 'Idempotency-Key',
          in: 'header',
          required: idempotencyKey === 'required',
          description: 'Makes it safe to repeat the request.',
          schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]*$' },
        },
      ];
}

function answers(contract: Contract): JsonObject {
  return Object.fromEntries(
    Object.entries(contract.answers).map(([status, answer]) => {
      const headers = answerHeaders(contract, answer);
      return [
        status,
        {
          description: answer.description,
          ...(Object.keys(headers).length === 0 ? {} : { headers }),
          ...content(answer),
        },
      ];
    }),
  );
}

function answerHeaders({ idempotencyKey }: Contract, answer: AnswerContract): JsonObject {
  return {
    ...('hasLocation' in answer ? { Location: header('Where it is.', 'string') } : {}),
    ...(idempotencyKey === 'none'
      ? {}
      : {
          'Idempotent-Replayed': header(
            'Present when Postage had carried the request out before.',
            'boolean',
          ),
        }),
  };
}

function header(description: string, type: string): JsonObject {
  return { description, schema: { type } };
}

function content(answer: AnswerContract): JsonObject {
  if ('schema' in answer) {
    return { content: { 'application/json': { schema: reference(answer.schema) } } };
  }
  return 'mediaTypes' in answer
    ? { content: Object.fromEntries(answer.mediaTypes.map((type) => [type, {}])) }
    : {};
}

/** The codes that a route may answer. */
export function codesOf(contract: Contract): ReadonlySet<ProblemCode> {
  return new Set<ProblemCode>([
    ...CODES_OF_ACCESS[contract.route.access],
    ...contract.problems,
    ...(hasBody(contract) ? (['malformed'] as const) : []),
    ...(contract.idempotencyKey === 'none' ? [] : (['idempotency_conflict'] as const)),
  ]);
}

/** API Gateway answers these by itself, before a function has seen the request: in its own shape, without a code. */
const GATEWAY_STATUSES: ReadonlySet<number> = new Set([401, 429, 503]);

const GATEWAY_ERROR = {
  type: 'object',
  description: 'An answer of the gateway itself, before a function has seen the request.',
  properties: { message: { type: ['string', 'null'] } },
  required: ['message'],
  examples: [{ message: 'Unauthorized' }],
};

const gatewayContent = { 'application/json': { schema: { $ref: `${SCHEMAS_PATH}GatewayError` } } };

/** The statuses that the gateway alone answers. Where a problem has the same status, it is described there. */
function gatewayAnswers(contract: Contract): JsonObject {
  const { properties = {} } = jsonSchema(contract.params);
  return {
    ...(Object.keys(properties).length === 0
      ? {}
      : { 400: { description: 'A path that cannot be decoded', content: gatewayContent } }),
    ...(hasBody(contract)
      ? { 413: { description: 'A body of more than 10 MB', content: gatewayContent } }
      : {}),
  };
}

function problems(contract: Contract, problem: Schema): JsonObject {
  const byStatus = Map.groupBy(codesOf(contract), (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
        ...problemHeaders(status),
        content: {
          'application/problem+json': { schema: reference(problem) },
          ...(GATEWAY_STATUSES.has(status) ? gatewayContent : {}),
        },
      },
    ]),
  );
}

function problemHeaders(status: number): JsonObject {
  return status === 429 || status === 503
    ? { headers: { 'Retry-After': header('Seconds after which it may work.', 'integer') } }
    : {};
}

function reference(schema: Schema): JsonObject {
  const id = components.get(schema)?.id;
  if (id === undefined) {
    throw new Error('A schema of a body has no name.');
  }
  return { $ref: SCHEMAS_PATH + id };
}

const SHOWN = {
  metadata: components,
  io: 'input',
  unrepresentable: 'any',
  override: ({ zodSchema, jsonSchema: shown }: { zodSchema: z.core.$ZodType; jsonSchema: JsonObject }) => {
    const instead = shownAs.get(zodSchema);
    if (instead !== undefined) {
      for (const name of Object.keys(shown)) {
        Reflect.deleteProperty(shown, name);
      }
      Object.assign(shown, instead);
    }
  },
} as const;

function jsonSchema(schema: Schema): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(schema, SHOWN);
}

function componentSchemas(): JsonObject {
  const { schemas } = z.toJSONSchema(components, { ...SHOWN, uri: (id) => SCHEMAS_PATH + id });
  const shown = Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const isKept = ([name]: [string, unknown]): boolean => !['$schema', '$id', 'id'].includes(name);
      return [id, Object.fromEntries(Object.entries(schema).filter(isKept))];
    }),
  );
  return { ...shown, GatewayError: GATEWAY_ERROR };
}

/** The OpenAPI 3.1 document, made from the contracts and their schemas. */
import packageJson from '../../package.json' with { type: 'json' };
import { MAX_BODY_BYTES } from './body.ts';
import { type AnswerContract, type Contract, NO_BODY, RAW_BODY, type Schema } from './contract.ts';
import {
  componentSchemas,
  exampleOf,
  type JsonObject,
  jsonSchema,
  oneOf,
  reference,
  referenceTo,
} from './openapi-schemas.ts';
import { type OwnProblems } from './problem-schemas.ts';
import { type ProblemCode, PROBLEMS } from './problems.ts';
import { type Access, type CORE_ROUTES } from './routes.ts';
import { USAGE_READ_SCOPE, USAGE_WRITE_SCOPE } from './roles.ts';

/** What the document is made from. */
export interface Api {
  /** The groups are shown in the order in which they come here. */
  contracts: readonly Contract[];
  /** What is said of each group. */
  groups: Readonly<Record<string, string>>;
  problems: Readonly<Partial<Record<ProblemCode, Schema>>>;
  ownProblems: OwnProblems;
}

/** @param serverUrl where the API answers */
export function openApiDocument(api: Api, serverUrl: string): JsonObject {
  const described = paths(api);
  const problem = anyProblem(api);
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
    paths: described,
    components: {
      securitySchemes: securitySchemes(api),
      schemas: { ...componentSchemas([described, problem]), Problem: problem, GatewayError: GATEWAY_ERROR },
      responses: { Gateway: GATEWAY_ANSWER },
    },
  };
}

const DESCRIPTION = `Usage metering, quotas and credits.

Instants are ISO 8601 in UTC. Lists answer \`{items, nextCursor}\`; the cursor goes into the next request as it is.
A request's body has at most ${MAX_BODY_BYTES} bytes where its operation says nothing else, and no field that its schema
does not name. An answer may get more fields at any time.
Errors are problems (RFC 9457) with a stable \`code\`, which says what else a problem has. The gateway in front of Postage
answers some errors itself, before Postage has seen the request: \`{message}\` without a \`code\`, described as the default
answer of each operation.
You can repeat a request with an \`Idempotency-Key\` at any time: Postage carries it out once, and answers a repetition from
what it made, with \`Idempotent-Replayed: true\`.`;

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
    description: `A token of the configured issuer. Counting usage for users needs the scope \`${USAGE_WRITE_SCOPE}\`, and reading their accounts needs the scope \`${USAGE_READ_SCOPE}\` or that one. The admin routes need the scope or the Cognito group \`admin\`.`,
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
  'usage:read': [{ token: [USAGE_READ_SCOPE] }],
  'usage:write': [{ token: [USAGE_WRITE_SCOPE] }],
  admin: [{ token: ['admin'] }],
  cron: [{ cronSecret: [] }],
  signature: [],
  anyone: [],
};

function securityOf({ route, signedBy }: Contract): readonly JsonObject[] {
  return signedBy === undefined ? SECURITY[route.access] : [{ [signedBy.id]: [] }];
}

/** The gateway itself answers who has no valid token. */
const CODES_WITH_TOKEN = ['forbidden', 'invalid', 'internal', 'busy'] as const;

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

function paths(api: Api): JsonObject {
  const byPath: Record<string, JsonObject> = {};
  for (const contract of api.contracts) {
    const { method, path } = contract.route;
    byPath[path] = { ...byPath[path], [method.toLowerCase()]: describe(contract, api) };
  }
  return byPath;
}

function describe(contract: Contract, api: Api): JsonObject {
  const { route, summary, description } = contract;
  const parameters = [
    ...parametersOf(contract.params, 'path'),
    ...parametersOf(contract.query, 'query'),
    ...keyParameter(contract),
  ];
  return {
    operationId: contract.operationId,
    summary,
    description,
    tags: [route.group],
    security: securityOf(contract),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(hasBody(contract) ? { requestBody: requestBody(contract) } : {}),
    responses: {
      ...answers(contract),
      ...problems(contract, api),
      default: { $ref: '#/components/responses/Gateway' },
    },
  };
}

function hasBody(contract: Contract): boolean {
  return !Object.is(contract.body, NO_BODY);
}

function requestBody({ body, signedBy }: Contract): JsonObject {
  const shown = Object.is(body, RAW_BODY)
    ? { schema: { type: 'object' }, example: signedBy?.example }
    : { schema: reference(body), example: exampleOf(body) };
  return { required: true, content: { 'application/json': shown } };
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
    ...('hasLocation' in answer ? { Location: header('Where it is.', { type: 'string' }) } : {}),
    ...(idempotencyKey === 'none'
      ? {}
      : {
          'Idempotent-Replayed': header('Present when Postage had carried the request out before.', {
            type: 'boolean',
          }),
        }),
  };
}

function header(description: string, schema: JsonObject): JsonObject {
  return { description, schema };
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
    ...(hasBody(contract) ? (['malformed', 'too_large'] as const) : []),
    ...(contract.idempotencyKey === 'none' ? [] : (['idempotency_conflict'] as const)),
  ]);
}

/** It has no `code`. That the schema names one all the same lets types tell it from a problem by its code. */
const GATEWAY_ERROR = {
  type: 'object',
  description:
    'An answer of the gateway itself, before Postage has seen the request. It has no `code`, and every problem has one.',
  properties: {
    message: { type: ['string', 'null'] },
    code: { type: 'string', const: '', description: 'Never there.' },
  },
  required: ['message'],
  examples: [{ message: 'Unauthorized' }],
};

const GATEWAY_ANSWER = {
  description:
    'The gateway itself: 401 without a valid token, 400 for a path that cannot be decoded, 413 for a body of more than 10 MB, 429 for too many requests at once, 500 or 503 when Postage does not answer',
  content: { 'application/json': { schema: referenceTo('GatewayError') } },
};

/** The schema of a problem of a route. */
export function problemOf(api: Api, { operationId }: Contract, code: ProblemCode): Schema {
  return api.ownProblems[operationId]?.[code] ?? commonProblem(api, code);
}

function commonProblem({ problems: ofAll }: Api, code: ProblemCode): Schema {
  const schema = ofAll[code];
  if (schema === undefined) {
    throw new RangeError(`A route answers ${code}, of which the API has no schema.`);
  }
  return schema;
}

/** Every problem that some route may answer, for code that deals with all of them. */
function anyProblem(api: Api): JsonObject {
  const codes = new Set(api.contracts.flatMap((contract) => [...codesOf(contract)]));
  return {
    description: 'An RFC 9457 problem. Decide by `code`; the figures that belong to a code stand beside it.',
    ...oneOf(
      'code',
      [...codes].map((code) => [code, commonProblem(api, code)]),
    ),
  };
}

function problems(contract: Contract, api: Api): JsonObject {
  const byStatus = Map.groupBy(codesOf(contract), (code) => PROBLEMS[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, ofStatus]) => [
      String(status),
      {
        description: ofStatus.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join('. '),
        ...problemHeaders(status),
        content: {
          'application/problem+json': {
            schema: oneOf(
              'code',
              ofStatus.map((code) => [code, problemOf(api, contract, code)]),
            ),
          },
        },
      },
    ]),
  );
}

function problemHeaders(status: number): JsonObject {
  return status === 429 || status === 503
    ? {
        headers: {
          'Retry-After': header('Seconds after which it may work.', { type: 'integer', format: 'int32' }),
        },
      }
    : {};
}

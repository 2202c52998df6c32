/** A route at work: its contract bound to the code that answers it. */
import type { Context } from 'aws-lambda';
import type * as z from 'zod/mini';
import { type Deadline } from '../domain/deadline.ts';
import { type Instant } from '../domain/instants.ts';
import { type Admission, admit, pathUser, type SecondFactorReader, type SecretReader } from './access.ts';
import { readJson, readText } from './body.ts';
import {
  type AnswerContract,
  type Answers,
  type Contract,
  NO_BODY,
  RAW_BODY,
  routeKey,
  type Schema,
} from './contract.ts';
import { type HttpEvent } from './event.ts';
import { commandId, fingerprint } from './ids.ts';
import { invalid, notFound, type Problem, ProblemError } from './problems.ts';
import { requestDeadline } from './request-deadline.ts';
import { validated } from './validation.ts';

export interface Request<Params, Query, Body> {
  requestId: string;
  /** The user whom the request acts for. Empty on routes that act for nobody. */
  userId: string;
  /** The `sub` of the token of the person who sent it. */
  actor: string;
  /** The e-mail address that their token names; null: none. */
  email: string | null;
  /** The gateway's time. */
  now: Instant;
  deadline: Deadline;
  /** The id of what the request makes. */
  id: string;
  fingerprint: string;
  idempotencyKey: string | null;
  /** A header by its name in lower case. */
  header: (name: string) => string | undefined;
  params: Params;
  query: Query;
  body: Body;
}

/** What the handler of a contract gets. */
export type RequestOf<C extends Contract> =
  C extends Contract<infer Params, infer Query, infer Body> ? Request<Params, Query, Body> : never;

/** A file, in place of a JSON body. */
export interface File {
  mediaType: string;
  content: Buffer;
}

type BodyOf<A extends AnswerContract> = A extends { schema: infer S extends Schema }
  ? { body: z.output<S> }
  : A extends { mediaTypes: readonly string[] }
    ? { file: File }
    : object;

/** An answer that the contract allows: the body goes with the status. */
export type Answer<A extends Answers> = {
  [Status in keyof A & number]: { status: Status } & HeadersOf<A[Status]> & BodyOf<A[Status]>;
}[keyof A & number];

/** An answer must have the location that its contract promises. */
type HeadersOf<A> = A extends { hasLocation: true }
  ? { headers: Readonly<Record<string, string>> & { location: string } }
  : { headers?: Readonly<Record<string, string>> };

export interface AnyAnswer {
  status: number;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  file?: File;
}

export interface Operation {
  contract: Contract;
  /** @throws ProblemError when the request is not admitted or not valid */
  serve(
    event: HttpEvent,
    context: Context,
    cronSecret: SecretReader | null,
    hasSecondFactor: SecondFactorReader | null,
  ): Promise<AnyAnswer | Problem>;
}

export function operation<Params, Query, Body, const A extends Answers>(
  contract: Contract<Params, Query, Body, A>,
  handle: (
    request: Request<Params, Query, Body>,
  ) => Promise<Answer<NoInfer<A>> | Problem> | Answer<NoInfer<A>> | Problem,
): Operation {
  return {
    contract,
    serve: async (event, context, cronSecret, hasSecondFactor) => {
      const deadline = requestDeadline(context, contract);
      const admission = await admit(event, contract.route.access, cronSecret, hasSecondFactor);
      return handle(readRequest(contract, event, admission, deadline));
    },
  };
}

function readRequest<Params, Query, Body>(
  contract: Contract<Params, Query, Body>,
  event: HttpEvent,
  { userId, actor, email }: Admission,
  deadline: Deadline,
): Request<Params, Query, Body> {
  const { timeEpoch, requestId } = event.requestContext;
  const idempotencyKey = contract.idempotencyKey === 'none' ? null : readKey(contract, event);
  const body = readBody(contract, event);
  return {
    requestId,
    userId,
    actor,
    email,
    now: timeEpoch,
    deadline,
    id: commandId(routeKey(contract.route), userId, idempotencyKey),
    fingerprint: fingerprint(body),
    idempotencyKey,
    header: (name) => event.headers[name],
    params: readParams(contract, event),
    query: validated(contract.query, event.queryStringParameters ?? {}),
    body,
  };
}

function readKey(contract: Contract, event: HttpEvent): string | null {
  const key = event.headers['idempotency-key'];
  if (key === undefined && contract.idempotencyKey === 'optional') {
    return null;
  }
  if (key === undefined || !/^[ -~]{1,255}$/.test(key)) {
    const message = key === undefined ? 'Required.' : 'Expected 1 to 255 printable ASCII characters.';
    throw new ProblemError(invalid([{ path: 'Idempotency-Key', message }]));
  }
  return key;
}

function readBody<Body>(contract: Contract<unknown, unknown, Body>, event: HttpEvent): Body {
  return validated(contract.body, bodyOf(contract, event));
}

function bodyOf({ body: schema, maxBodyBytes: maxBytes }: Contract, event: HttpEvent): unknown {
  const { body, isBase64Encoded, headers } = event;
  if (Object.is(schema, NO_BODY)) {
    return null;
  }
  return Object.is(schema, RAW_BODY)
    ? readText({ body, isBase64Encoded, maxBytes })
    : readJson({ body, isBase64Encoded, maxBytes, contentType: headers['content-type'] });
}

/** An id that cannot exist is not found. On a route that makes something, the caller should learn of the mistake. */
function readParams<Params>(contract: Contract<Params>, event: HttpEvent): Params {
  const userId = pathUser(event);
  const given = { ...event.pathParameters, ...(userId === undefined ? {} : { userId }) };
  if (contract.route.method !== 'POST' && !contract.params.safeParse(given).success) {
    throw new ProblemError(notFound('resource'));
  }
  return validated(contract.params, given);
}

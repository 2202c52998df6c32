/**
 * What a route takes and answers, apart from the code that does it: handlers bind contracts to code (`operation.ts`),
 * and the OpenAPI document is made from them (`openapi.ts`) without pulling that code in.
 */
import * as z from 'zod/mini';
import { type ProblemCode } from './problems.ts';
import { type Route, ROUTES } from './routes.ts';

export type Schema = z.ZodMiniType;

/** A route as API Gateway names it, `GET /letters/{id}`. */
export type RouteKey = (typeof ROUTES)[number] extends infer Each
  ? Each extends Route
    ? `${Each['method']} ${Each['path']}`
    : never
  : never;

export function routeKey({ method, path }: Route): string {
  return `${method} ${path}`;
}

/** An answer with a JSON body, with a file, or without a body; `hasLocation`: with the header that says where to go on. */
export type AnswerContract =
  | { description: string; schema: Schema; hasLocation?: true }
  | { description: string; mediaTypes: readonly string[] }
  | { description: string; hasLocation?: true };

export type Answers = Readonly<Record<number, AnswerContract>>;

export interface Contract<Params = unknown, Query = unknown, Body = unknown, A extends Answers = Answers> {
  route: Route;
  summary: string;
  description: string;
  params: z.ZodMiniType<Params>;
  query: z.ZodMiniType<Query>;
  body: z.ZodMiniType<Body>;
  /** Whether the request may, or must, carry an `Idempotency-Key`; `none`: it creates nothing. */
  idempotencyKey: 'none' | 'optional' | 'required';
  answers: A;
  /** The codes that this route may answer beside those that every route of its access may. */
  problems: readonly ProblemCode[];
}

const NO_FIELDS = z.strictObject({});
/** The body of a request that has none: whatever is sent is not read. */
export const NO_BODY = z.null();

/** The body of a request whose every byte is signed: it reaches the operation as the text that came. */
export const RAW_BODY = z.string();

/** The inputs of a request that carries nothing, to be spread into a contract. */
export const NO_INPUT = {
  params: NO_FIELDS,
  query: NO_FIELDS,
  body: NO_BODY,
  idempotencyKey: 'none',
} as const;

/** The contract of a route that `ROUTES` lists. */
export function contract<Params, Query, Body, const A extends Answers>(
  key: RouteKey,
  definition: Omit<Contract<Params, Query, Body, A>, 'route'>,
): Contract<Params, Query, Body, A> {
  const route = ROUTES.find((each) => routeKey(each) === key);
  if (route === undefined) {
    throw new Error(`ROUTES does not list ${key}.`);
  }
  return { ...definition, route };
}

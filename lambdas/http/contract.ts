/**
 * What a route takes and answers, apart from the code that does it: handlers bind contracts to code (`operation.ts`),
 * and the OpenAPI document is made from them (`openapi.ts`) without pulling that code in.
 */
import * as z from 'zod/mini';
import { type ProblemCode } from './problems.ts';
import { CORE_ROUTES, type Route } from './routes.ts';

export type Schema = z.ZodMiniType;

/** A route as API Gateway names it, `GET /docs/{file}`. */
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
  /** What generated clients call it: a verb first. */
  operationId: string;
  summary: string;
  description: string;
  params: z.ZodMiniType<Params>;
  query: z.ZodMiniType<Query>;
  body: z.ZodMiniType<Body>;
  /** The most bytes that its body may have as it is sent, where that is not `MAX_BODY_BYTES`. */
  maxBodyBytes?: number;
  /** Whether the request may or must carry an `Idempotency-Key`. `none`: it creates nothing. */
  idempotencyKey: 'none' | 'optional' | 'required';
  answers: A;
  /** The codes that this route may answer, besides those of its access. */
  problems: readonly ProblemCode[];
  /** The signature that the request must carry, if any. */
  signedBy?: Signature;
}

/** A signature as the OpenAPI document describes it. */
export interface Signature {
  id: string;
  header: string;
  description: string;
  /** A body that is signed. */
  example: Readonly<Record<string, unknown>>;
}

const NO_FIELDS = z.strictObject({});
/** For requests without a body. Nothing reads what a client sends. */
export const NO_BODY = z.null();

/** For signed requests: the operation gets the exact text that came. */
export const RAW_BODY = z.string();

/** The inputs of a request that carries nothing, to be spread into a contract. */
export const NO_INPUT = {
  params: NO_FIELDS,
  query: NO_FIELDS,
  body: NO_BODY,
  idempotencyKey: 'none',
} as const;

type KeyOf<R> = R extends Route ? `${R['method']} ${R['path']}` : never;

/** Makes the contracts of the routes of a list. */
export function contractsOf<R extends Route>(routes: readonly R[]) {
  return <Params, Query, Body, const A extends Answers>(
    key: KeyOf<R>,
    definition: Omit<Contract<Params, Query, Body, A>, 'route'>,
  ): Contract<Params, Query, Body, A> => {
    const route = routes.find((each) => routeKey(each) === key);
    if (route === undefined) {
      throw new Error(`There is no route ${key}.`);
    }
    return { ...definition, route };
  };
}

export const contract = contractsOf(CORE_ROUTES);

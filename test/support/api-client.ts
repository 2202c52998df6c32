import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { type Contract, type Schema } from '../../lambdas/http/contract.ts';
import { type ProblemCode } from '../../lambdas/http/problems.ts';
import { API } from '../../lambdas/letters/http/api.ts';
import { codesOf, problemOf } from '../../lambdas/http/openapi.ts';
import { matchRoute } from '../../local/routing.ts';
import { type Postage } from './server.ts';

export interface ApiRequest {
  token?: string | undefined;
  headers?: Record<string, string>;
  /** Text as it is, everything else as JSON. */
  body?: unknown;
}

export interface ApiAnswer {
  status: number;
  headers: Headers;
  /** The parsed body; an empty object where there is none. */
  body: Record<string, unknown>;
}

/** Calls the API, and holds every answer of its functions against their contracts: status, code and shape. */
export async function call(
  postage: Postage,
  method: string,
  path: string,
  { token, headers = {}, body }: ApiRequest = {},
): Promise<ApiAnswer> {
  const response = await fetch(postage.url + path, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: toText(body) }),
  });
  const text = await response.text();
  const answer = {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
  const contract = contractOf(method, path);
  if (contract !== undefined) {
    expectKept(contract, answer);
  }
  return answer;
}

function toText(body: unknown): string | Uint8Array<ArrayBuffer> {
  return typeof body === 'string' || body instanceof Uint8Array
    ? (body as string | Uint8Array<ArrayBuffer>)
    : JSON.stringify(body);
}

function contractOf(method: string, path: string): Contract | undefined {
  const routes = API.contracts.map((contract) => ({ ...contract.route, contract }));
  return matchRoute(routes, method, path.split('?', 1)[0] ?? '')?.route.contract;
}

function expectKept(contract: Contract, answered: ApiAnswer): void {
  const answer = contract.answers[answered.status];
  if (answer === undefined) {
    expectErrorKept(contract, answered);
  } else if ('schema' in answer) {
    expect(answered.headers.get('content-type')).toBe('application/json');
    expectShape(answer.schema, answered.body);
  } else {
    expect(answered.body).toEqual({});
  }
}

function expectErrorKept(contract: Contract, { status, headers, body }: ApiAnswer): void {
  if (headers.get('content-type') === 'application/json') {
    // The gateway's own answer.
    expect(Object.keys(body)).toEqual(['message']);
    return;
  }
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(body['status']).toBe(status);
  expect([...codesOf(contract)]).toContain(body['code']);
  expectShape(problemOf(API, contract, body['code'] as ProblemCode), body);
}

/** Answers are open for clients, and yet have no field that their schema does not name: it would leave that out. */
function expectShape(schema: Schema, body: unknown): void {
  const { data, error } = schema.safeParse(body);
  expect({ data, issues: error?.issues }).toEqual({ data: body, issues: undefined });
}

export interface ApiUser {
  id: string;
  /** Calls the API as this user, unless another token is given. */
  call: (method: string, path: string, request?: ApiRequest) => Promise<ApiAnswer>;
}

/** A user whom no other test knows, free unless a plan is given. */
export async function someApiUser(postage: Postage, plan?: 'pro' | 'enterprise'): Promise<ApiUser> {
  const id = `user-${randomUUID()}`;
  if (plan !== undefined) {
    await postage.setPlan(id, plan);
  }
  const token = await postage.token(id);
  return { id, call: (method, path, request = {}) => call(postage, method, path, { token, ...request }) };
}

export const LETTER = { title: 'To me', body: 'Dear me,\nstill there?' };
export const ADDRESS = {
  name: 'Ada',
  line1: 'Square 1',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};
export const YEAR_MS = 365 * 86_400_000;

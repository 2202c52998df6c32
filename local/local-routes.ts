import { invalid, malformed, ProblemError, tooLarge } from '../lambdas/http/problems.ts';
import { MAX_BODY_BYTES } from '../lambdas/http/body.ts';
import { type Answer, answerJson, answerProblem } from './answers.ts';
import type { Match, Target } from './routing.ts';

/** A route of the local runtime. No Lambda function has it, nor does the OpenAPI document. */
export interface LocalRoute {
  method: 'GET' | 'POST' | 'PUT';
  path: `/${string}`;
  /** Returns what to answer: an object as JSON, or text; a URL redirects to it. @throws ProblemError */
  answer: (request: LocalRequest) => Promise<object | string> | object | string;
}

export interface LocalRequest {
  parameters: Record<string, string>;
  /** By name. No name comes twice. */
  query: Record<string, string>;
  /** The parsed body; undefined when there is none. */
  json: unknown;
}

export async function answerLocally(
  { route, parameters }: Match<LocalRoute>,
  target: Target,
  body: Buffer,
): Promise<Answer> {
  try {
    const request = { parameters, query: parseQuery(target.query), json: parseBody(body) };
    const answer = await route.answer(request);
    if (answer instanceof URL) {
      return { status: 302, headers: { location: answer.pathname }, body: '' };
    }
    return typeof answer === 'string'
      ? { status: 200, headers: { 'content-type': 'text/plain' }, body: answer }
      : answerJson(200, answer);
  } catch (error) {
    if (error instanceof ProblemError) {
      return answerProblem(error.problem);
    }
    throw error;
  }
}

/** Refuses input that breaks a rule of more than one value. @throws ProblemError 422 `invalid` */
export function refuseInput(path: string, message: string): never {
  throw new ProblemError(invalid([{ path, message }]));
}

function parseQuery(query: string): Record<string, string> {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (parameters.getAll(name).length > 1) {
      refuseInput(name, 'It is given twice.');
    }
  }
  return Object.fromEntries(parameters);
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) {
    return undefined;
  }
  if (body.length > MAX_BODY_BYTES) {
    throw new ProblemError(tooLarge(MAX_BODY_BYTES));
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return value;
  } catch {
    throw new ProblemError(malformed('The body is not JSON in UTF-8.'));
  }
}

import { invalid, malformed, ProblemError } from '../lambdas/http/problems.ts';
import { type Answer, answerJson, answerProblem } from './answers.ts';
import type { Match, Target } from './routing.ts';

/** A route of the local runtime: it is in no Lambda bundle and not in the OpenAPI document. */
export interface LocalRoute {
  method: 'GET' | 'POST' | 'PUT';
  path: `/${string}`;
  /** What to answer with 200: JSON, or text; a URL redirects to it. @throws ProblemError */
  answer: (request: LocalRequest) => Promise<object | string> | object | string;
}

export interface LocalRequest {
  parameters: Record<string, string>;
  /** By name; a name that comes twice is refused before. */
  query: Record<string, string>;
  /** The parsed body, undefined when there is none. */
  json: unknown;
}

const MAX_BODY_BYTES = 256 * 1024;

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

/** @throws ProblemError 422 `invalid`: a rule that needs more than the value itself to judge */
export function refuseInput(path: string, message: string): never {
  throw new ProblemError(invalid([{ path, message }]));
}

function parseQuery(query: string): Record<string, string> {
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (parameters.getAll(name).length > 1) {
      refuseInput(name, 'is given twice');
    }
  }
  return Object.fromEntries(parameters);
}

function parseBody(body: Buffer): unknown {
  if (body.length === 0) {
    return undefined;
  }
  if (body.length > MAX_BODY_BYTES) {
    throw new ProblemError(malformed('The body is larger than 256 kB.'));
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return value;
  } catch {
    throw new ProblemError(malformed('The body is not JSON in UTF-8.'));
  }
}

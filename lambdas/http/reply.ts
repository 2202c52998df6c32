/** From an answer or a problem to what the gateway sends. */
import { type HttpResult } from './event.ts';
import { type AnyAnswer } from './operation.ts';
import { isProblem, type Problem, problemBody, type ProblemCode, PROBLEMS } from './problems.ts';

export interface Reply {
  result: HttpResult;
  /** The code of a problem; null for an answer. */
  code: ProblemCode | null;
}

/** On every reply: nothing may cache it, and no browser may take it for a page. */
const HEADERS = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
} as const;

export function toReply(outcome: AnyAnswer | Problem): Reply {
  return isProblem(outcome)
    ? { code: outcome.code, result: problemResult(outcome) }
    : { code: null, result: answerResult(outcome) };
}

function problemResult(problem: Problem): HttpResult {
  return {
    statusCode: PROBLEMS[problem.code].status,
    headers: { ...HEADERS, 'content-type': 'application/problem+json', ...problem.headers },
    body: JSON.stringify(problemBody(problem)),
  };
}

function answerResult({ status, headers, body, file }: AnyAnswer): HttpResult {
  if (file !== undefined) {
    return {
      statusCode: status,
      headers: { ...HEADERS, 'content-type': file.mediaType, ...headers },
      body: file.content.toString('base64'),
      isBase64Encoded: true,
    };
  }
  if (body === undefined) {
    return { statusCode: status, headers: { ...HEADERS, ...headers } };
  }
  return {
    statusCode: status,
    headers: { ...HEADERS, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

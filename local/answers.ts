import { type Problem, problemBody, type ProblemCode, PROBLEMS } from '../lambdas/http/problems.ts';

/** An HTTP answer of the local runtime itself or of a function behind it. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  cookies?: readonly string[];
  body: string | Buffer;
}

const PROBLEM_TYPE = { 'content-type': 'application/problem+json' };

export function answerJson(status: number, value: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** A problem in the shape in which the functions answer it. */
export function answerProblem(problem: Problem): Answer {
  return {
    status: PROBLEMS[problem.code].status,
    headers: { ...PROBLEM_TYPE, ...problem.headers },
    body: JSON.stringify(problemBody(problem)),
  };
}

/**
 * An answer of the gateway's own, in API Gateway's words. API Gateway sends the `message` alone; here a problem's
 * members stand beside it, so that a caller can rely on either.
 */
export function answerFromGateway(
  status: number,
  code: ProblemCode,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  const problem = problemBody({ code, detail: message, figures: {}, headers: {} });
  return {
    status,
    headers: { ...PROBLEM_TYPE, ...headers },
    body: JSON.stringify({ ...problem, status, message }),
  };
}

import { type Problem, problemBody, PROBLEMS } from '../lambdas/http/problems.ts';

/** An HTTP answer from the local runtime or from a function behind it. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  cookies?: readonly string[];
  body: string | Buffer;
}

const PROBLEM_TYPE = { 'content-type': 'application/problem+json' };

export function answerJson(status: number, value: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

/** A problem, shaped as the functions shape it. */
export function answerProblem(problem: Problem): Answer {
  return {
    status: PROBLEMS[problem.code].status,
    headers: { ...PROBLEM_TYPE, ...problem.headers },
    body: JSON.stringify(problemBody(problem)),
  };
}

/** The gateway's own answer, as API Gateway gives it. */
export function answerFromGateway(
  status: number,
  message: string,
  headers: Record<string, string> = {},
): Answer {
  const { body, headers: ofJson } = answerJson(status, { message });
  return { status, headers: { ...ofJson, ...headers }, body };
}

import { type Failure, hasCode, type Problem, type ProblemCode, type ProblemOf } from '../api/failure.ts';
import { texts } from '../texts/texts.ts';
import type { Explanation, Words } from '../texts/en.ts';

const TOO_MANY = 429;
const UNAUTHORIZED = 401;

export function explain(failure: Failure, words: Words): Explanation {
  const { failures } = texts;
  if (failure.kind === 'problem') {
    return explainProblem(failure.problem, words);
  }
  if (failure.kind === 'unreachable') {
    return { says: failures.unreachable, helps: failures.unreachableHelp, action: null };
  }
  if (failure.status === UNAUTHORIZED) {
    return { says: failures.sessionEnded, helps: failures.sessionEndedHelp, action: null };
  }
  return failure.status === TOO_MANY
    ? { says: failures.tooMany, helps: failures.tooManyHelp, action: null }
    : { says: failures.gateway, helps: failures.unreachableHelp, action: null };
}

/** A newer API may have codes that this page does not know: then the API's own words stand. */
function explainProblem(problem: Problem, words: Words): Explanation {
  return explainCode(problem.code, problem, words) ?? { says: problem.detail, helps: null, action: null };
}

/** Takes the code by itself, so that the type of the problem follows from it. */
function explainCode<Code extends ProblemCode>(
  code: Code,
  problem: Problem | ProblemOf<Code>,
  words: Words,
): Explanation | null {
  const isKnown = Object.hasOwn(texts.problems, code) && hasCode(problem, code);
  return isKnown ? texts.problems[code](problem, words) : null;
}

import { type Contract, routeKey } from './contract.ts';
import { decodeCursor, encodeCursor, type List } from './cursors.ts';
import { invalid, ProblemError } from './problems.ts';

interface PageRequest {
  userId: string;
  query: { limit: number; cursor?: string | undefined };
}

/** Which page of a list to read, as the adapters take it. */
export interface PageOptions {
  limit: number;
  after: string | null;
}

/** @throws ProblemError `invalid` for a cursor that this list has not given to this user */
export function pageOptions(contract: Contract, { userId, query }: PageRequest): PageOptions {
  if (query.cursor === undefined) {
    return { limit: query.limit, after: null };
  }
  const after = decodeCursor(listOf(contract, userId), query.cursor);
  if (after === null) {
    const message = 'Expected the nextCursor of the page before, of the same list.';
    throw new ProblemError(invalid([{ path: 'cursor', message }]));
  }
  return { limit: query.limit, after };
}

export function nextCursor(contract: Contract, userId: string, next: string | null): string | null {
  return next === null ? null : encodeCursor(listOf(contract, userId), next);
}

function listOf(contract: Contract, userId: string): List {
  return { route: routeKey(contract.route), userId };
}

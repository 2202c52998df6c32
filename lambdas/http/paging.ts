import { type Contract, routeKey } from './contract.ts';
import { decodeCursor, encodeCursor, type List } from './cursors.ts';
import { invalid, ProblemError } from './problems.ts';

interface PageRequest {
  userId: string;
  query: { limit: number; cursor?: string | undefined };
}

/** What a handler asks of a list. */
export interface PageOptions {
  limit: number;
  after: string | null;
}

/**
 * Answers a page of a list.
 *
 * @throws ProblemError `invalid` for a cursor that this list has not given to this user
 */
export async function answerPage<Item, Shown>(
  contract: Contract,
  { userId, query: { limit, cursor } }: PageRequest,
  read: (page: PageOptions) => Promise<{ items: readonly Item[]; next: string | null }>,
  show: (item: Item) => Shown,
): Promise<{ status: 200; body: { items: Shown[]; nextCursor: string | null } }> {
  const list: List = { route: routeKey(contract.route), userId };
  const after = cursor === undefined ? null : decodeCursor(list, cursor);
  if (cursor !== undefined && after === null) {
    const message = 'Expected the nextCursor of the page before, of the same list.';
    throw new ProblemError(invalid([{ path: 'cursor', message }]));
  }
  const { items, next } = await read({ limit, after });
  const nextCursor = next === null ? null : encodeCursor(list, next);
  return { status: 200, body: { items: items.map((item) => show(item)), nextCursor } };
}

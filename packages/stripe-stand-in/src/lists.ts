import { type Stripe } from 'stripe';
import { invalidParameter, resourceMissing } from './api-error.ts';
import { type Range } from './params.ts';

export interface Paging {
  limit?: number | undefined;
  starting_after?: string | undefined;
  ending_before?: string | undefined;
}

// Source: https://docs.stripe.com/api/pagination
/** A page of a list that stands newest first. */
export function pageOf<T extends { id: string }>(
  items: readonly T[],
  url: string,
  paging: Paging,
): Stripe.ApiList<T> {
  const { limit = 10, starting_after: after, ending_before: before } = paging;
  if (limit < 1 || limit > 100) {
    throw invalidParameter(
      `Invalid integer: ${limit}. Limit must be between 1 and 100`,
      'limit',
      'parameter_invalid_integer',
    );
  }
  if (after !== undefined && before !== undefined) {
    throw invalidParameter(
      'You may only specify one of these parameters: starting_after, ending_before.',
      'starting_after',
    );
  }
  if (before !== undefined) {
    const end = positionOf(items, before, 'ending_before');
    const start = Math.max(0, end - limit);
    return list(items.slice(start, end), start > 0, url);
  }
  const start = after === undefined ? 0 : positionOf(items, after, 'starting_after') + 1;
  return list(items.slice(start, start + limit), start + limit < items.length, url);
}

/** A list that comes whole inside another object. */
export function listOf<T>(data: T[], url: string): Stripe.ApiList<T> {
  return list(data, false, url);
}

function list<T>(data: T[], hasMore: boolean, url: string): Stripe.ApiList<T> {
  return { object: 'list', data, has_more: hasMore, url };
}

function positionOf(items: readonly { id: string }[], id: string, param: string): number {
  const position = items.findIndex((item) => item.id === id);
  if (position === -1) {
    throw resourceMissing('object', id, param);
  }
  return position;
}

export function isCreatedIn(item: { created: number }, range: Range | undefined): boolean {
  if (range === undefined) {
    return true;
  }
  if (typeof range === 'number') {
    return item.created === range;
  }
  const { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity } = range;
  return item.created > gt && item.created >= gte && item.created < lt && item.created <= lte;
}

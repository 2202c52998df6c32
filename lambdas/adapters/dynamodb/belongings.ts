import { type WireItem } from './items.ts';

/**
 * The keys of what belongs to a user's record and has a partition of its own. It is made, exported and deleted together
 * with its record.
 */
export type BelongingsOf = (userId: string, record: WireItem) => WireItem[];

/** Nothing of the core's does. */
export function noBelongings(): WireItem[] {
  return [];
}

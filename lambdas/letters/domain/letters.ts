import { type Instant } from '../../domain/instants.ts';

/** A letter without its text. */
export interface Letter {
  id: string;
  /** Empty once the letter has been deleted. */
  title: string;
  createdAt: Instant;
  deletedAt: Instant | null;
}

/** Writing a longer text costs several times what other writes do. */
export const LARGE_TEXT_BYTES = 4 * 1024;
/** How many of them a user may send in a minute, where nothing else is configured. */
export const LARGE_TEXTS_PER_MINUTE = 20;

export function isLargeText(text: string): boolean {
  return Buffer.byteLength(text) > LARGE_TEXT_BYTES;
}

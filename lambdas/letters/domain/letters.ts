import { type Instant } from '../../domain/instants.ts';

/** A letter without its text. */
export interface Letter {
  id: string;
  /** Empty once the letter has been deleted. */
  title: string;
  createdAt: Instant;
  deletedAt: Instant | null;
}

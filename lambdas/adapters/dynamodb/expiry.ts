import { DAY_MS, type Instant } from '../../domain/instants.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

/** The attribute of an item that DynamoDB deletes so many days after an instant. */
export function expiringAfter(days: number, since: Instant): Record<typeof TABLE_SCHEMA.timeToLive, number> {
  return { [TABLE_SCHEMA.timeToLive]: Math.ceil((since + days * DAY_MS) / 1_000) };
}

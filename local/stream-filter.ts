import type { DynamoDBRecord } from 'aws-lambda';
import type { KeyPattern, StreamFilter } from '../lambdas/wiring/stream-filters.ts';

/** Whether Lambda would pass a record on to the function. */
export function passes(record: DynamoDBRecord, filters: readonly StreamFilter[]): boolean {
  return filters.some(
    ({ eventName, dynamodb: { Keys } }) =>
      (eventName === undefined || eventName.some((name) => name === record.eventName)) &&
      matches(record.dynamodb?.Keys?.['pk']?.S, Keys.pk) &&
      matches(record.dynamodb?.Keys?.['sk']?.S, Keys.sk),
  );
}

function matches(key: string | undefined, { S: patterns }: KeyPattern): boolean {
  return key !== undefined && patterns.some(({ prefix }) => key.startsWith(prefix));
}

import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { evaluated, type WireItem } from './items.ts';

/** The condition of every record: a record is its own idempotency record, so it is written once (G2). */
const IS_NEW = 'attribute_not_exists(#pk)';

/** Writes an item that must not exist yet. One that does comes back with the refusal. */
export function putNew(table: string, item: WireItem): TransactWriteItem {
  return {
    Put: {
      TableName: table,
      Item: item,
      ...evaluated({ ConditionExpression: IS_NEW }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Instant } from '../../domain/instants.ts';
import { type Letter } from '../domain/letters.ts';
import { ItemReader, namesIn, toWire, type WireItem } from '../../adapters/dynamodb/items.ts';
import { listKey, recordKey, userKey } from '../../adapters/dynamodb/keys.ts';
import { type RecordList } from '../../adapters/dynamodb/lists.ts';

/**
 * A letter, without its text: that is an item of its own, so that touching the letter stays cheap. A deleted letter
 * leaves a tombstone, out of the list, so that a repeated request still finds the record that it made (G2).
 */
export function letterItem(userId: string, letter: Omit<Letter, 'deletedAt'>, fingerprint: string): WireItem {
  return toWire({
    pk: userKey(userId),
    sk: recordKey('LETTER', letter.id),
    listKey: listKey('LETTER', letter.createdAt, letter.id),
    fingerprint,
    id: letter.id,
    title: letter.title,
    createdAt: letter.createdAt,
    openDeliveries: 0,
  });
}

export function bodyItem(userId: string, letterId: string, body: string): WireItem {
  return toWire({ ...letterChild(userId, letterId), body });
}

function letterChild(userId: string, letterId: string): { pk: string; sk: string } {
  return { pk: userKey(userId), sk: recordKey('BODY', letterId) };
}

export function letterKey(userId: string, letterId: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('LETTER', letterId) });
}

export function bodyKey(userId: string, letterId: string): WireItem {
  return toWire(letterChild(userId, letterId));
}

/** @throws CorruptItemError */
export function parseLetter(item: WireItem): Letter {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    title: reader.optionalString('title') ?? '',
    createdAt: reader.integer('createdAt'),
    deletedAt: reader.optionalInteger('deletedAt'),
  };
}

/** The letters that a user has not deleted. */
export const LETTERS: RecordList<Letter> = { kind: 'LETTER', parse: parseLetter };

/** The letter is there and has not been deleted. */
const EXISTS = 'attribute_exists(#pk) AND attribute_not_exists(#deletedAt)';
/** Nobody is deleting it together with its deliveries. */
const TAKES_DELIVERIES = `${EXISTS} AND attribute_not_exists(#deletingSince)`;
const COUNT_DELIVERY = 'SET #openDeliveries = #openDeliveries + :one';

/** One more open delivery of a letter that exists. */
export function countDelivery(table: string, userId: string, letterId: string): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: letterKey(userId, letterId),
      ConditionExpression: TAKES_DELIVERIES,
      UpdateExpression: COUNT_DELIVERY,
      ExpressionAttributeNames: namesIn(TAKES_DELIVERIES, COUNT_DELIVERY),
      ExpressionAttributeValues: toWire({ ':one': 1 }),
    },
  };
}

const HAS_OPEN_DELIVERIES = '#openDeliveries >= :one';
const CLOSE_DELIVERY = 'SET #openDeliveries = #openDeliveries - :one';

/** One open delivery less: it has come to its end. */
export function closeDelivery(table: string, userId: string, letterId: string): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: letterKey(userId, letterId),
      ConditionExpression: HAS_OPEN_DELIVERIES,
      UpdateExpression: CLOSE_DELIVERY,
      ExpressionAttributeNames: namesIn(HAS_OPEN_DELIVERIES, CLOSE_DELIVERY),
      ExpressionAttributeValues: toWire({ ':one': 1 }),
    },
  };
}

const MARK_DELETING = 'SET #deletingSince = if_not_exists(#deletingSince, :now)';

/** From now on the letter takes no new deliveries, so that those that it has can be cancelled one after the other. */
export function markDeleting(
  table: string,
  userId: string,
  letterId: string,
  now: Instant,
): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: letterKey(userId, letterId),
      ConditionExpression: EXISTS,
      UpdateExpression: MARK_DELETING,
      ExpressionAttributeNames: namesIn(EXISTS, MARK_DELETING),
      ExpressionAttributeValues: toWire({ ':now': now }),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

const HAS_NO_OPEN_DELIVERIES = `${EXISTS} AND #openDeliveries = :zero`;
const LEAVE_TOMBSTONE = 'SET #deletedAt = :now REMOVE #title, #listKey';

/** Deletes a letter without open deliveries; a refusal brings the letter back, to be explained. */
export function deleteLetterItems(
  table: string,
  userId: string,
  letterId: string,
  now: Instant,
): TransactWriteItem[] {
  return [
    {
      Update: {
        TableName: table,
        Key: letterKey(userId, letterId),
        ConditionExpression: HAS_NO_OPEN_DELIVERIES,
        UpdateExpression: LEAVE_TOMBSTONE,
        ExpressionAttributeNames: namesIn(HAS_NO_OPEN_DELIVERIES, LEAVE_TOMBSTONE),
        ExpressionAttributeValues: toWire({ ':zero': 0, ':now': now }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      },
    },
    { Delete: { TableName: table, Key: bodyKey(userId, letterId) } },
  ];
}

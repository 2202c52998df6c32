import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Instant } from '../../domain/instants.ts';
import { type Letter } from '../domain/letters.ts';
import { ItemReader, namesIn, toWire, type WireItem } from '../../adapters/dynamodb/items.ts';
import { listKey, recordKey, userKey } from '../../adapters/dynamodb/keys.ts';
import { type RecordList } from '../../adapters/dynamodb/lists.ts';

/**
 * A letter. Its text is an item of its own, so that writes to the letter stay cheap. A deleted letter leaves a tombstone
 * that is in no list, so that a repeated request still finds the record that it made (G2).
 */
/** @param pages how many a mail of it may take; a letter of before has none, and passes */
export function letterItem(
  userId: string,
  letter: Omit<Letter, 'deletedAt'>,
  pages: number,
  fingerprint: string,
): WireItem {
  return toWire({
    pk: userKey(userId),
    sk: recordKey('LETTER', letter.id),
    listKey: listKey('LETTER', letter.createdAt, letter.id),
    fingerprint,
    id: letter.id,
    title: letter.title,
    createdAt: letter.createdAt,
    openDeliveries: 0,
    pages,
  });
}

export function bodyItem(userId: string, letterId: string, body: string): WireItem {
  return { ...bodyKey(userId, letterId), ...toWire({ body }) };
}

export function letterKey(userId: string, letterId: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('LETTER', letterId) });
}

export function bodyKey(userId: string, letterId: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('BODY', letterId) });
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

/** The letter is there, and nobody has deleted it. */
const EXISTS = 'attribute_exists(#pk) AND attribute_not_exists(#deletedAt)';
/** Nobody is deleting the letter together with its deliveries. */
const TAKES_DELIVERIES = `${EXISTS} AND attribute_not_exists(#deletingSince)`;
const COUNT_DELIVERY = 'SET #openDeliveries = #openDeliveries + :one';

/** Updates a letter. A refusal brings the letter back, so that the caller can explain it. */
function updateLetter(
  table: string,
  userId: string,
  letterId: string,
  [condition, change]: readonly [string, string],
  values: Readonly<Record<string, number>>,
): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: letterKey(userId, letterId),
      ConditionExpression: condition,
      UpdateExpression: change,
      ExpressionAttributeNames: namesIn(condition, change),
      ExpressionAttributeValues: toWire(values),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

const FITS = `${TAKES_DELIVERIES} AND (attribute_not_exists(#pages) OR #pages <= :most)`;

/** A letter has one open delivery more. @param mostPages null: any number will do */
export function countDelivery(
  table: string,
  userId: string,
  letterId: string,
  mostPages: number | null,
): TransactWriteItem {
  return mostPages === null
    ? updateLetter(table, userId, letterId, [TAKES_DELIVERIES, COUNT_DELIVERY], { ':one': 1 })
    : updateLetter(table, userId, letterId, [FITS, COUNT_DELIVERY], { ':one': 1, ':most': mostPages });
}

/** How many pages a letter takes that refused a delivery; null: that was not why. */
export function pagesBeyond(item: WireItem | null, mostPages: number | null): number | null {
  const reader = item === null ? null : ItemReader.fromWire(item);
  if (reader === null || mostPages === null || reader.has('deletedAt') || reader.has('deletingSince')) {
    return null;
  }
  const pages = reader.has('pages') ? reader.integer('pages') : 0;
  return pages > mostPages ? pages : null;
}

const HAS_OPEN_DELIVERIES = '#openDeliveries >= :one';
const CLOSE_DELIVERY = 'SET #openDeliveries = #openDeliveries - :one';

/** A letter has one open delivery less. */
export function closeDelivery(table: string, userId: string, letterId: string): TransactWriteItem {
  return updateLetter(table, userId, letterId, [HAS_OPEN_DELIVERIES, CLOSE_DELIVERY], { ':one': 1 });
}

const MARK_DELETING = 'SET #deletingSince = if_not_exists(#deletingSince, :now)';

/** From now on the letter takes no new deliveries. */
export function markDeleting(
  table: string,
  userId: string,
  letterId: string,
  now: Instant,
): TransactWriteItem {
  return updateLetter(table, userId, letterId, [EXISTS, MARK_DELETING], { ':now': now });
}

const HAS_NO_OPEN_DELIVERIES = `${EXISTS} AND #openDeliveries = :zero`;
const LEAVE_TOMBSTONE = 'SET #deletedAt = :now REMOVE #title, #listKey';

/** Deletes a letter without open deliveries. */
export function deleteLetterItems(
  table: string,
  userId: string,
  letterId: string,
  now: Instant,
): TransactWriteItem[] {
  const deletion = [HAS_NO_OPEN_DELIVERIES, LEAVE_TOMBSTONE] as const;
  return [
    updateLetter(table, userId, letterId, deletion, { ':zero': 0, ':now': now }),
    { Delete: { TableName: table, Key: bodyKey(userId, letterId) } },
  ];
}

import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Instant } from '../../domain/instants.ts';
import { type Letter } from '../domain/letters.ts';
import { type BelongingsOf } from '../../adapters/dynamodb/belongings.ts';
import { evaluated, ItemReader, sortKeyOf, toWire, type WireItem } from '../../adapters/dynamodb/items.ts';
import { listKey, recordKey, userKey } from '../../adapters/dynamodb/keys.ts';
import { type RecordList } from '../../adapters/dynamodb/lists.ts';
import { textPartition } from '../wiring/keys.ts';

/**
 * A letter. Its text is an item of its own, so that writes to the letter stay cheap, and has a partition of its own, so
 * that no user's partition grows with what they write. A deleted letter leaves a tombstone that is in no list, so that a
 * repeated request still finds the record that it made (G2).
 *
 * @param pages how many a mail of it takes
 */
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
    pages,
  });
}

export function textItem(userId: string, letterId: string, body: string): WireItem {
  return { ...textKey(userId, letterId), ...toWire({ body }) };
}

export function letterKey(userId: string, letterId: string): WireItem {
  return toWire({ pk: userKey(userId), sk: recordKey('LETTER', letterId) });
}

const TEXT_SORT_KEY = 'TEXT';

export function textKey(userId: string, letterId: string): WireItem {
  return toWire({ pk: textPartition(userId, letterId), sk: TEXT_SORT_KEY });
}

/** A letter's text goes where the letter goes: into an export, and away. */
export const textsOf: BelongingsOf = (userId, record) => {
  const [kind, id = ''] = sortKeyOf(record).split('#');
  return kind === LETTERS.kind ? [textKey(userId, id)] : [];
};

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

/** A letter keeps the ids of its open deliveries, so that deleting it finds them. It has so many at once at most. */
export const MAX_OPEN_DELIVERIES = 20;

/** The open deliveries of a letter. @throws CorruptItemError */
export function parseOpenDeliveries(item: WireItem): string[] {
  return ItemReader.fromWire(item).strings('openDeliveries');
}

/** Whether a letter that takes no more deliveries is there and has as many as it can. @throws CorruptItemError */
export function isFull(item: WireItem): boolean {
  const reader = ItemReader.fromWire(item);
  const isOpen = !reader.has('deletedAt') && !reader.has('deletingSince');
  return isOpen && reader.strings('openDeliveries').length >= MAX_OPEN_DELIVERIES;
}

/** The letter is there, and nobody has deleted it. */
const EXISTS = 'attribute_exists(#pk) AND attribute_not_exists(#deletedAt)';
const HAS_NO_OPEN_DELIVERIES = 'attribute_not_exists(#openDeliveries)';
const HAS_ROOM = `(${HAS_NO_OPEN_DELIVERIES} OR size(#openDeliveries) < :most)`;
/** Nobody is deleting the letter together with its deliveries. */
const TAKES_DELIVERIES = `${EXISTS} AND attribute_not_exists(#deletingSince) AND ${HAS_ROOM}`;
const OPEN_DELIVERY = 'ADD #openDeliveries :ids';

/** Updates a letter. A refusal brings the letter back, so that the caller can explain it. */
function updateLetter(
  table: string,
  userId: string,
  letterId: string,
  [condition, change]: readonly [string, string],
  values: object = {},
): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: letterKey(userId, letterId),
      ...evaluated({ ConditionExpression: condition, UpdateExpression: change }, values),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

const FITS = `${TAKES_DELIVERIES} AND (attribute_not_exists(#pages) OR #pages <= :mostPages)`;

/** A letter has one open delivery more. @param mostPages null: any number will do */
export function openDelivery(
  table: string,
  { userId, letterId, deliveryId }: Readonly<Record<'userId' | 'letterId' | 'deliveryId', string>>,
  mostPages: number | null,
): TransactWriteItem {
  const values = { ids: new Set([deliveryId]), most: MAX_OPEN_DELIVERIES };
  return mostPages === null
    ? updateLetter(table, userId, letterId, [TAKES_DELIVERIES, OPEN_DELIVERY], values)
    : updateLetter(table, userId, letterId, [FITS, OPEN_DELIVERY], { ...values, mostPages });
}

/** How many pages a letter takes that refused a delivery; null: that was not why. @throws CorruptItemError */
export function pagesBeyond(item: WireItem, mostPages: number): number | null {
  const reader = ItemReader.fromWire(item);
  const isOpen = !reader.has('deletedAt') && !reader.has('deletingSince');
  const pages = reader.optionalInteger('pages') ?? 0;
  return isOpen && pages > mostPages ? pages : null;
}

const HAS_THE_DELIVERY = 'contains(#openDeliveries, :id)';
const CLOSE_DELIVERY = 'DELETE #openDeliveries :ids';

/** A letter has one open delivery less. */
export function closeDelivery(
  table: string,
  userId: string,
  letterId: string,
  deliveryId: string,
): TransactWriteItem {
  const values = { ids: new Set([deliveryId]), id: deliveryId };
  return updateLetter(table, userId, letterId, [HAS_THE_DELIVERY, CLOSE_DELIVERY], values);
}

const MARK_DELETING = 'SET #deletingSince = if_not_exists(#deletingSince, :now)';

/** From now on the letter takes no new deliveries. */
export function markDeleting(
  table: string,
  userId: string,
  letterId: string,
  now: Instant,
): TransactWriteItem {
  return updateLetter(table, userId, letterId, [EXISTS, MARK_DELETING], { now });
}

const CAN_GO = `${EXISTS} AND ${HAS_NO_OPEN_DELIVERIES}`;
const LEAVE_TOMBSTONE = 'SET #deletedAt = :now REMOVE #title, #listKey, #pages';

/** Deletes a letter without open deliveries. */
export function deleteLetterItems(
  table: string,
  userId: string,
  letterId: string,
  now: Instant,
): TransactWriteItem[] {
  return [
    updateLetter(table, userId, letterId, [CAN_GO, LEAVE_TOMBSTONE], { now }),
    { Delete: { TableName: table, Key: textKey(userId, letterId) } },
  ];
}

import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Gift, GIFT_STATUSES, type GiftEnd, RETURN_REASONS } from '../../domain/gifts.ts';
import { type Instant } from '../../domain/instants.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { codeKey, listKey, recordKey, userKey, waitingShard } from './keys.ts';
import { type RecordList } from './lists.ts';

/**
 * A gift belongs to its giver. `CODE#<hash>` leads from the code to the gift. The receiver keeps the claim (`CLAIM`).
 * Neither user's items name the other user.
 */
export function giftItem(giverId: string, gift: Gift, fingerprint: string): WireItem {
  const place = { listKey: listKey('GIFT', gift.createdAt, gift.id), dueShard: waitingShard(gift.id) };
  const attributes = { ...place, fingerprint, ...gift, dueAt: gift.expiresAt };
  return { ...giftKey(giverId, gift.id), ...toWire(attributes) };
}

export function giftKey(giverId: string, id: string): WireItem {
  return toWire({ pk: userKey(giverId), sk: recordKey('GIFT', id) });
}

const CODE_SORT_KEY = 'CODE';

export function codeItemKey(codeHash: string): WireItem {
  return toWire({ pk: codeKey(codeHash), sk: CODE_SORT_KEY });
}

export function codeItem(giverId: string, { id, codeHash }: Gift): WireItem {
  return { ...codeItemKey(codeHash), ...toWire({ giverId, giftId: id }) };
}

export function forgetCode(table: string, codeHash: string): TransactWriteItem {
  return { Delete: { TableName: table, Key: codeItemKey(codeHash) } };
}

/** The gift that a code stands for. @throws CorruptItemError */
export function parseCode(item: WireItem): { giverId: string; giftId: string } {
  const reader = ItemReader.fromWire(item);
  return { giverId: reader.string('giverId'), giftId: reader.string('giftId') };
}

/** A gift ends once: claimed by one receiver, or given back. */
const IS_OPEN = '#status = :open';
const END = 'SET #status = :status, #endedAt = :endedAt';
const END_FOR_REASON = `${END}, #because = :because`;
const NOT_DUE = ' REMOVE #dueShard, #dueAt';

/** Ends a gift that is open, and no other. */
export function endGift(
  table: string,
  giverId: string,
  giftId: string,
  end: Exclude<GiftEnd, { status: 'open' }>,
): TransactWriteItem {
  const update = `${end.status === 'returned' ? END_FOR_REASON : END}${NOT_DUE}`;
  return {
    Update: {
      TableName: table,
      Key: giftKey(giverId, giftId),
      ...evaluated({ ConditionExpression: IS_OPEN, UpdateExpression: update }, { ...end, open: 'open' }),
    },
  };
}

/** @throws CorruptItemError */
export function parseGift(item: WireItem): Gift {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    codeHash: reader.string('codeHash'),
    ...reader.integers(['count', 'createdAt', 'expiresAt']),
    ...parseEnd(reader),
  };
}

export const GIFTS: RecordList<Gift> = { kind: 'GIFT', parse: parseGift };

function parseEnd(reader: ItemReader): GiftEnd {
  const status = reader.oneOf('status', GIFT_STATUSES);
  switch (status) {
    case 'open':
      return { status };
    case 'claimed':
      return { status, endedAt: reader.integer('endedAt') };
    case 'returned':
      return { status, endedAt: reader.integer('endedAt'), because: reader.oneOf('because', RETURN_REASONS) };
  }
}

/** The record of a user's request to claim a gift (G2). */
export interface Claim {
  id: string;
  giftId: string;
  count: number;
  codeHash: string;
  claimedAt: Instant;
}

export function claimKey(receiverId: string, id: string): WireItem {
  return toWire({ pk: userKey(receiverId), sk: recordKey('CLAIM', id) });
}

export function claimItem(receiverId: string, claim: Claim): WireItem {
  return { ...claimKey(receiverId, claim.id), ...toWire(claim) };
}

/** @throws CorruptItemError */
export function parseClaim(item: WireItem): Claim {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    giftId: reader.string('giftId'),
    codeHash: reader.string('codeHash'),
    ...reader.integers(['count', 'claimedAt']),
  };
}

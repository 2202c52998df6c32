import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type Gift, GIFT_STATUSES, RETURN_REASONS, type GiftEnd } from '../../domain/gifts.ts';
import { type Instant } from '../../domain/instants.ts';
import { ItemReader, namesIn, toWire, type WireItem } from './items.ts';
import { codeKey, waitingShard, listKey, recordKey, userKey } from './keys.ts';

/**
 * A gift belongs to its giver. Beside it, `CODE#<hash>` leads from the code to it, and the receiver keeps that he has
 * claimed it (`CLAIM`): neither of the two says anything of the other.
 */
export function giftItem(giverId: string, gift: Gift, fingerprint: string): WireItem {
  return toWire({
    pk: userKey(giverId),
    sk: recordKey('GIFT', gift.id),
    listKey: listKey('GIFT', gift.createdAt, gift.id),
    fingerprint,
    ...gift,
    dueShard: waitingShard(gift.id),
    dueAt: gift.expiresAt,
  });
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

/** Removes what leads from a code to its gift. */
export function forgetCode(table: string, codeHash: string): TransactWriteItem {
  return { Delete: { TableName: table, Key: codeItemKey(codeHash) } };
}

/** Whose gift a code stands for. @throws CorruptItemError */
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
      ConditionExpression: IS_OPEN,
      UpdateExpression: update,
      ExpressionAttributeNames: namesIn(IS_OPEN, update),
      ExpressionAttributeValues: toWire({
        ':open': 'open',
        ':status': end.status,
        ':endedAt': end.endedAt,
        ...(end.status === 'returned' ? { ':because': end.because } : {}),
      }),
    },
  };
}

/** @throws CorruptItemError */
export function parseGift(item: WireItem): Gift {
  const reader = ItemReader.fromWire(item);
  return {
    id: reader.string('id'),
    count: reader.integer('count'),
    codeHash: reader.string('codeHash'),
    createdAt: reader.integer('createdAt'),
    expiresAt: reader.integer('expiresAt'),
    ...parseEnd(reader),
  };
}

function parseEnd(reader: ItemReader): GiftEnd {
  const status = reader.oneOf('status', GIFT_STATUSES);
  switch (status) {
    case 'open':
      return { status };
    case 'claimed':
      return { status, endedAt: reader.integer('endedAt') };
    case 'returned':
      return {
        status,
        endedAt: reader.integer('endedAt'),
        because: reader.oneOf('because', RETURN_REASONS),
      };
  }
}

/** That a user has claimed a gift: the record of his request (G2). */
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
    count: reader.integer('count'),
    codeHash: reader.string('codeHash'),
    claimedAt: reader.integer('claimedAt'),
  };
}

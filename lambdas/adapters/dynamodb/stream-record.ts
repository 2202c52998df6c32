import type { DynamoDBRecord } from 'aws-lambda';
import { type RecordChange } from '../../domain/changes.ts';
import { type Instant } from '../../domain/instants.ts';
import { parseAccount } from './account-item.ts';
import { parseRecordedConsumption } from './consumption-item.ts';
import { parseDelivery } from '../../letters/adapters/delivery-item.ts';
import { parseGift } from './gift-item.ts';
import { CorruptItemError, ItemReader, type WireItem } from './items.ts';
import { ACCOUNT_KEY, kindOf, userIdOf } from './keys.ts';
import { parseLedgerLine } from './ledger-item.ts';
import { parseLetter } from '../../letters/adapters/letter-item.ts';
import { parsePeriod } from './period-item.ts';
import { parsePurchase } from './purchase-item.ts';

/** An item of a user's that is none of those that we write. */
class UnknownKindError extends Error {
  override name = 'UnknownKindError';
}

/**
 * What a record of the table's stream says has changed.
 *
 * @throws UnknownKindError
 * @throws CorruptItemError for an item that lacks what its kind must have, such as one by an older version
 */
export function parseStreamRecord({ dynamodb }: DynamoDBRecord): RecordChange {
  if (dynamodb?.Keys === undefined || dynamodb.ApproximateCreationDateTime === undefined) {
    throw new CorruptItemError('A record of the stream says neither when nor what.');
  }
  const keys = ItemReader.fromWire(asWire(dynamodb.Keys));
  const userId = userIdOf(keys.string('pk'));
  if (userId === null) {
    throw new UnknownKindError("An item that is no user's has come through the filter of the stream.");
  }
  const about = {
    userId,
    at: Math.round(dynamodb.ApproximateCreationDateTime * 1000),
    before: dynamodb.OldImage === undefined ? null : asWire(dynamodb.OldImage),
    after: dynamodb.NewImage === undefined ? null : asWire(dynamodb.NewImage),
  };
  return parseChange(keys.string('sk'), about);
}

/** Lambda declares its attribute values apart from the SDK's. They differ in binary ones, and users' items have none. */
function asWire(image: Record<string, object>): WireItem {
  return image as WireItem;
}

interface About {
  userId: string;
  at: Instant;
  before: WireItem | null;
  after: WireItem | null;
}

function parseChange(sk: string, about: About): RecordChange {
  const kind = kindOf(sk);
  switch (kind) {
    case ACCOUNT_KEY:
      return { kind: 'account', ...parseBoth(about, parseAccount) };
    case 'PERIOD':
      return { kind: 'period', ...parseBoth(about, parsePeriod) };
    case 'LEDGER':
      return { kind: 'movement', ...parseBoth(about, parseLedgerLine) };
    case 'LETTER':
      return { kind: 'letter', ...parseBoth(about, parseLetter) };
    case 'DELIVERY':
      return { kind: 'delivery', ...parseBoth(about, parseDelivery) };
    case 'USAGE':
      return { kind: 'consumption', ...parseBoth(about, parseRecordedConsumption) };
    case 'PURCHASE':
      return { kind: 'purchase', ...parseBoth(about, parsePurchase) };
    case 'GIFT':
      return { kind: 'gift', ...parseBoth(about, parseGift) };
    case 'BODY':
      return { kind: 'text', ...parseBoth(about, () => ({})) };
    default:
      throw new UnknownKindError(`There is no kind of item that is called ${kind}.`);
  }
}

function parseBoth<State>(
  { userId, at, before, after }: About,
  parse: (item: WireItem) => State,
): { userId: string; at: Instant; before: State | null; after: State | null } {
  return {
    userId,
    at,
    before: before === null ? null : parse(before),
    after: after === null ? null : parse(after),
  };
}

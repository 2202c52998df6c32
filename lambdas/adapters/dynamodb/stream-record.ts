import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { type ChangeOf, type RecordChange } from '../../domain/changes.ts';
import { type Instant } from '../../domain/instants.ts';
import { parseAccount } from './account-item.ts';
import { parseRecordedConsumption } from './consumption-item.ts';
import { parseGift } from './gift-item.ts';
import { CorruptItemError, ItemReader, type WireItem } from './items.ts';
import { ACCOUNT_KEY, kindOf, userIdOf } from './keys.ts';
import { parseLedgerLine } from './ledger-item.ts';
import { parsePeriod } from './period-item.ts';
import { parsePurchase } from './purchase-item.ts';

/** An item of a user's of a kind that Postage does not write. */
class UnknownKindError extends Error {
  override name = 'UnknownKindError';
}

/** Makes the change of each kind of item. */
export type ChangeParsers<Change> = ReadonlyMap<string, (about: About) => Change>;

/**
 * What a record of the table's stream says has changed.
 *
 * @throws UnknownKindError
 * @throws CorruptItemError for an item that lacks what its kind must have, such as one by an older version
 */
export function parseStreamRecord<Change>(
  { dynamodb }: DynamoDBRecord,
  parsers: ChangeParsers<Change>,
): Change {
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
  const kind = kindOf(keys.string('sk'));
  const parse = parsers.get(kind);
  if (parse === undefined) {
    throw new UnknownKindError(`There is no kind of item that is called ${kind}.`);
  }
  return parse(about);
}

/**
 * Lambda brings records as JSON, and so bytes as base64 (https://docs.aws.amazon.com/lambda/latest/dg/with-ddb-example.html).
 * An item has bytes only as attributes of its own, and not within others.
 */
function asWire(image: Record<string, AttributeValue>): WireItem {
  const entries = Object.entries(image).map(([name, value]) => [
    name,
    value.B === undefined ? value : { B: Buffer.from(value.B, 'base64') },
  ]);
  return Object.fromEntries(entries) as WireItem;
}

interface About {
  userId: string;
  at: Instant;
  before: WireItem | null;
  after: WireItem | null;
}

export function parserOf<Kind extends string, State>(
  kind: Kind,
  parse: (item: WireItem) => State,
): (about: About) => ChangeOf<Kind, State> {
  return ({ userId, at, before, after }) => ({
    kind,
    userId,
    at,
    before: before === null ? null : parse(before),
    after: after === null ? null : parse(after),
  });
}

export const CORE_PARSERS: ChangeParsers<RecordChange> = new Map<string, (about: About) => RecordChange>([
  [ACCOUNT_KEY, parserOf('account', parseAccount)],
  ['PERIOD', parserOf('period', parsePeriod)],
  ['LEDGER', parserOf('movement', parseLedgerLine)],
  ['USAGE', parserOf('consumption', parseRecordedConsumption)],
  ['PURCHASE', parserOf('purchase', parsePurchase)],
  ['GIFT', parserOf('gift', parseGift)],
]);

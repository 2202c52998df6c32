import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { type ClosedPeriod } from '../../domain/account.ts';
import { type Movement, MOVEMENT_KINDS } from '../../domain/credits.ts';
import { limitAsCount } from '../../domain/terms.ts';
import { parseLimit } from './account-item.ts';
import { evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { ledgerKey, periodKey, userKey } from './keys.ts';

/** A closed period: the history's line, and the ledger's for the close and the opening that followed. */
export function putPeriod(table: string, userId: string, period: ClosedPeriod): TransactWriteItem {
  return { Put: { TableName: table, Item: periodItem(userId, period) } };
}

function periodItem(userId: string, period: ClosedPeriod): WireItem {
  const { movements, meters, ...figures } = period;
  const counts = Object.entries(meters).map(([id, { used, limit, paid }]): [string, object] => [
    id,
    { used, limit: limit === null ? null : limitAsCount(limit), paid: paid || undefined },
  ]);
  return toWire({
    pk: userKey(userId),
    sk: periodKey(period.periodStart),
    ...figures,
    meters: Object.fromEntries(counts),
    ...(movements.length === 0 ? {} : { movements }),
  });
}

/** It owes as many purchased credits as when it was read. */
const OWES_THEM = '#purchasedOutstanding = :seen';
const REPAY = 'SET #purchasedOutstanding = :rest';

/** Some of the purchased credits that a stored period has spent have come back. */
export function repayPurchased(
  table: string,
  userId: string,
  seen: Pick<ClosedPeriod, 'purchasedOutstanding'>,
  repaid: Pick<ClosedPeriod, 'periodStart' | 'purchasedOutstanding'>,
): TransactWriteItem {
  return {
    Update: {
      TableName: table,
      Key: toWire({ pk: userKey(userId), sk: periodKey(repaid.periodStart) }),
      ...evaluated(
        { ConditionExpression: OWES_THEM, UpdateExpression: REPAY },
        { seen: seen.purchasedOutstanding, rest: repaid.purchasedOutstanding },
      ),
    },
  };
}

/** Where a closed period stands in the ledger: at the instant of its close, before the uses of the same instant. */
export function periodPlace({ periodEnd }: ClosedPeriod): string {
  return ledgerKey(periodEnd, BEFORE_ALL_IDS);
}

/** Sorts before the digits and characters with which every id begins. */
const BEFORE_ALL_IDS = '-';

/** @throws CorruptItemError */
export function parsePeriod(item: WireItem): ClosedPeriod {
  const reader = ItemReader.fromWire(item);
  return {
    ...reader.integers([
      'periodStart',
      'periodEnd',
      'anchor',
      'creditsPerPeriod',
      'creditsUsed',
      'creditsLeft',
    ]),
    plan: reader.string('plan'),
    meters: parseCounts(reader.map('meters')),
    purchasedOutstanding: reader.integer('purchasedOutstanding'),
    movements: reader.has('movements') ? reader.maps('movements').map(parseMovement) : [],
  };
}

function parseCounts(reader: ItemReader): ClosedPeriod['meters'] {
  return Object.fromEntries(
    reader.names().map((id) => {
      const meter = reader.map(id);
      const paid = meter.optionalInteger('paid') ?? 0;
      return [id, { used: meter.integer('used'), limit: parseLimit(meter), paid }];
    }),
  );
}

function parseMovement(reader: ItemReader): Movement {
  return {
    kind: reader.oneOf('kind', MOVEMENT_KINDS),
    amount: reader.integer('amount'),
    source: reader.string('source'),
  };
}

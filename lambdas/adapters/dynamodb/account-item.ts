import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  type Account,
  type AccountState,
  dayOf,
  isLive,
  openUntil,
  type ServedInterval,
  type Subscription,
  SUBSCRIPTION_STATUSES,
} from '../../domain/account.ts';
import { available } from '../../domain/credits.ts';
import { DAY_MS, type Instant, utcDay } from '../../domain/instants.ts';
import { BILLING_INTERVALS, type Limit } from '../../domain/catalogue.ts';
import { leftOf, limitAsCount, type LimitedCount, type MeterCount, UNLIMITED } from '../../domain/terms.ts';
import {
  creditsFor,
  type Demand,
  demandsOf,
  offeredCosts,
  type Part,
  partsOf,
  type Use,
} from '../../domain/usage.ts';
import { parseCredits, parseLots } from './credits-item.ts';
import { CorruptItemError, evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { ACCOUNT_KEY, accountShard, userKey } from './keys.ts';
import { putNew } from './put-new.ts';
import { type Store } from './store.ts';

/**
 * The item that decides. Conditions compare attributes and know no arithmetic: so what is left of each meter and level,
 * and the credits available, stand beside what they are computed from. It stays below 1 kB, so that
 * counting costs 2 write units, and counting touches no attribute of an index.
 */

interface Condition {
  condition: string;
  values: Record<string, number>;
}

/** What DynamoDB evaluates for a demand; `decideUse` evaluates the same demand on the account. Null: nothing more. */
function conditionOf(demand: Demand): Condition | null {
  switch (demand.demand) {
    case 'open':
      return { condition: '#periodStart <= :now AND #openUntil > :now', values: { now: demand.at } };
    case 'known':
      // What is asked of it next fails where it is not there.
      return null;
    case 'cost':
      return demand.credits === 0
        ? { condition: `attribute_not_exists(#meters.#${demand.meter}.#credits)`, values: {} }
        : costs(demand);
    case 'left':
      return atLeast(`#${demand.kind}.#${demand.id}.#left`, `left_${demand.id}`, demand.atLeast);
    case 'held':
      return atLeast(`#levels.#${demand.level}.#used`, `held_${demand.level}`, demand.atLeast);
    case 'room': {
      const { placeholder } = todayOf(demand.meter);
      const value = `room_${demand.meter}`;
      const isLow = `${placeholder} <= :${value}`;
      return {
        // More at once than a day allows has no room on any day, not even where nothing is counted.
        condition: demand.atMost < 0 ? isLow : `(attribute_not_exists(${placeholder}) OR ${isLow})`,
        values: { [value]: demand.atMost },
      };
    }
    case 'credits':
      return atLeast('#available', 'credits', demand.atLeast);
  }
}

function atLeast(path: string, value: string, count: number): Condition {
  return { condition: `${path} >= :${value}`, values: { [value]: count } };
}

function costs({ meter, credits }: { meter: string; credits: number }): Condition {
  const value = `cost_${meter}`;
  return { condition: `#meters.#${meter}.#credits = :${value}`, values: { [value]: credits } };
}

/** What the update does for a part of a use. */
function countPart({ kind, id }: Part): string[] {
  const path = `#${kind}.#${id}`;
  return [`${path}.#used = ${path}.#used + :of_${id}`, `${path}.#left = ${path}.#left - :of_${id}`];
}

const RAISE_VERSION = '#version = #version + :one';
const SPEND_CREDITS = [
  '#available = #available - :credits',
  '#usedThisPeriod = #usedThisPeriod + :credits',
  '#used = #used + :credits',
];

/** Each use removes the meter's days of a month before yesterday from the item, so that it stays small. */
const DAYS_REMOVED = Array.from({ length: 31 }, (_, index) => index + 2);

function todayOf(meter: string): { placeholder: string } {
  return { placeholder: `#today_${meter}` };
}

function countOfDay(meter: string): string {
  const { placeholder } = todayOf(meter);
  return `${placeholder} = if_not_exists(${placeholder}, :zero) + :of_${meter}`;
}

function dayNames(meter: string, place: number, now: Instant): Record<string, string> {
  const removed = DAYS_REMOVED.map((days): [string, string] => [
    removedDay(place, days),
    dayOf(meter, now - days * DAY_MS),
  ]);
  return { ...Object.fromEntries(removed), [todayOf(meter).placeholder]: dayOf(meter, now) };
}

/** By the meter's place, and not by its name: an expression has 4 kB. */
function removedDay(place: number, days: number): string {
  return `#d${String(place)}_${String(days)}`;
}

interface Asked {
  userId: string;
  use: Use;
  now: Instant;
}

/**
 * The deciding update: counts a use if the account meets its demands (G1). If not, the whole item comes back with the
 * refusal, so that explaining it costs no further request. What one costs is what the catalogue says, and the condition
 * asks that the account says the same.
 */
export function countUse({ table, catalogue }: Store, { userId, use, now }: Asked): TransactWriteItem {
  const costsOf = offeredCosts(catalogue);
  const demands = demandsOf(use, catalogue, now, costsOf);
  const conditions = demands.map(conditionOf).filter((condition) => condition !== null);
  const parts = partsOf(use, catalogue);
  const daily = demands.flatMap((demand) => (demand.demand === 'room' ? [demand.meter] : []));
  const credits = creditsFor(use, costsOf);
  const set = [
    RAISE_VERSION,
    ...parts.flatMap(countPart),
    ...(credits === 0 ? [] : SPEND_CREDITS),
    ...daily.map(countOfDay),
  ];
  const removed = daily.flatMap((_, place) => DAYS_REMOVED.map((days) => removedDay(place, days)));
  const expressions = evaluated(
    {
      ConditionExpression: conditions.map(({ condition }) => condition).join(' AND '),
      UpdateExpression: `SET ${set.join(', ')}${removed.length === 0 ? '' : ` REMOVE ${removed.join(', ')}`}`,
    },
    {
      one: 1,
      zero: 0,
      credits,
      ...Object.fromEntries(parts.map(({ id, count }) => [`of_${id}`, count])),
      ...Object.fromEntries(conditions.flatMap(({ values }) => Object.entries(values))),
    },
  );
  const names = daily.flatMap((meter, place) => Object.entries(dayNames(meter, place, now)));
  return {
    Update: {
      TableName: table,
      Key: accountKey(userId),
      ...expressions,
      ExpressionAttributeNames: { ...expressions.ExpressionAttributeNames, ...Object.fromEntries(names) },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    },
  };
}

/** Nobody has written the account since it was read. */
const IS_AT_VERSION = '#version = :version';

/** Writes a computed account over the one that it was computed from (null: over none), and over no other. */
export function putAccount(table: string, account: Account, before: Account | null): TransactWriteItem {
  const item = accountItem({ ...account, version: (before?.version ?? 0) + 1 });
  return before === null
    ? putNew(table, item)
    : {
        Put: {
          TableName: table,
          Item: item,
          ...evaluated({ ConditionExpression: IS_AT_VERSION }, { version: before.version }),
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        },
      };
}

const IS_NOT_ERASED = 'attribute_exists(#pk) AND attribute_not_exists(#erasedAt)';

/** Keeps a transaction from adding to an account that is erased, or was never there. */
export function accountExists(table: string, userId: string): TransactWriteItem {
  return {
    ConditionCheck: {
      TableName: table,
      Key: accountKey(userId),
      ...evaluated({ ConditionExpression: IS_NOT_ERASED }),
    },
  };
}

export function accountKey(userId: string): WireItem {
  return toWire({ pk: userKey(userId), sk: ACCOUNT_KEY });
}

export function accountItem(account: Account): WireItem {
  const { userId, subscription, meters, levels, credits, ...others } = account;
  const { lots, ...counts } = credits;
  return toWire({
    pk: userKey(userId),
    sk: ACCOUNT_KEY,
    ...others,
    kind: undefined,
    usesByDay: undefined,
    customerId: account.customerId ?? undefined,
    ...subscriptionAttributes(subscription),
    toldAt: account.toldAt ?? undefined,
    openUntil: openUntil(account),
    meters: mapValues(meters, meterAttributes),
    levels: mapValues(levels, limitedAttributes),
    available: available(credits),
    carried: lots,
    ...counts,
    withheld: credits.withheld || undefined,
    carryOver: account.carryOver ?? undefined,
    servedIntervals: undefined,
    served: account.servedIntervals.length === 0 ? undefined : account.servedIntervals.map(servedAttributes),
    // As 16 bytes, and not as 32 hexadecimal digits.
    openChange: account.openChange === null ? undefined : Buffer.from(account.openChange, 'hex'),
    ...dayAttributes(account),
    ...dueAttributes(account),
  });
}

function mapValues<Value, Mapped>(
  record: Readonly<Record<string, Value>>,
  map: (value: Value) => Mapped,
): Record<string, Mapped> {
  return Object.fromEntries(Object.entries(record).map(([id, value]) => [id, map(value)]));
}

/** A limit is null where the plan does not have the meter, and then nothing is left. */
function limitedAttributes(count: LimitedCount): object {
  const limit = count.limit === null ? null : limitAsCount(count.limit);
  return { used: count.used, limit, left: leftOf(count) };
}

/** What is 0 is left out: each byte of an account is paid for. */
function meterAttributes(count: MeterCount): object {
  const { credits, paid } = count;
  return { ...limitedAttributes(count), credits: credits || undefined, paid: paid || undefined };
}

/** Leaves out the days before the period's eve: they limit nothing any more, and no use removes those of an absence. */
function dayAttributes({ usesByDay, periodStart }: Account): object {
  const eve = utcDay(periodStart - DAY_MS);
  return Object.fromEntries(
    Object.entries(usesByDay).filter(([name]) => name.slice(name.indexOf(':') + 1) >= eve),
  );
}

/** Accounts with a subscription wait in `DueIndex`; free ones roll forward when they are next met. */
function dueAttributes(account: Account): object {
  return isLive(account.subscription)
    ? { dueShard: accountShard(account.userId), dueAt: openUntil(account) }
    : {};
}

function subscriptionAttributes(subscription: Subscription): object {
  if (!isLive(subscription)) {
    return { status: subscription.status };
  }
  const { id, status, interval } = subscription;
  return {
    status,
    subscriptionId: id,
    interval,
    endsAt: subscription.endsAt ?? undefined,
    trialEndsAt: subscription.status === 'trialing' ? subscription.trialEndsAt : undefined,
    graceEndsAt: subscription.status === 'past_due' ? subscription.graceEndsAt : undefined,
  };
}

/** @throws CorruptItemError when the item is not a whole account, or its sums do not hold (G4) */
export function parseAccount(item: WireItem): AccountState {
  const reader = ItemReader.fromWire(item);
  const userId = reader.string('pk').slice(userKey('').length);
  if (reader.has('erasedAt')) {
    return { kind: 'erased', userId, ...reader.integers(['version', 'erasedAt']) };
  }
  const account: Account = {
    kind: 'account',
    userId,
    ...reader.integers(['version', 'billingVersion', 'createdAt', 'anchor', 'periodStart', 'periodEnd']),
    ...reader.integers(['creditsPerPeriod', 'catalogueSince']),
    customerId: reader.optionalString('customerId') ?? null,
    plan: reader.string('plan'),
    subscription: parseSubscription(reader),
    toldAt: reader.optionalInteger('toldAt'),
    meters: parseMeters(reader.map('meters')),
    levels: parseLevels(reader.map('levels')),
    carryOver: reader.has('carryOver') ? reader.map('carryOver').integers(['cap', 'periods']) : null,
    usesByDay: parseUsesByDay(reader),
    credits: parseCredits(reader),
    servedIntervals: reader.has('served') ? reader.maps('served').map(parseServedInterval) : [],
    openChange: reader.has('openChange') ? Buffer.from(reader.binary('openChange')).toString('hex') : null,
  };
  assertSumsHold(account, reader.integer('available'));
  return account;
}

function assertSumsHold({ userId, credits }: Account, stored: number): void {
  const lifetime = credits.granted - credits.used - credits.expired - credits.takenBack;
  if (stored !== available(credits) || stored !== lifetime) {
    throw new CorruptItemError(`The credits of the account ${userId} do not add up.`);
  }
}

function parseSubscription(reader: ItemReader): Subscription {
  const status = reader.oneOf('status', SUBSCRIPTION_STATUSES);
  if (status === 'none' || status === 'canceled') {
    return { status };
  }
  const live = {
    id: reader.string('subscriptionId'),
    interval: reader.oneOf('interval', BILLING_INTERVALS),
    endsAt: reader.optionalInteger('endsAt'),
  };
  switch (status) {
    case 'trialing':
      return { status, ...live, trialEndsAt: reader.integer('trialEndsAt') };
    case 'active':
      return { status, ...live };
    case 'past_due':
      return { status, ...live, graceEndsAt: reader.integer('graceEndsAt') };
  }
}

function parseMeters(reader: ItemReader): Record<string, MeterCount> {
  return Object.fromEntries(
    reader.names().map((id) => {
      const meter = reader.map(id);
      const credits = meter.optionalInteger('credits') ?? 0;
      return [id, { ...parseLimited(meter), credits, paid: meter.optionalInteger('paid') ?? 0 }];
    }),
  );
}

function parseLevels(reader: ItemReader): Record<string, LimitedCount> {
  return Object.fromEntries(reader.names().map((id) => [id, parseLimited(reader.map(id))]));
}

/** @throws CorruptItemError when what is left is not the limit less what is used: the condition would not decide as the rules do */
function parseLimited(reader: ItemReader): LimitedCount {
  const used = reader.integer('used');
  const count = { used, limit: parseLimit(reader) };
  if (leftOf(count) !== reader.integer('left')) {
    throw new CorruptItemError(`Of ${String(used)} used, what is left is wrong.`);
  }
  return count;
}

export function parseLimit(reader: ItemReader): Limit | null {
  if (reader.isNull('limit')) {
    return null;
  }
  const limit = reader.integer('limit');
  return limit === UNLIMITED ? 'unlimited' : limit;
}

/** `images:2026-11-24`: a meter and a day. */
const DAY_NAME = /^[a-z]\w*:\d{4}-\d\d-\d\d$/;

function parseUsesByDay(reader: ItemReader): Record<string, number> {
  return reader.integers(reader.names().filter((name) => DAY_NAME.test(name)));
}

/** Under a short name: each byte of an account is paid for. */
function servedAttributes({ includedUsed, ...interval }: ServedInterval): object {
  return { ...interval, used: includedUsed };
}

function parseServedInterval(reader: ItemReader): ServedInterval {
  return {
    subscriptionId: reader.string('subscriptionId'),
    ...reader.integers(['anchor', 'endsAt']),
    includedUsed: reader.integer('used'),
    expiredLots: parseLots(reader, 'expiredLots'),
  };
}

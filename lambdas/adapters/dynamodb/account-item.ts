import { type TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  type Account,
  type AccountState,
  isLive,
  openUntil,
  type ServedInterval,
  type Subscription,
  SUBSCRIPTION_STATUSES,
} from '../../domain/account.ts';
import { available, CREDIT_COUNTS, type Credits, type Lots } from '../../domain/credits.ts';
import { DAY_MS, type Instant, utcDay } from '../../domain/instants.ts';
import { BILLING_INTERVALS, PLAN_ORDER, type Plans } from '../../domain/plans.ts';
import { type Demand, demandsOf, type Use } from '../../domain/usage.ts';
import { CorruptItemError, evaluated, ItemReader, toWire, type WireItem } from './items.ts';
import { ACCOUNT_KEY, accountShard, userKey } from './keys.ts';
import { putNew } from './put-new.ts';

/**
 * The item that decides. Its attributes are flat, since conditions compare attributes and know no arithmetic: what is
 * left of each meter and the credits available stand beside what they are computed from. It stays below 1 kB, so that
 * counting costs 2 write units, and counting touches no attribute of an index.
 */

const IS_OPEN = '#periodStart <= :now AND #openUntil > :now';
const HAS_LEFT = { letters: '#lettersLeft >= :letters', emails: '#emailsLeft >= :emails' };
const HAS_CREDITS = '#mailCredits >= :mails';

/** The account has no mail of the day yet, or few enough. */
const HAS_ROOM_TODAY = '(attribute_not_exists(#today) OR #today <= :roomToday)';

/** What DynamoDB evaluates for a demand; `decideUse` evaluates the same demand on the account. */
function conditionOf(demand: Demand): { condition: string; values: Record<string, number | string> } {
  switch (demand.demand) {
    case 'open':
      return { condition: IS_OPEN, values: { now: demand.at } };
    case 'scheduling': {
      const values = Object.fromEntries(demand.notOn.map((plan, index) => [`plan${index}`, plan]));
      return {
        condition: `NOT #plan IN (${Object.keys(values)
          .map((name) => `:${name}`)
          .join(', ')})`,
        values,
      };
    }
    case 'left':
      return { condition: HAS_LEFT[demand.of], values: { [demand.of]: demand.atLeast } };
    case 'room':
      return { condition: HAS_ROOM_TODAY, values: { roomToday: demand.atMost } };
    case 'credits':
      return { condition: HAS_CREDITS, values: { mails: demand.atLeast } };
  }
}

const COUNT_USE = `SET ${[
  '#version = #version + :one',
  '#lettersUsed = #lettersUsed + :letters',
  '#lettersLeft = #lettersLeft - :letters',
  '#emailsUsed = #emailsUsed + :emails',
  '#emailsLeft = #emailsLeft - :emails',
  '#mailsUsed = #mailsUsed + :mails',
  '#mailCredits = #mailCredits - :mails',
  '#usedThisPeriod = #usedThisPeriod + :mails',
  '#used = #used + :mails',
].join(', ')}`;

/** Each mail removes the days of a month before yesterday from the item, so that it stays small. */
const DAYS_REMOVED = Array.from({ length: 31 }, (_, index) => index + 2);
const REMOVE_DAYS = `REMOVE ${DAYS_REMOVED.map((days) => `#day${days}`).join(', ')}`;
const COUNT_MAILS = `${COUNT_USE}, #today = if_not_exists(#today, :zero) + :mails ${REMOVE_DAYS}`;

const DAY_PREFIX = 'mails:';

function dayAttribute(instant: Instant): string {
  return `${DAY_PREFIX}${utcDay(instant)}`;
}

function dayNames(now: Instant): Record<string, string> {
  const removed = DAYS_REMOVED.map((days) => [`#day${days}`, dayAttribute(now - days * DAY_MS)] as const);
  return { ...Object.fromEntries(removed), '#today': dayAttribute(now) };
}

interface Asked {
  userId: string;
  use: Use;
  plans: Plans;
  now: Instant;
}

/**
 * The deciding update: counts a use if the account meets its demands (G1). If not, the whole item comes back with the
 * refusal, so that explaining it costs no further request.
 */
export function countUse(table: string, { userId, use, plans, now }: Asked): TransactWriteItem {
  const countsMails = use.mails > 0;
  const demands = demandsOf(use, plans, now).map(conditionOf);
  const expressions = evaluated(
    {
      ConditionExpression: demands.map(({ condition }) => condition).join(' AND '),
      UpdateExpression: countsMails ? COUNT_MAILS : COUNT_USE,
    },
    {
      one: 1,
      zero: 0,
      ...use,
      ...Object.fromEntries(demands.flatMap(({ values }) => Object.entries(values))),
    },
  );
  const names = { ...expressions.ExpressionAttributeNames, ...(countsMails ? dayNames(now) : {}) };
  return {
    Update: {
      TableName: table,
      Key: accountKey(userId),
      ...expressions,
      ExpressionAttributeNames: names,
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
  const { userId, subscription, letters, emails, credits, ...others } = account;
  const { lots, ...counts } = credits;
  return toWire({
    pk: userKey(userId),
    sk: ACCOUNT_KEY,
    ...others,
    kind: undefined,
    mailsByDay: undefined,
    customerId: account.customerId ?? undefined,
    ...subscriptionAttributes(subscription),
    openUntil: openUntil(account),
    lettersUsed: letters.used,
    lettersLeft: letters.left,
    emailsUsed: emails.used,
    emailsLeft: emails.left,
    mailCredits: available(credits),
    carried: lots,
    ...counts,
    servedInterval: account.servedInterval ?? undefined,
    ...dayAttributes(account),
    ...dueAttributes(account),
  });
}

/** Leaves out the days before the period's eve: they limit nothing any more, and no mail removes those of an absence. */
function dayAttributes({ mailsByDay, periodStart }: Account): object {
  const eve = utcDay(periodStart - DAY_MS);
  const days = Object.entries(mailsByDay).filter(([day]) => day >= eve);
  return Object.fromEntries(days.map(([day, mails]) => [`${DAY_PREFIX}${day}`, mails]));
}

/** Accounts with a plan wait in `DueIndex`; free ones roll forward when they are next met. */
function dueAttributes(account: Account): object {
  return account.plan === 'none' ? {} : { dueShard: accountShard(account.userId), dueAt: openUntil(account) };
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
    customerId: reader.optionalString('customerId') ?? null,
    plan: reader.oneOf('plan', PLAN_ORDER),
    subscription: parseSubscription(reader),
    letters: { used: reader.integer('lettersUsed'), left: reader.integer('lettersLeft') },
    emails: { used: reader.integer('emailsUsed'), left: reader.integer('emailsLeft') },
    mailsUsed: reader.integer('mailsUsed'),
    // Older accounts have no such attribute.
    cardMails: reader.optionalInteger('cardMails') ?? 0,
    mailsByDay: parseMailsByDay(reader),
    credits: parseCredits(reader),
    servedInterval: reader.has('servedInterval') ? parseServedInterval(reader.map('servedInterval')) : null,
  };
  assertSumsHold(account, reader.integer('mailCredits'));
  return account;
}

function assertSumsHold({ userId, credits }: Account, mailCredits: number): void {
  const lifetime = credits.granted - credits.used - credits.expired - credits.takenBack;
  if (mailCredits !== available(credits) || mailCredits !== lifetime) {
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

function parseMailsByDay(reader: ItemReader): Record<string, number> {
  const names = reader.names().filter((name) => name.startsWith(DAY_PREFIX));
  return Object.fromEntries(names.map((name) => [name.slice(DAY_PREFIX.length), reader.integer(name)]));
}

/** The credits of an account's item, whether or not they add up. @throws CorruptItemError */
export function parseStoredCredits(item: WireItem): { mailCredits: number; credits: Credits } {
  const reader = ItemReader.fromWire(item);
  return { mailCredits: reader.integer('mailCredits'), credits: parseCredits(reader) };
}

function parseCredits(reader: ItemReader): Credits {
  return { lots: parseLots(reader, 'carried'), ...reader.integers(CREDIT_COUNTS) };
}

function parseLots(reader: ItemReader, name: string): Lots {
  const [oldest, middle, youngest] = reader.list(name);
  if (typeof oldest !== 'number' || typeof middle !== 'number' || typeof youngest !== 'number') {
    throw new CorruptItemError(`The attribute ${name} is not three lots.`);
  }
  return [oldest, middle, youngest];
}

function parseServedInterval(reader: ItemReader): ServedInterval {
  return {
    subscriptionId: reader.string('subscriptionId'),
    ...reader.integers(['anchor', 'endsAt', 'includedUsed']),
    expiredLots: parseLots(reader, 'expiredLots'),
  };
}

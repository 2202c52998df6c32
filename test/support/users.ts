/** What the data tests' users do, and what is found of them in the table afterwards. */
import { expect } from '@jest/globals';
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { randomUUID } from 'node:crypto';
import { accountItem } from '../../lambdas/adapters/dynamodb/account-item.ts';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { readStoredAccount } from '../../lambdas/adapters/dynamodb/accounts.ts';
import { parseDelivery } from '../../lambdas/letters/adapters/delivery-item.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { type LedgerEntry, listLedger } from '../../lambdas/commands/list-ledger.ts';
import { type Page, type PageRequest } from '../../lambdas/adapters/dynamodb/lists.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import {
  deductMailCredit,
  trackEmailDelivery,
  type SchedulingOutcome,
} from '../../lambdas/letters/commands/schedule-delivery.ts';
import { type LetterOutcome, trackLetterCreation } from '../../lambdas/letters/commands/create-letter.ts';
import { type Account } from '../../lambdas/domain/account.ts';
import { available } from '../../lambdas/domain/credits.ts';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { leftOf } from '../../lambdas/domain/terms.ts';
import { type Counts, type Use } from '../../lambdas/domain/usage.ts';
import { type LiveFacts, type SubscriptionFacts } from '../../lambdas/domain/subscriptions.ts';
import { givePlan } from '../../local/local-subscription.ts';
import { at, sumOf, usesOf } from './accounts.ts';
import { expectSoundCredits } from './books.ts';
import { plentyOfTime } from './table.ts';

/** A user whom no other test knows, with an id as long as those of identity providers. */
export function someUser(): string {
  return randomUUID();
}

/** A request of a user's at an instant; its id is drawn unless it is given. */
export function request(
  userId: string,
  now: string | Instant,
  options: Partial<Omit<CommandContext, 'userId' | 'now'>> = {},
): CommandContext {
  return {
    userId,
    now: typeof now === 'string' ? at(now) : now,
    id: randomUUID(),
    fingerprint: 'the same body',
    deadline: plentyOfTime(),
    ...options,
  };
}

export async function writeLetter(
  store: Store,
  context: CommandContext,
  text = { title: 'To myself', body: 'Did you learn to swim?' },
): Promise<LetterOutcome> {
  return trackLetterCreation(store, context, text);
}

export const ADDRESS = {
  name: 'Ada Lovelace',
  line1: '12 St James’s Square',
  city: 'London',
  postalCode: 'SW1Y 4JH',
  country: 'GB',
};

export async function scheduleMail(
  store: Store,
  context: CommandContext,
  letterId: string,
): Promise<SchedulingOutcome> {
  const deliverAt = context.now + DAY_MS;
  return deductMailCredit(store, context, { letterId, deliverAt, recipient: ADDRESS });
}

export async function scheduleEmail(
  store: Store,
  context: CommandContext,
  letterId: string,
): Promise<SchedulingOutcome> {
  const deliverAt = context.now + DAY_MS;
  return trackEmailDelivery(store, context, { letterId, deliverAt, recipient: { email: 'ada@example.com' } });
}

/** A use that releases nothing. */
export function using(consume: Counts): Use {
  return { consume, release: {} };
}

/** Brings a user to what a worker learns of Stripe. It takes effect 1 ms later, unless it keeps the open period. */
export async function givenPlan(
  store: Store,
  userId: string,
  facts: SubscriptionFacts,
  now: string | Instant,
): Promise<Account> {
  return givePlan(store, userId, facts, typeof now === 'string' ? at(now) : now, plentyOfTime());
}

/** A user with a plan, of which a worker has learnt 1 ms ago, and a letter to send. */
export async function givenSubscriberWithLetter(
  store: Store,
  facts: LiveFacts,
  now: string,
): Promise<{ userId: string; letterId: string }> {
  const userId = someUser();
  const letterId = randomUUID();
  await givenPlan(store, userId, facts, at(now) - 1);
  const letter = await writeLetter(store, request(userId, now, { id: letterId }));
  expect(letter.outcome).toBe('created');
  return { userId, letterId };
}

/** Puts an account into the table as it is, whatever led to it. */
export async function putStored(store: Store, account: Account): Promise<void> {
  await store.client.send(new PutItemCommand({ TableName: store.table, Item: accountItem(account) }));
}

/** What is left of an erased user. */
export async function putTombstone(store: Store, userId: string): Promise<void> {
  await store.client.send(
    new PutItemCommand({
      TableName: store.table,
      Item: toWire({
        pk: `USER#${userId}`,
        sk: 'ACCOUNT',
        version: 7,
        erasedAt: at('2026-03-01'),
        openUntil: 0,
      }),
    }),
  );
}

/** The account as it is stored, not rolled forward. */
export async function storedAccount(store: Store, userId: string): Promise<Account> {
  const state = await readStoredAccount(store, userId, plentyOfTime());
  if (state?.kind !== 'account') {
    throw new Error(`There is no account of ${userId}.`);
  }
  return state;
}

/** Everything that the table holds of a user, by sort key. */
export async function itemsOf(store: Store, userId: string): Promise<Map<string, Record<string, unknown>>> {
  const items = new Map<string, Record<string, unknown>>();
  let start: Record<string, never> | undefined;
  do {
    const { Items, LastEvaluatedKey } = await store.client.send(
      new QueryCommand({
        TableName: store.table,
        KeyConditionExpression: '#pk = :pk',
        ExpressionAttributeNames: { '#pk': 'pk' },
        ExpressionAttributeValues: toWire({ ':pk': `USER#${userId}` }),
        ConsistentRead: true,
        ExclusiveStartKey: start,
      }),
    );
    for (const item of Items ?? []) {
      const plain = unmarshall(item);
      items.set(String(plain['sk']), plain);
    }
    start = LastEvaluatedKey as Record<string, never> | undefined;
  } while (start !== undefined);
  return items;
}

/** How many records of a kind a user has. */
export function countOf(items: ReadonlyMap<string, unknown>, kind: string): number {
  return [...items.keys()].filter((sk) => sk.startsWith(`${kind}#`)).length;
}

/** All pages of a list, one after the other. */
export async function allPages<Item>(
  readPage: (page: PageRequest) => Promise<Page<Item>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | null = null;
  do {
    const page: Page<Item> = await readPage({ limit, after });
    expect(page.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.items);
    after = page.next;
  } while (after !== null);
  return items;
}

export async function wholeLedger(
  store: Store,
  userId: string,
  now: string | Instant,
  limit = 100,
): Promise<LedgerEntry[]> {
  const instant = typeof now === 'string' ? at(now) : now;
  return allPages((page) => listLedger(store, userId, page, instant, plentyOfTime()), limit);
}

/**
 * G1 and G4 for an account as it stands in the table: nothing below zero or past its limit, what is stored as available
 * is what the lifetime counters and the ledger make of it, and there are as many records as have been counted.
 */
export async function expectClosedBooks(store: Store, userId: string, now: string | Instant): Promise<void> {
  const instant = typeof now === 'string' ? at(now) : now;
  const stored = await storedAccount(store, userId);
  expectSoundCredits(stored.credits);
  // A mail that a card pays for counts once it is paid, also when the plan has ended meanwhile (G9: it is sent or refunded).
  const counts = Object.values(stored.meters).flatMap((count) => [count.used, leftOf(count) + count.paid]);
  expect(counts.filter((count) => count < 0)).toEqual([]);

  const { account } = await readAccount(store, userId, instant, plentyOfTime());
  const ledger = await wholeLedger(store, userId, instant);
  expect(sumOf(ledger)).toBe(available(account.credits));

  const items = await itemsOf(store, userId);
  expect(items.get('ACCOUNT')).toMatchObject({ available: available(stored.credits) });
  expect(countedUses(items, stored)).toEqual(recordedUses(items));
}

type Uses = Record<'letters' | 'emails' | 'mails', number>;

function addUses(total: Uses, uses: Counts): Uses {
  return Object.assign(total, {
    letters: total.letters + (uses['letters'] ?? 0),
    emails: total.emails + (uses['emails'] ?? 0),
    mails: total.mails + (uses['mails'] ?? 0),
  });
}

/** What the open and the closed periods have counted. */
function countedUses(items: ReadonlyMap<string, Record<string, unknown>>, open: Account): Uses {
  const total = addUses({ letters: 0, emails: 0, mails: 0 }, usesOf(open));
  for (const [sk, period] of items) {
    if (sk.startsWith('PERIOD#')) {
      addUses(total, usesOf({ meters: period['meters'] as Account['meters'] }));
    }
  }
  return total;
}

/** Its card has not been charged in time, or not yet. */
function isUnpaid(delivery: Delivery): boolean {
  return (
    delivery.status === 'pending_payment' ||
    (delivery.status === 'failed' && delivery.dispatch === null) ||
    (delivery.status === 'cancelled' && delivery.payment !== null && delivery.refund === 'none')
  );
}

/** What the records say has been used: deleted letters stay counted. */
function recordedUses(items: ReadonlyMap<string, Record<string, unknown>>): Uses {
  const total = { letters: countOf(items, 'LETTER'), emails: 0, mails: 0 };
  for (const [sk, record] of items) {
    if (sk.startsWith('DELIVERY#') && !isUnpaid(parseDelivery(toWire(record)))) {
      total[record['channel'] === 'mail' ? 'mails' : 'emails'] += 1;
    }
    if (sk.startsWith('USAGE#')) {
      addUses(total, record['consumed'] as Counts);
    }
  }
  return total;
}

/** How many results came to which outcome. */
export function tallyOf(results: readonly { outcome: string }[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const { outcome } of results) {
    tally[outcome] = (tally[outcome] ?? 0) + 1;
  }
  return tally;
}

import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import {
  appendAuditRecords,
  listAuditRecords,
  MAX_AUDIT_RECORDS,
} from '../lambdas/adapters/dynamodb/audit.ts';
import { consumptionItem } from '../lambdas/adapters/dynamodb/consumption-item.ts';
import type { WireItem } from '../lambdas/adapters/dynamodb/items.ts';
import { listRecords } from '../lambdas/adapters/dynamodb/lists.ts';
import { retrying, TRY_AGAIN } from '../lambdas/adapters/dynamodb/retry.ts';
import type { Store } from '../lambdas/adapters/dynamodb/store.ts';
import { listLedger } from '../lambdas/commands/list-ledger.ts';
import { trackConsumption } from '../lambdas/commands/track-consumption.ts';
import { DAY_MS, utcDay } from '../lambdas/domain/instants.ts';
import { letterItem, LETTERS, textItem } from '../lambdas/letters/adapters/letter-item.ts';
import { deductMailCredit } from '../lambdas/letters/commands/schedule-delivery.ts';
import { trackLetterCreation } from '../lambdas/letters/commands/create-letter.ts';
import { batchesOf } from '../lambdas/runtime/batches.ts';
import { mapConcurrently } from '../lambdas/runtime/concurrency.ts';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { putAccounts } from '../test/support/rollovers.ts';
import { BEGIN, contextOf, RECIPIENT, richSubscriber, USER } from './commands.ts';
import { median, round, timed } from './statistics.ts';
import { newTable } from './tables.ts';

/** How much a user has, of a table's most busy day. */
interface Amounts {
  letters: number;
  consumptions: number;
  auditRecords: number;
}

const SMALL: Amounts = { letters: 100, consumptions: 100, auditRecords: 100 };
const LARGE: Amounts = { letters: 40_000, consumptions: 100_000, auditRecords: 12_000 };

/** A command of a user who has a hundred of everything, and of one who has very much: p50 of each, and their ratio. */
export interface LargeUserResult {
  smallP50Ms: number;
  largeP50Ms: number;
  ratio: number;
}

const ROUNDS = 300;
const WARM_UP_ROUNDS = 50;

type Step = (store: Store, round: number) => Promise<unknown>;

/** Nothing that a user keeps makes a command slower. Both take turns, so that what disturbs one disturbs the other. */
export async function benchLargeUser(endpoint: string): Promise<Record<string, LargeUserResult>> {
  const [small, large] = [await newTable(endpoint), await newTable(endpoint)];
  await fill(small, SMALL);
  await fill(large, LARGE);
  const results: Record<string, LargeUserResult> = {};
  for (const [name, step] of Object.entries(STEPS)) {
    results[name] = await beside(small, large, step);
  }
  small.client.destroy();
  large.client.destroy();
  return results;
}

const PAGE = { limit: 50, after: null };

const STEPS: Readonly<Record<string, Step>> = {
  letter: (store, round) =>
    created(
      trackLetterCreation(store, context('another-letter', round), {
        title: 'Another',
        body: 'x'.repeat(500),
      }),
    ),
  deduction: (store, round) =>
    created(
      deductMailCredit(store, context('mail', round), {
        letterId: letterId(Math.floor(round / 10)),
        deliverAt: BEGIN + 5_000 * DAY_MS,
        recipient: RECIPIENT,
      }),
    ),
  consumption: (store, round) =>
    created(
      trackConsumption(store, context('another-use', round), {
        consume: { letters: 1, emails: 1 },
        release: {},
      }),
    ),
  'page of letters': (store) => listRecords(store, USER, LETTERS, PAGE, deadlineIn(20_000)),
  'page of the ledger': (store) => listLedger(store, USER, PAGE, BEGIN, deadlineIn(20_000)),
  'page of an audit day': (store) =>
    listAuditRecords(store, { day: utcDay(BEGIN) }, PAGE, deadlineIn(20_000)),
  "page of the user's audit": (store) => listAuditRecords(store, { userId: USER }, PAGE, deadlineIn(20_000)),
};

/** Ten mails a day is the limit. */
function context(kind: string, round: number) {
  return contextOf(`${kind}-${String(round)}`, BEGIN + Math.floor(round / 10) * DAY_MS);
}

async function created(command: Promise<{ outcome: string }>): Promise<void> {
  const { outcome } = await command;
  if (outcome !== 'created') {
    throw new Error(`The bench's command was ${outcome}.`);
  }
}

async function beside(small: Store, large: Store, step: Step): Promise<LargeUserResult> {
  const times = { small: [] as number[], large: [] as number[] };
  for (let turn = 0; turn < WARM_UP_ROUNDS + ROUNDS; turn += 1) {
    const smallMs = await timed(() => step(small, turn));
    const largeMs = await timed(() => step(large, turn));
    if (turn >= WARM_UP_ROUNDS) {
      times.small.push(smallMs);
      times.large.push(largeMs);
    }
  }
  const [smallP50Ms, largeP50Ms] = [median(times.small), median(times.large)];
  return {
    smallP50Ms: round(smallP50Ms, 3),
    largeP50Ms: round(largeP50Ms, 3),
    ratio: round(largeP50Ms / smallP50Ms, 3),
  };
}

function letterId(index: number): string {
  return `letter-${String(index)}`;
}

async function fill(store: Store, { letters, consumptions, auditRecords }: Amounts): Promise<void> {
  await putAccounts(store, [richSubscriber().account]);
  const items = [
    ...Array.from({ length: letters }, (_, index) => {
      const letter = { id: letterId(index), title: 'To my future self', createdAt: BEGIN - DAY_MS + index };
      return [letterItem(USER, letter, 1, 'bench'), textItem(USER, letter.id, 'x'.repeat(500))];
    }),
    ...Array.from({ length: consumptions }, (_, index) => {
      const counts = { consumed: { letters: 1 }, released: {}, credits: 0, levels: [] };
      return [consumptionItem(USER, { id: `use-${String(index)}-before`, ...counts }, BEGIN, 'bench')];
    }),
  ].flat();
  await mapConcurrently(batchesOf(items, 25), 16, (batch) => write(store, batch));
  const records = Array.from({ length: auditRecords }, (_, index) => ({
    id: `record-${String(index)}`,
    at: BEGIN + index,
    type: 'GiftSent',
    actor: 'postage:gifts',
    userId: USER,
    data: {},
  }));
  await mapConcurrently(batchesOf(records, MAX_AUDIT_RECORDS), 8, (batch) =>
    appendAuditRecords(store, batch, deadlineIn(60_000)),
  );
}

async function write({ client, table }: Store, items: readonly WireItem[]): Promise<void> {
  let rest = { [table]: items.map((Item) => ({ PutRequest: { Item } })) };
  await retrying(deadlineIn(60_000), async (abortSignal) => {
    const { UnprocessedItems } = await client.send(new BatchWriteItemCommand({ RequestItems: rest }), {
      abortSignal,
    });
    rest = Object.fromEntries(
      Object.entries(UnprocessedItems ?? {}).map(([name, requests]) => [
        name,
        requests.flatMap(({ PutRequest }) =>
          PutRequest?.Item === undefined ? [] : [{ PutRequest: { Item: PutRequest.Item } }],
        ),
      ]),
    );
    return Object.keys(rest).length === 0 ? null : TRY_AGAIN;
  });
}

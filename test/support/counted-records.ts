/** The statistics that the records in a table make up, counted the plain way. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { kindOf } from '../../lambdas/adapters/dynamodb/keys.ts';
import { type WireItem } from '../../lambdas/adapters/dynamodb/items.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { utcDay } from '../../lambdas/domain/instants.ts';
import { addTotals, type DayStatistics, type Totals } from '../../lambdas/domain/statistics.ts';

type Item = Record<string, unknown>;

/** What one item adds, and when. */
interface Added {
  at: unknown;
  totals: Totals;
  isUse?: true;
}

/**
 * The statistics of each day, oldest first, as the items of all users say.
 *
 * @param records the stream, from which nothing is taken but when a card was charged, declined or refunded
 */
export async function countRecords(
  store: Store,
  records: readonly DynamoDBRecord[],
): Promise<DayStatistics[]> {
  const { Items = [] } = await store.client.send(
    new ScanCommand({ TableName: store.table, ConsistentRead: true }),
  );
  const days = new Map<string, DayStatistics>();
  const active = new Map<string, Set<string>>();
  for (const item of Items.map((each) => unmarshall(each))) {
    const pk = String(item['pk']);
    for (const { at, totals, isUse } of pk.startsWith('USER#') ? addedBy(item, records) : []) {
      const day = utcDay(Number(at));
      const statistics = days.get(day) ?? { day, totals: {}, activeUsers: 0 };
      const some = Object.entries(totals).filter(([, count]) => count !== 0);
      statistics.totals = addTotals(statistics.totals, Object.fromEntries(some));
      days.set(day, statistics);
      if (isUse) {
        active.set(day, (active.get(day) ?? new Set()).add(pk));
        statistics.activeUsers = active.get(day)?.size ?? 0;
      }
    }
  }
  return [...days.values()].sort((one, other) => (one.day < other.day ? -1 : 1));
}

function addedBy(item: Item, records: readonly DynamoDBRecord[]): Added[] {
  switch (kindOf(String(item['sk']))) {
    case 'LETTER':
      return [{ at: item['createdAt'], totals: { 'used:letters': 1 }, isUse: true }];
    case 'USAGE': {
      const consumed = Object.entries(item['consumed'] as Totals);
      const totals = Object.fromEntries(consumed.map(([id, count]) => [`used:${id}`, count]));
      return [{ at: item['createdAt'], totals, isUse: true }];
    }
    case 'LEDGER':
      return [movement(item['at'], item)];
    case 'PERIOD':
      return [
        ...((item['movements'] ?? []) as Item[]).map((each) => movement(item['periodEnd'], each)),
        { at: item['periodEnd'], totals: periodTotals(item) },
      ];
    case 'DELIVERY':
      return [...(item['paidWith'] === 'card' ? cardFacts(item, records) : scheduled(item)), ...sent(item)];
    default:
      return [];
  }
}

const TOTAL_OF_KIND: Record<string, 'creditsGranted' | 'creditsUsed' | 'creditsExpired'> = {
  allowance: 'creditsGranted',
  regranted: 'creditsGranted',
  use: 'creditsUsed',
  return: 'creditsUsed',
  expiry: 'creditsExpired',
};

function movement(at: unknown, { kind, amount }: Item): Added {
  const total = TOTAL_OF_KIND[String(kind)];
  if (total === undefined) {
    throw new Error(`Nobody has counted a movement of the kind ${String(kind)}.`);
  }
  return { at, totals: { [total]: Number(amount) * (total === 'creditsGranted' ? 1 : -1) } };
}

function periodTotals({ plan, meters, creditsUsed, creditsLeft }: Item): Totals {
  if (plan === 'none') {
    return {};
  }
  const mails = (meters as Record<string, Item>)['mails'];
  const isExhausted = Number(creditsUsed) > 0 && Number(creditsLeft) === 0;
  return {
    creditPeriods: 1,
    exhaustedPeriods: Number(isExhausted),
    convertedPeriods: Number(isExhausted && Number(mails?.['paid'] ?? 0) > 0),
    periodCreditsUsed: Number(creditsUsed),
    periodCreditsLeft: Number(creditsLeft),
    reportedPeriods: Number(plan === 'pro'),
    reportedPeriodMails: plan === 'pro' ? Number(mails?.['used'] ?? 0) : 0,
  };
}

function scheduled({ createdAt, channel }: Item): Added[] {
  return [
    { at: createdAt, totals: channel === 'mail' ? { 'used:mails': 1 } : { 'used:emails': 1 }, isUse: true },
  ];
}

function sent({ status, sentAt, channel, paidWith }: Item): Added[] {
  return status === 'sent' && channel === 'mail'
    ? [{ at: sentAt, totals: paidWith === 'card' ? { cardMailsSent: 1 } : { creditMailsSent: 1 } }]
    : [];
}

/** What became of a mail that a card was to pay for. */
function cardFacts(item: Item, records: readonly DynamoDBRecord[]): Added[] {
  const { status, dispatch, refund } = item;
  const { price } = item['payment'] as { price: { amountCents: number } };
  const whenItWas = (isIt: (image: Item) => boolean): number => writtenAt(item, records, isIt);
  const facts: Added[] = [];
  if (status === 'failed' && dispatch === undefined) {
    facts.push({
      at: whenItWas((image) => image['status'] === 'failed'),
      totals: { cardPaymentsFailed: 1 },
    });
  } else if (status !== 'pending_payment') {
    facts.push({
      at: whenItWas((image) => image['status'] === 'scheduled'),
      totals: { 'used:mails': 1, cardMails: 1, cardRevenueCents: price.amountCents },
      isUse: true,
    });
  }
  if (refund === 'done') {
    facts.push({
      at: whenItWas((image) => image['refund'] === 'done'),
      totals: { cardRefunds: 1, cardRefundsCents: price.amountCents },
    });
  }
  return facts;
}

/** When an item was first written as something. */
function writtenAt(
  { pk, sk }: Item,
  records: readonly DynamoDBRecord[],
  isIt: (image: Item) => boolean,
): number {
  const record = records.find(({ dynamodb }) => {
    const image = unmarshall((dynamodb?.NewImage ?? {}) as WireItem);
    return image['pk'] === pk && image['sk'] === sk && isIt(image);
  });
  return Number(record?.dynamodb?.ApproximateCreationDateTime) * 1000;
}

/** The statistics that the records in a table make up, counted the plain way. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { kindOf } from '../../lambdas/adapters/dynamodb/keys.ts';
import { type WireItem } from '../../lambdas/adapters/dynamodb/items.ts';
import { type Store } from '../../lambdas/adapters/dynamodb/store.ts';
import { utcDay } from '../../lambdas/domain/instants.ts';
import { type DayStatistics, NO_TOTALS, type Totals } from '../../lambdas/domain/statistics.ts';

type Item = Record<string, unknown>;

/** What one item adds, and when. */
interface Added {
  at: unknown;
  totals: Partial<Totals>;
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
      const statistics = days.get(day) ?? { day, ...NO_TOTALS, activeUsers: 0 };
      days.set(day, statistics);
      for (const [name, amount] of Object.entries(totals)) {
        statistics[name as keyof Totals] += amount;
      }
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
      return [{ at: item['createdAt'], totals: { letters: 1 }, isUse: true }];
    case 'USAGE': {
      const { letters, emails, mails } = item as unknown as Totals;
      return [{ at: item['createdAt'], totals: { letters, emails, mails }, isUse: true }];
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

function periodTotals({ plan, mails, cardMails, creditsUsed, creditsLeft }: Item): Partial<Totals> {
  if (plan === 'none') {
    return {};
  }
  const isExhausted = Number(creditsUsed) > 0 && Number(creditsLeft) === 0;
  return {
    subscriberPeriods: 1,
    exhaustedPeriods: Number(isExhausted),
    convertedPeriods: Number(isExhausted && Number(cardMails) > 0),
    periodCreditsUsed: Number(creditsUsed),
    periodCreditsLeft: Number(creditsLeft),
    proPeriods: Number(plan === 'pro'),
    proPeriodMails: plan === 'pro' ? Number(mails) : 0,
  };
}

function scheduled({ createdAt, channel }: Item): Added[] {
  return [{ at: createdAt, totals: channel === 'mail' ? { mails: 1 } : { emails: 1 }, isUse: true }];
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
      totals: { mails: 1, cardMails: 1, cardRevenueCents: price.amountCents },
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

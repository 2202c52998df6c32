import {
  type DynamoDBClient,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { deadlineIn } from '../lambdas/runtime/deadline.ts';
import { type Store } from '../lambdas/adapters/dynamodb/store.ts';
import { type CommandContext } from '../lambdas/commands/command-context.ts';
import { trackConsumption } from '../lambdas/commands/track-consumption.ts';
import { deductMailCredit } from '../lambdas/letters/commands/schedule-delivery.ts';
import { trackLetterCreation } from '../lambdas/letters/commands/create-letter.ts';
import { newAccount } from '../lambdas/domain/account.ts';
import { type Catalogue, catalogueOf, defineCatalogue } from '../lambdas/domain/catalogue.ts';
import { grantPurchased } from '../lambdas/domain/credits.ts';
import { DAY_MS, type Instant } from '../lambdas/domain/instants.ts';
import { putAccounts } from '../test/support/rollovers.ts';
import { bareClient, newTable } from './tables.ts';
import { median, round, timed } from './statistics.ts';
import { CATALOGUE } from '../lambdas/wiring/catalogue.ts';

/** A command, and the bare transaction of the same items: p50 of each in milliseconds, and their ratio. */
export interface CommandResult {
  p50Ms: number;
  bareP50Ms: number;
  ratio: number;
}

const ROUNDS = 1_500;
const WARM_UP_ROUNDS = 200;
/** Ten mails a day is the limit, and there are two a round. */
const ROUNDS_A_DAY = 5;
export const USER = 'bench';
export const BEGIN = Date.UTC(2026, 0, 1);
export const RECIPIENT = {
  name: 'B',
  line1: '1 Main Street',
  city: 'Springfield',
  postalCode: '62701',
  country: 'US',
};

type Command = (store: Store, context: CommandContext) => Promise<{ outcome: string }>;

/** Each command beside its bare transaction, taking turns, so that what disturbs one disturbs the other. */
export async function benchCommands(
  endpoint: string,
): Promise<Record<'letter' | 'deduction' | 'consumptionOf3' | 'consumptionOf6', CommandResult>> {
  const store = await newTable(endpoint);
  const { account } = richSubscriber();
  await putAccounts(store, [account]);
  // A letter has at most 20 open deliveries.
  const days = Math.ceil((WARM_UP_ROUNDS + ROUNDS) / ROUNDS_A_DAY);
  for (let day = 0; day < days; day += 1) {
    const context = contextOf(letterOf(BEGIN + day * DAY_MS), BEGIN);
    await trackLetterCreation(store, context, { title: 'Letter', body: 'Text' });
  }
  const client = bareClient(endpoint);
  const letter = await beside(store, client, (to, context) =>
    trackLetterCreation(to, context, { title: 'To my future self', body: 'x'.repeat(500) }),
  );
  const deduction = await beside(store, client, (to, context) =>
    deductMailCredit(to, context, {
      letterId: letterOf(context.now),
      deliverAt: context.now + 365 * DAY_MS,
      recipient: RECIPIENT,
    }),
  );
  const consumptions = {
    consumptionOf3: await consumptionBeside(endpoint, client, 3),
    consumptionOf6: await consumptionBeside(endpoint, client, 6),
  };
  client.destroy();
  store.client.destroy();
  return { letter, deduction, ...consumptions };
}

/** The letter whose deliveries are scheduled on a day. */
function letterOf(now: Instant): string {
  return `letter-${String((now - BEGIN) / DAY_MS)}`;
}

/** The owner's backend counts two meters at once, one by its limit and one by credits, under a catalogue of some size. */
async function consumptionBeside(
  endpoint: string,
  client: DynamoDBClient,
  meters: number,
): Promise<CommandResult> {
  const catalogue = catalogueWith(meters);
  const store = { ...(await newTable(endpoint)), catalogue };
  const account = newAccount(USER, BEGIN, catalogue);
  const { credits } = grantPurchased(account.credits, 1_000_000, 'adjustment_up', 'bench');
  await putAccounts(store, [{ ...account, version: 1, periodEnd: Date.UTC(2126, 0, 1), credits }]);
  const use = { consume: { counted0: 1, priced: 1 }, release: {} };
  const result = await beside(store, client, (to, context) => trackConsumption(to, context, use));
  store.client.destroy();
  return result;
}

/** A free plan that has so many meters: one costs a credit, the others are counted. */
function catalogueWith(meters: number): Catalogue {
  const counted = Array.from({ length: meters - 1 }, (_, index) => `counted${String(index)}`);
  const title: [string, string] = ['use', 'uses'];
  const file = defineCatalogue({
    meters: { ...Object.fromEntries(counted.map((id) => [id, { title }])), priced: { title, credits: 1 } },
    plans: [
      {
        id: 'free',
        title: 'Free',
        limits: Object.fromEntries([...counted, 'priced'].map((id) => [id, 'unlimited'])),
      },
    ],
    credit: { title: ['credit', 'credits'] },
    graceDays: 7,
    trialDays: 0,
  });
  return catalogueOf(file, 0);
}

/** A Pro account whose period lasts a century, with more credits than the bench can spend. */
export function richSubscriber(): { account: ReturnType<typeof newAccount> } {
  const account = newAccount(USER, BEGIN, CATALOGUE);
  const { credits } = grantPurchased(account.credits, 1_000_000, 'adjustment_up', 'bench');
  return {
    account: {
      ...account,
      version: 1,
      plan: 'pro',
      subscription: { status: 'active', id: 'sub', interval: 'month', endsAt: null },
      periodEnd: Date.UTC(2126, 0, 1),
      meters: Object.fromEntries(
        Object.entries(account.meters).map(([id, meter]) => [id, { ...meter, limit: 'unlimited' }]),
      ),
      credits,
    },
  };
}

export function contextOf(id: string, now: Instant): CommandContext {
  return { userId: USER, id, fingerprint: 'bench', now, deadline: deadlineIn(20_000) };
}

async function beside(store: Store, client: DynamoDBClient, command: Command): Promise<CommandResult> {
  const name = crypto.randomUUID();
  const tracked: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    const now = BEGIN + Math.floor(round / ROUNDS_A_DAY) * DAY_MS;
    const items = await itemsOf(store, (to) => command(to, contextOf(`${name}-bare-${String(round)}`, now)));
    const bareMs = await timed(() => client.send(new TransactWriteItemsCommand({ TransactItems: items })));
    const trackedMs = await timed(async () => {
      const { outcome } = await command(store, contextOf(`${name}-${String(round)}`, now));
      if (outcome !== 'created') {
        throw new Error(`The bench's command was ${outcome}.`);
      }
    });
    if (round >= WARM_UP_ROUNDS) {
      tracked.push(trackedMs);
      bare.push(bareMs);
    }
  }
  return {
    p50Ms: round(median(tracked), 3),
    bareP50Ms: round(median(bare), 3),
    ratio: round(median(tracked) / median(bare), 3),
  };
}

/** The items that a command writes, without writing them. */
async function itemsOf(
  store: Store,
  command: (store: Store) => Promise<unknown>,
): Promise<TransactWriteItem[]> {
  let items: TransactWriteItem[] = [];
  const send = (sent: unknown): Promise<object> => {
    if (sent instanceof TransactWriteItemsCommand) {
      items = sent.input.TransactItems ?? [];
    }
    return Promise.resolve({});
  };
  const client = Object.assign(Object.create(store.client) as typeof store.client, { send });
  await command({ ...store, client });
  return items;
}

/**
 * G8, G9 and G10 together: up to 60 things that users, cards, banks, senders, jobs and Stripe do, by which a subscription,
 * purchases and mails paid by card get into each other's way. On one side Postage hears of everything at once; on the
 * other, events are late, doubled and shuffled, processes are stopped after any request to Stripe or DynamoDB and begun
 * again, and others are at work in between. Both come to the same end, and it is the one that Stripe's own objects say.
 */
import '../../support/silent-functions.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DeleteTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createStore } from '../../../lambdas/adapters/dynamodb/store.ts';
import { DAY_MS, toIso } from '../../../lambdas/domain/instants.ts';
import { createTable } from '../../../local/create-table.ts';
import { MortalProcess } from './disorder.ts';
import { catchUp, type Ends, hear, hearSome, openWorld, type Stores, type World } from './world.ts';
import { actAtStripe, refundPurchase } from './stripe-acts.ts';
import { expectPurchasedCreditsKept, expectSameEnds, isUnsettled } from './checks.ts';
import {
  answerOne,
  askForMails,
  buy,
  cancelOne,
  reconcileAll,
  reconcileLater,
  replaceCustomer,
  rollOver,
} from './commands.ts';
import { type Random } from '../../support/random.ts';
import { sequences } from '../../support/sequences.ts';
import { LOCAL_AWS, useTable } from '../../support/table.ts';

const { count: SEQUENCES, firstSeed: FIRST_SEED } = sequences(200);
const MOST_ACTIONS = 60;

const table = useTable();
const mortal = new MortalProcess();
let clients: { immortal: DynamoDBClient; mortal: DynamoDBClient } | null = null;

beforeEach(() => {
  // Metrics about customers that somebody should look at.
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});

beforeAll(() => {
  // Nobody here checks what it takes the SDK a while to sign.
  const options = { endpoint: table.endpoint(), ...LOCAL_AWS, signer: { sign: unsigned } };
  clients = { immortal: createStore('', options).client, mortal: createStore('', options).client };
  mortal.reachBy(clients.mortal);
});

afterAll(() => {
  clients?.immortal.destroy();
  clients?.mortal.destroy();
});

function unsigned<Request extends { headers: object }>(request: Request): Promise<Request> {
  const credential = 'AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/dynamodb/aws4_request';
  const authorization = `${credential}, SignedHeaders=host, Signature=0`;
  Object.assign(request.headers, { authorization, 'x-amz-date': '20260101T000000Z' });
  return Promise.resolve(request);
}

/** Tables of its own for each sequence: what is due in them is due to it, and nothing grows. */
async function withTables<Answer>(seed: number, use: (stores: Stores) => Promise<Answer>): Promise<Answer> {
  if (clients === null) {
    throw new Error('The clients are there once the suite has begun.');
  }
  const { immortal } = clients;
  const [orderly, disorderly] = [`orderly-${String(seed)}`, `disorderly-${String(seed)}`];
  await Promise.all([orderly, disorderly].map((name) => createTable(immortal, name)));
  try {
    return await use({
      orderly: { client: immortal, table: orderly },
      disorderly: { client: immortal, table: disorderly },
      mortal: { client: clients.mortal, table: disorderly },
    });
  } finally {
    mortal.reset();
    await Promise.all(
      [orderly, disorderly].map((TableName) => immortal.send(new DeleteTableCommand({ TableName }))),
    );
  }
}

/** Something that users or senders ask for: when Postage has heard of everything, or, in some sequences, has not. */
async function command(world: World): Promise<void> {
  const { random } = world;
  world.isAlone ||= world.mayBeAlone && random.happens(0.2);
  if (!world.isAlone) {
    await catchUp(world);
    if (random.happens(0.2)) {
      await expectPurchasedCreditsKept(world);
    }
  }
  const commands: [() => Promise<void>, ...(() => Promise<void>)[]] = [
    () => askForMails(world),
    () => askForMails(world),
    // What has just been spent is taken back.
    () => askForMails(world).then(() => refundPurchase(world)),
    () => cancelOne(world),
    () => cancelOne(world),
  ];
  await random.pick(commands)();
}

async function act(world: World): Promise<void> {
  const { random } = world;
  const percent = random.integer(1, 100);
  if (world.mayLoseCustomer && random.happens(0.1)) {
    await replaceCustomer(world);
  } else if (percent <= 56) {
    await actAtStripe(world);
  } else if (percent <= 85) {
    await command(world);
  } else if (percent <= 92) {
    await buy(world);
  } else if (percent <= 95) {
    await rollOver(world);
  } else {
    await reconcileLater(world);
    await hear(world);
    await catchUp(world);
    await answerOne(world);
  }
  await hear(world);
  if (random.happens(0.15)) {
    await hearSome(world, () => actAtStripe(world));
  }
}

/** Most sequences are short, so that there can be many. */
function actionsOf(random: Random): number {
  return random.happens(0.15) ? random.integer(20, MOST_ACTIONS) : random.integer(3, 16);
}

async function play(world: World): Promise<void> {
  for (let actions = actionsOf(world.random); actions > 0; actions -= 1) {
    await act(world);
  }
  await catchUp(world);
  const { stripe } = world;
  for (let days = 0; days < 2 && (await isUnsettled(world)); days += 1) {
    stripe.moveTo(toIso(stripe.clock.now() + DAY_MS));
    await hear(world);
    await catchUp(world);
    await reconcileAll(world, [world.disorderly, world.orderly]);
    await hear(world);
    await catchUp(world);
  }
}

/** What has to be reached, or it would not have been tried. */
const REACHED = [
  'by card: scheduled, charged',
  'by card: cancelled, refunded',
  'by card: failed, not charged',
  'mail: action_required',
  'purchase: taken back',
  'purchased credits spent',
  'rolled over',
  'customer replaced',
  'died',
  'overtaken',
  'plan: none',
  'plan: pro',
  'plan: enterprise',
  'sequence: alone',
];

/** By some of a thousand sequences. */
const REACHED_RARELY = ['by card: failed, refunded', 'mail: declined', 'lent credits given back', 'owed'];

describe('subscriptions, purchases and mails paid by card, in any order', () => {
  it(
    `G8: G9: G10: end as in order, and as Stripe says (${String(SEQUENCES)} from ${String(FIRST_SEED)})`,
    async () => {
      const ends: Ends = new Map();
      const different = new Set<string>();
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEQUENCES; seed += 1) {
        await withTables(seed, async (stores) => {
          const world = await openWorld(seed, stores, mortal, ends);
          try {
            await play(world);
            different.add(await expectSameEnds(world));
          } catch (error) {
            throw new Error(`The sequence of the seed ${String(seed)} fails.`, { cause: error });
          } finally {
            await world.stripe.stop();
          }
        });
        const done = seed - FIRST_SEED + 1;
        if (done % 100 === 0 && SEQUENCES > 200) {
          process.stderr.write(`${String(done)} sequences: ${JSON.stringify(Object.fromEntries(ends))}\n`);
        }
      }
      if (SEQUENCES >= 200) {
        const wanted = SEQUENCES >= 5_000 ? [...REACHED, ...REACHED_RARELY] : REACHED;
        expect(wanted.filter((end) => (ends.get(end) ?? 0) === 0)).toEqual([]);
        expect(ends.get('sequence: compared in all')).toBeGreaterThan(SEQUENCES / 2);
        expect(different.size).toBeGreaterThan(20);
      }
    },
    60_000 + 6_000 * SEQUENCES,
  );
});

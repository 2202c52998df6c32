/**
 * G8, G9 and G10 together: up to 60 acts of users, cards, banks, senders, jobs and Stripe, in which a subscription,
 * purchases and mails paid by card get into each other's way. On one side Postage hears of everything at once. On the
 * other, events are late, doubled and shuffled, processes stop after any request to Stripe or DynamoDB and begin again,
 * and others work in between. Both sides come to the same end, and Stripe's own objects agree with it.
 */
import '../../support/silent-functions.ts';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createStore } from '../../../lambdas/adapters/dynamodb/store.ts';
import { DAY_MS, toIso } from '../../../lambdas/domain/instants.ts';
import { createTable } from '../../../local/create-table.ts';
import { MortalProcess } from './disorder.ts';
import { catchUp, type Ends, hear, hearSome, openWorld, type Stores, type World } from './world.ts';
import { actAtStripe, changePlan, refundPurchase } from './stripe-acts.ts';
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
import { anyDraws, type Draws, randomFrom } from '../../support/random.ts';
import { ENTERPRISE } from '../../support/payments.ts';
import { sequences } from '../../support/sequences.ts';
import { LETTERS } from '../../support/catalogues.ts';
import { LOCAL_AWS, useTable } from '../../support/table.ts';

const SEQUENCES = sequences(200, 6_000);

function anyActs(maxLength: number): fc.Arbitrary<Draws[]> {
  return fc.array(anyDraws(512), { maxLength, size: 'max' });
}

/** Most sequences are short, so that there can be many. */
const anySequence = fc.noBias(
  fc.record({
    opening: anyDraws(64),
    acts: fc.oneof({ weight: 78, arbitrary: anyActs(19) }, { weight: 22, arbitrary: anyActs(60) }),
    ending: anyDraws(4_096),
  }),
);

const table = useTable();
const mortal = new MortalProcess();
let clients: { immortal: DynamoDBClient; mortal: DynamoDBClient } | null = null;

beforeEach(() => {
  // Postage writes metrics about customers that somebody should look at.
  jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});

beforeAll(() => {
  // The embedded DynamoDB checks no signature, and the SDK takes a while to make one.
  const options = { endpoint: table.endpoint(), ...LOCAL_AWS, signer: { sign: unsigned } };
  clients = {
    immortal: createStore('', LETTERS, options).client,
    mortal: createStore('', LETTERS, options).client,
  };
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

/** Each sequence has tables of its own, so that jobs find in them only what is due to it. */
async function withTables<Answer>(use: (stores: Stores) => Promise<Answer>): Promise<Answer> {
  if (clients === null) {
    throw new Error('The clients are there once the suite has begun.');
  }
  const { immortal } = clients;
  const [orderly, disorderly] = [`orderly-${randomUUID()}`, `disorderly-${randomUUID()}`];
  await Promise.all([orderly, disorderly].map((name) => createTable(immortal, name)));
  try {
    return await use({
      orderly: { client: immortal, table: orderly, catalogue: LETTERS },
      disorderly: { client: immortal, table: disorderly, catalogue: LETTERS },
      mortal: { client: clients.mortal, table: disorderly, catalogue: LETTERS },
    });
  } finally {
    mortal.reset();
    await Promise.all(
      [orderly, disorderly].map((TableName) => immortal.send(new DeleteTableCommand({ TableName }))),
    );
  }
}

/** Something that users ask for. In some sequences they do so before Postage has heard of everything. */
async function command(world: World): Promise<void> {
  const { random } = world;
  world.isAlone ||= world.mayBeAlone && random.happens(0.2);
  if (!world.isAlone) {
    await catchUp(world);
    if (random.happens(0.2)) {
      await expectPurchasedCreditsKept(world);
    }
  }
  const next = random.pick([askForMails, spendAndUpgrade, spendAndTakeBack, cancelOne, cancelOne]);
  world.trace.push(`  ${next.name}`);
  await next(world);
}

/** The owner takes back credits that have just been spent. */
async function spendAndTakeBack(world: World): Promise<void> {
  await askForMails(world);
  await refundPurchase(world);
}

/** The larger allowance pays for mails that purchased credits have just paid for. */
async function spendAndUpgrade(world: World): Promise<void> {
  await askForMails(world);
  await askForMails(world);
  await changePlan(world, ENTERPRISE);
}

async function reconcileAndAnswer(world: World): Promise<void> {
  await reconcileLater(world);
  await hear(world);
  await catchUp(world);
  await answerOne(world);
}

function drawAct({ random, mayLoseCustomer }: World): (world: World) => Promise<void> {
  const percent = random.integer(1, 100);
  if (mayLoseCustomer && random.happens(0.1)) {
    return replaceCustomer;
  }
  if (percent <= 56) {
    return actAtStripe;
  }
  if (percent <= 85) {
    return command;
  }
  if (percent <= 92) {
    return buy;
  }
  return percent <= 95 ? rollOver : reconcileAndAnswer;
}

async function act(world: World): Promise<void> {
  const { random, stripe, trace } = world;
  const next = drawAct(world);
  trace.push(`${toIso(stripe.clock.now())} ${next.name}`);
  await next(world);
  await hear(world);
  if (random.happens(0.15)) {
    await hearSome(world, () => actAtStripe(world));
  }
}

async function play(world: World, acts: readonly Draws[], ending: Draws): Promise<void> {
  for (const draws of acts) {
    world.random = randomFrom(draws);
    await act(world);
  }
  world.random = randomFrom(ending);
  await hear(world);
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

/** What some sequence must reach, or the simulation has not tried it. */
const REACHED = [
  'by card: scheduled, charged',
  'by card: cancelled, refunded',
  'by card: failed, not charged',
  'mail: action_required',
  'purchase: taken back',
  'purchased credits spent',
  'lent credits given back',
  'rolled over',
  'customer replaced',
  'died',
  'overtaken',
  'plan: none',
  'plan: pro',
  'plan: enterprise',
  'sequence: alone',
  'withheld',
];

/** What a few of a thousand sequences reach. */
const REACHED_RARELY = ['by card: failed, refunded', 'mail: declined', 'owed'];

describe('subscriptions, purchases and mails paid by card, in any order', () => {
  it(
    `G8: G9: G10: end as in order, and as Stripe says (${String(SEQUENCES.numRuns)} of ${String(SEQUENCES.seed)})`,
    async () => {
      const ends: Ends = new Map();
      const different = new Set<string>();
      const property = fc.asyncProperty(anySequence, async ({ opening, acts, ending }) =>
        withTables(async (stores) => {
          const world = await openWorld(randomFrom(opening), stores, mortal, ends);
          try {
            await play(world, acts, ending);
            different.add(await expectSameEnds(world));
          } catch (error) {
            throw new Error(`This led there:\n${world.trace.join('\n')}`, { cause: error });
          } finally {
            await world.stripe.stop();
          }
        }),
      );
      await fc.assert(property, SEQUENCES);
      if (SEQUENCES.numRuns >= 200) {
        const wanted = SEQUENCES.numRuns >= 5_000 ? [...REACHED, ...REACHED_RARELY] : REACHED;
        expect(wanted.filter((end) => (ends.get(end) ?? 0) === 0)).toEqual([]);
        expect(ends.get('sequence: compared in all')).toBeGreaterThan(SEQUENCES.numRuns / 2);
        expect(different.size).toBeGreaterThan(20);
      }
    },
    SEQUENCES.interruptAfterTimeLimit + 60_000,
  );
});

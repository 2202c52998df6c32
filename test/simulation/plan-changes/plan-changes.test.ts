import '../../support/silent-functions.ts';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Stripe } from 'stripe';
import { type ChangeOutcome } from '../../../lambdas/commands/change-billing.ts';
import { type StripeServices } from '../../../lambdas/commands/stripe-handler.ts';
import { type Account } from '../../../lambdas/domain/account.ts';
import { DAY_MS, HOUR_MS, toIso } from '../../../lambdas/domain/instants.ts';
import { type BillingChange } from '../../../lambdas/domain/change-verdicts.ts';
import { type AskedChange } from '../../../lambdas/domain/plan-changes.ts';
import { rollForward } from '../../../lambdas/domain/roll-forward.ts';
import {
  askFor,
  CANCEL,
  changeTo,
  ENTERPRISE_OFFER,
  KEEP,
  PRO_OFFER,
  PRO_YEARLY_OFFER,
  TAKE_BACK,
} from '../../support/changes.ts';
import { LETTERS } from '../../support/catalogues.ts';
import { ENTERPRISE, PRO, PRO_YEARLY, usePayments } from '../../support/payments.ts';
import { anyDraws, type Draws, type Random, randomFrom } from '../../support/random.ts';
import { sequences } from '../../support/sequences.ts';
import { idOf } from '../../support/stripe.ts';

const suite = usePayments('2026-01-31T09:00:00Z');
const NEEDS_HOLDER = 'pm_card_authenticationRequired';
const ASKED: readonly [AskedChange, ...AskedChange[]] = [
  changeTo(ENTERPRISE_OFFER),
  changeTo(PRO_YEARLY_OFFER),
  changeTo(PRO_OFFER),
  CANCEL,
  KEEP,
  TAKE_BACK,
];
/** Requests that repeat; a key belongs to one change. */
const KEYS = [0, 1, 2, 3, 4, 5] as const;

interface World {
  random: Random;
  userId: string;
  customerId: string;
  subscriptionId: string;
  /** Events that are on their way. */
  events: Stripe.Event[];
  /** What the requests of each key were told for good. */
  answers: Map<string, BillingChange>;
  log: string[];
}

const now = (): number => suite.at().clock.now();

async function begin(random: Random): Promise<World> {
  await suite.restart();
  const { userId, customerId } = await suite.givenCustomer('pm_card_visa');
  const price = random.pick([PRO, ENTERPRISE, PRO_YEARLY]);
  const { stripe, standIn } = suite.at();
  const trial = random.happens(0.15) ? { trial_period_days: random.integer(1, 20) } : {};
  const { id } = await stripe.subscriptions.create({ customer: customerId, items: [{ price }], ...trial });
  await suite.followAll();
  standIn.control.changeCardInPortal(customerId, random.pick(['pm_card_visa', NEEDS_HOLDER, 'pm_card_visa']));
  return { random, userId, customerId, subscriptionId: id, events: [], answers: new Map(), log: [] };
}

/** A function whose requests get lost now and then, before or after their effect. */
function someProcess({ random }: World): StripeServices {
  const failing = random.happens(0.3) ? 0.3 : 0;
  return suite.services((send) => {
    if (random.happens(failing / 2)) {
      return new Response('{}', { status: 500 });
    }
    return random.happens(failing / 2)
      ? send().then(() => {
          throw new TypeError('The connection was cut.');
        })
      : null;
  });
}

/** What the answer is for good; null while the change is under way, or there is no record of it. */
function finalAnswer(outcome: ChangeOutcome): BillingChange | null {
  return outcome.outcome === 'answered' && outcome.record.settledAt !== null ? outcome.record : null;
}

async function ask(world: World): Promise<void> {
  const { random, userId, answers } = world;
  const asked = random.pick(ASKED);
  const key = random.happens(0.5)
    ? `${asked.kind}-${asked.offer?.plan ?? ''}-${random.pick(KEYS)}-${userId}`
    : undefined;
  const options = {
    userId,
    now: now(),
    ...(key === undefined ? {} : { key: `${key}-${asked.offer?.interval ?? ''}` }),
  };
  const outcome = await askFor(someProcess(world), asked, options);
  const answer = finalAnswer(outcome);
  world.log.push(`${JSON.stringify(asked)} ${JSON.stringify(outcome)}`);
  if (options.key !== undefined && answer !== null) {
    expect(answers.get(options.key) ?? answer).toEqual(answer);
    answers.set(options.key, answer);
  }
}

async function answerBank({ customerId, random }: World): Promise<void> {
  const { data } = await suite.stripe().paymentIntents.list({ customer: customerId, limit: 100 });
  const waiting = random.pickAny(data.filter(({ status }) => status === 'requires_action'));
  if (waiting !== null) {
    suite.at().standIn.control.authenticate(waiting.id, random.happens(0.7));
  }
}

async function payOpenInvoice({ customerId, random }: World): Promise<void> {
  const { data } = await suite.stripe().invoices.list({ customer: customerId, status: 'open' });
  const invoice = random.pickAny(data);
  if (invoice !== null) {
    suite.at().standIn.control.payInvoice(invoice.id, 'pm_card_visa');
  }
}

async function followSome(world: World): Promise<void> {
  const { events, random } = world;
  events.push(...suite.newEvents());
  const told = random.happens(0.6) ? events : events.filter(() => random.happens(0.5));
  await suite.follow(random.shuffled(told), someProcess(world));
}

/** What somebody does next. Nothing happens where it is not possible just now. */
async function act(world: World): Promise<void> {
  const { random, customerId } = world;
  const { control } = suite.at().standIn;
  const passes = (ms: number): void => suite.at().moveTo(toIso(now() + ms));
  const cards = ['pm_card_visa', NEEDS_HOLDER, 'pm_card_chargeCustomerFail'] as const;
  const action = random.pick<() => unknown>([
    () => ask(world),
    () => ask(world),
    () => ask(world),
    () => ask(world),
    () => Promise.all([ask(world), ask(world)]),
    () => answerBank(world),
    () => followSome(world),
    () => followSome(world),
    () => control.changeCardInPortal(customerId, random.pick(cards)),
    () => payOpenInvoice(world),
    () => passes(random.integer(1, 120) * 60_000),
    () => passes(random.integer(1, 30) * HOUR_MS),
    () => passes(random.integer(1, 40) * DAY_MS),
  ]);
  try {
    await action();
  } catch (error) {
    if (error instanceof Error && 'matcherResult' in error) {
      throw error;
    }
    world.log.push(String(error));
  }
}

const RANKS: readonly string[] = ['none', 'pro', 'enterprise'];

async function storedAccount({ userId }: World): Promise<Account> {
  return rollForward(await suite.account(userId), now(), LETTERS).account;
}

/** Nobody has a plan of which no invoice was ever paid, and no subscription has two schedules. */
async function check(world: World): Promise<void> {
  const { stripe } = suite.at();
  const account = await storedAccount(world);
  const { data } = await stripe.invoices.list({ customer: world.customerId, status: 'paid', limit: 100 });
  const paid = data.flatMap(({ lines }) => lines.data.filter(({ amount }) => amount >= 0)).map(planOfLine);
  const most = Math.max(0, ...paid.map((plan) => RANKS.indexOf(plan)));
  if (account.subscription.status !== 'trialing') {
    expect(RANKS.indexOf(account.plan)).toBeLessThanOrEqual(most);
  }
  const schedules = await stripe.subscriptionSchedules.list({ customer: world.customerId, limit: 100 });
  expect(schedules.data.filter(({ status }) => status === 'active').length).toBeLessThanOrEqual(1);
}

function planOfLine({ pricing }: Stripe.InvoiceLineItem): string {
  const price = pricing?.price_details?.price;
  return idOf(price ?? '').includes('enterprise') ? 'enterprise' : 'pro';
}

/** Postage hears of everything, and more than an hour later somebody asks for something. */
async function settle(world: World): Promise<void> {
  const { userId } = world;
  const followAll = async (): Promise<void> => {
    for (let rounds = 0; rounds < 3; rounds += 1) {
      expect(await suite.follow([...world.events, ...suite.newEvents()])).toEqual([]);
    }
  };
  await followAll();
  suite.at().moveTo(toIso(now() + 25 * HOUR_MS));
  await followAll();
  await askFor(suite.services(), KEEP, { userId, now: now() });
  await followAll();
}

async function checkEnd(world: World): Promise<void> {
  const account = await storedAccount(world);
  const stored = await suite.account(world.userId);
  expect(stored.openChange).toBeNull();
  const subscription = await suite.stripe().subscriptions.retrieve(world.subscriptionId);
  const price = subscription.items.data[0]?.price.id ?? '';
  if (['trialing', 'active'].includes(subscription.status)) {
    const plan = price === ENTERPRISE ? 'enterprise' : 'pro';
    const endsAt = subscription.cancel_at === null ? null : subscription.cancel_at * 1_000;
    expect(account).toMatchObject({
      plan,
      subscription: { interval: price === PRO_YEARLY ? 'year' : 'month', endsAt },
    });
  }
  if (subscription.status === 'canceled') {
    expect(account.plan).toBe('none');
  }
  // Whatever was told for good is told again (G2).
  for (const [key, answer] of world.answers) {
    const asked = ASKED.find(
      (each) =>
        key.startsWith(`${each.kind}-${each.offer?.plan ?? ''}-`) &&
        key.endsWith(`-${each.offer?.interval ?? ''}`),
    );
    const outcome = await askFor(suite.services(), asked ?? KEEP, { userId: world.userId, now: now(), key });
    expect(finalAnswer(outcome)).toEqual(answer);
    expect(outcome).toMatchObject({ isRepeated: true });
  }
}

const PLAYED = sequences(25, 10_000);

describe('plan changes at random', () => {
  it(
    'G2, G10: agree with Stripe, grant nothing that nobody pays for, and leave nothing open',
    async () => {
      const acts = fc.array(anyDraws(16), { maxLength: 25, size: 'max' });
      await fc.assert(
        fc.asyncProperty(anyDraws(8), acts, async (first: Draws, rest: readonly Draws[]) => {
          const world = await begin(randomFrom(first));
          try {
            for (const draws of rest) {
              await act({ ...world, random: randomFrom(draws) });
              await check(world);
            }
            await settle(world);
            await check(world);
            await checkEnd(world);
          } catch (error) {
            throw new Error(`After:\n${world.log.join('\n')}`, { cause: error });
          }
        }),
        PLAYED,
      );
    },
    PLAYED.interruptAfterTimeLimit + 60_000,
  );
});

/** A user without credits who pays by card, the processes that serve them and may die, and what is left of it all. */
import { expect } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { type DeliveryPayment } from '../../lambdas/letters/commands/follow-intent.ts';
import { type CardPayments } from '../../lambdas/letters/commands/refund-delivery.ts';
import { payDelivery } from '../../lambdas/letters/commands/pay-delivery.ts';
import { paymentOf } from '../../lambdas/letters/domain/delivery-payment.ts';
import { settleCardPayments } from '../../lambdas/letters/commands/settle-delivery.ts';
import { parseDelivery } from '../../lambdas/letters/adapters/delivery-item.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { type Reconciliation, reconcile } from './as-deployed.ts';
import { type CommandContext } from '../../lambdas/commands/command-context.ts';
import { deductMailCredit } from '../../lambdas/letters/commands/schedule-delivery.ts';
import { type Delivery } from '../../lambdas/letters/domain/deliveries.ts';
import { isOpenDelivery } from '../../lambdas/letters/domain/delivery-life.ts';
import { DAY_MS, toIso } from '../../lambdas/domain/instants.ts';
import { active } from './accounts.ts';
import { exception, type Injector } from './faulty-dynamodb.ts';
import { type PaymentsSuite, type StripeGate, usePayments } from './payments.ts';
import { plentyOfTime } from './table.ts';
import {
  ADDRESS,
  expectClosedBooks,
  givenPlan,
  itemsOf,
  request,
  scheduleMail,
  writeLetter,
} from './users.ts';

export interface Payer {
  userId: string;
  customerId: string;
  letterId: string;
}

export interface PayersSuite {
  suite: PaymentsSuite;
  now: () => number;
  /** A request for a mail, with a key of its own if none is given. */
  asking: (payer: Payer, id?: string) => CommandContext;
  /** The states of all intents that the payer has had. */
  intentsOf: (payer: Payer) => Promise<string[]>;
  /** Acts in a process that dies with its n-th request. @returns whether it came to its end before that */
  dieAt: (n: number, act: (payments: CardPayments) => Promise<unknown>) => Promise<boolean>;
}

/** A Stripe that is away. */
export const AWAY: StripeGate = async () => new Response('{}', { status: 500 });

/** A Stripe of its own for each test, and what its payers ask for. */
export function usePayers(): PayersSuite {
  const suite = usePayments('2026-03-10T09:00:00Z');
  const now = (): number => suite.at().clock.now();
  return {
    suite,
    now,
    asking: ({ userId }, id) => request(userId, now(), id === undefined ? {} : { id }),
    intentsOf: async ({ customerId }) => {
      const { data } = await suite.stripe().paymentIntents.list({ customer: customerId, limit: 100 });
      return data.map(({ status }) => status);
    },
    dieAt: async (n, act) => {
      const life = mortal(n);
      suite.proxy().inject(life.injector);
      await act(suite.services(life.gate)).catch(() => null);
      suite.proxy().reset();
      return life.requests() < n;
    },
  };
}

/** A user of Pro with this card and a letter, who has used up their credits the day before. */
export async function givenPayer(suite: PaymentsSuite, card: string | null = 'pm_card_visa'): Promise<Payer> {
  const { userId, customerId } = await suite.givenCustomer(card);
  const store = suite.store();
  const yesterday = suite.at().clock.now() - DAY_MS;
  await givenPlan(store, userId, active({ anchor: toIso(yesterday) }), yesterday - 1);
  const letterId = randomUUID();
  await writeLetter(store, request(userId, yesterday, { id: letterId }));
  for (let credits = 0; credits < 2; credits += 1) {
    expect((await scheduleMail(store, request(userId, yesterday), letterId)).outcome).toBe('created');
  }
  return { userId, customerId, letterId };
}

/**
 * Asks for a mail, to be paid by card if need be, as the route does.
 *
 * @returns as `asked`, what its payment comes to, or why there is none
 */
export async function askForMail(
  payments: CardPayments,
  { letterId }: Payer,
  context: CommandContext,
): Promise<{ asked: string; delivery: Delivery | null; payment: DeliveryPayment | null }> {
  const order = { letterId, deliverAt: context.now + 30 * DAY_MS, recipient: ADDRESS };
  const written = await deductMailCredit(payments.store, context, order, () => payments.stripe.keys());
  if (!('record' in written)) {
    const asked = written.outcome === 'refused' ? written.refusal.refusal : written.outcome;
    return { asked, delivery: null, payment: null };
  }
  const { record } = written;
  if (record.paidWith === 'credit') {
    return { asked: 'paid_with_credit', delivery: record, payment: null };
  }
  const payment = await payDelivery({ ...payments, appUrl: 'https://app.test/' }, context, record);
  return { asked: payment.outcome, delivery: 'delivery' in payment ? payment.delivery : null, payment };
}

/** Deals with all that is due at an instant. */
export async function reconcileAt(
  suite: PaymentsSuite,
  now: number,
  { store, stripe }: CardPayments = suite.services(),
): Promise<Reconciliation> {
  return reconcile(store, now, plentyOfTime(), settleCardPayments({ store, stripe }));
}

/**
 * A process that dies with its n-th request to Stripe or DynamoDB: that one is still carried out, its answer is lost,
 * and nothing follows.
 */
function mortal(n: number): { gate: StripeGate; injector: Injector; requests: () => number } {
  let requests = 0;
  const gate: StripeGate = async (send) => {
    requests += 1;
    if (requests < n) {
      return send();
    }
    if (requests === n) {
      await send();
    }
    return new Response('{}', { status: 500 });
  };
  const injector: Injector = () => {
    requests += 1;
    if (requests < n) {
      return null;
    }
    return requests === n ? { fault: 'lose the answer' } : exception('AccessDeniedException');
  };
  return { gate, injector, requests: () => requests };
}

export async function deliveriesOf(suite: PaymentsSuite, { userId }: Payer): Promise<Delivery[]> {
  const items = [...(await itemsOf(suite.store(), userId)).values()];
  return items
    .filter(({ sk, paidWith }) => String(sk).startsWith('DELIVERY#') && paidWith === 'card')
    .map((item) => parseDelivery(toWire(item)));
}

export async function onlyDelivery(suite: PaymentsSuite, payer: Payer): Promise<Delivery> {
  const [delivery, ...others] = await deliveriesOf(suite, payer);
  expect(others).toEqual([]);
  if (delivery === undefined) {
    throw new Error('There is no delivery.');
  }
  return delivery;
}

/**
 * G9 for all that a user has ordered by card, once it is settled: a delivery that is scheduled has been charged once, at
 * its price and not refunded; any other one has not, or has got it back. Books and letter agree.
 */
export async function expectOneCharge(suite: PaymentsSuite, payer: Payer): Promise<void> {
  const deliveries = await deliveriesOf(suite, payer);
  const { data: charges } = await suite.stripe().charges.list({ customer: payer.customerId, limit: 100 });
  const kept = charges.filter(({ status, refunded }) => status === 'succeeded' && !refunded);
  const paid = deliveries.filter((delivery) => isOpenDelivery(delivery));
  expect(paid.map(({ status }) => status)).toEqual(paid.map(() => 'scheduled'));
  expect(kept.map(({ payment_intent: intent, amount }) => ({ intent, amount })).toSorted(byIntent)).toEqual(
    paid
      .map((delivery) => paymentOf(delivery))
      .map(({ intentId, price }) => ({ intent: intentId, amount: price.amountCents }))
      .toSorted(byIntent),
  );
  for (const delivery of deliveries) {
    expect('refund' in delivery ? delivery.refund : 'none').not.toBe('needed');
  }
  const items = await itemsOf(suite.store(), payer.userId);
  const credits = 2;
  expect(items.get(`LETTER#${payer.letterId}`)?.['openDeliveries']).toHaveProperty(
    'size',
    paid.length + credits,
  );
  await expectClosedBooks(suite.store(), payer.userId, suite.at().clock.now());
}

function byIntent(one: { intent: unknown }, other: { intent: unknown }): number {
  return String(one.intent) < String(other.intent) ? -1 : 1;
}

/** Points about changes that hold at once, and what becomes of those that nobody pays. */
import { idOf } from '../lambdas/adapters/stripe/connection.ts';
import { voidPending } from '../lambdas/adapters/stripe/changeable.ts';
import { changePriceInTrial, upgradeAtOnce } from '../lambdas/adapters/stripe/plan-changes.ts';
import { SkippedError, type TryAccount } from './stripe-try-account.ts';
import { answerOf, type Facts, type Point, stateOf } from './stripe-try-points.ts';

const APPLIED = 'customer.subscription.pending_update_applied';
const EXPIRED = 'customer.subscription.pending_update_expired';
const HOUR = 3_600;
const DAY = 24 * HOUR;
const DECLINES = 'pm_card_chargeCustomerFail';
const ASKS = 'pm_card_authenticationRequired';

/** Subscribes to the small price, and upgrades as Postage does, when the customer has another card. */
async function upgrade(
  account: TryAccount,
  card: string | null,
  clock?: Awaited<ReturnType<TryAccount['clock']>>,
): Promise<{ id: string; customer: string; invoice: string }> {
  const { large } = await account.prices();
  const made = await account.subscribe('small', clock === undefined ? {} : { clock });
  if (card !== null) {
    await account.giveCard(made.customer, card);
  }
  const found = await account.find(made.id);
  await upgradeAtOnce(account.connection, found, large.id, account.request(`upgrade:${made.id}`));
  return { ...made, invoice: await latestInvoice(account, made.id) };
}

/** Stripe's clock, which need not be ours. */
async function timeOf(account: TryAccount): Promise<number> {
  const { small } = await account.prices();
  return small.created;
}

async function latestInvoice({ stripe }: TryAccount, subscription: string): Promise<string> {
  return idOf((await stripe.subscriptions.retrieve(subscription)).latest_invoice) ?? '';
}

async function invoiceStatus({ stripe }: TryAccount, invoice: string): Promise<string> {
  return (await stripe.invoices.retrieve(invoice)).status ?? 'none';
}

const paidAtOnce: Point = {
  name: 'An upgrade that is paid at once',
  expects: { price: 'large', status: 'active', pending: 'none', period: 'a new one' },
  finding: 'A paid upgrade holds at once, with a period that begins now.',
  run: async (account) => {
    const { large } = await account.prices();
    const clock = await timeOf(account);
    const { id } = await account.subscribe('small', { billing_cycle_anchor: clock + 10 * DAY });
    const before = await account.find(id);
    await upgradeAtOnce(account.connection, before, large.id, account.request(`upgrade:${id}`));
    const { item } = await account.find(id);
    const isNew = item.current_period_end > before.item.current_period_end;
    return { ...(await stateOf(account, id)), period: isNew ? 'a new one' : 'the former one' };
  },
};

const declined: Point = {
  name: 'An upgrade with a card that declines, pending_if_incomplete',
  expects: { price: 'small', status: 'active', pending: 'shown', invoice: 'open' },
  finding: 'Stripe keeps the old price, and shows the pending update with its open invoice as the latest.',
  run: async (account) => {
    const { id, invoice } = await upgrade(account, DECLINES);
    return { ...(await stateOf(account, id)), invoice: await invoiceStatus(account, invoice) };
  },
};

const applied: Point = {
  name: 'The same without pending_if_incomplete, as Stripe does by default',
  expects: { price: 'large', status: 'past_due', pending: 'none' },
  finding: 'Without pending_if_incomplete the larger plan holds though nobody has paid it.',
  run: async (account) => {
    const { large } = await account.prices();
    const { id, customer } = await account.subscribe('small');
    await account.giveCard(customer, DECLINES);
    const { item } = await account.find(id);
    await account.stripe.subscriptions.update(id, {
      items: [{ id: item.id, price: large.id }],
      billing_cycle_anchor: { type: 'now' },
      proration_behavior: 'always_invoice',
    });
    return stateOf(account, id);
  },
};

const asksHolder: Point = {
  name: 'An upgrade with a card whose bank asks for its holder',
  expects: { price: 'small', pending: 'shown', payment: 'needs_holder', secret: 'there' },
  finding: 'The upgrade waits for the holder, and its invoice has the client secret for them.',
  run: async (account) => {
    const { id } = await upgrade(account, ASKS);
    const { pending } = (await account.find(id)).facts;
    const { price, pending: shown } = await stateOf(account, id);
    const secret = pending?.clientSecret ?? null;
    return {
      price,
      pending: shown,
      payment: pending?.payment ?? 'none',
      secret: secret === null ? 'none' : 'there',
    };
  },
};

const paidLater: Point = {
  name: 'A pending upgrade whose invoice is paid later',
  expects: { price: 'large', status: 'active', pending: 'none', event: APPLIED },
  finding: 'The payment applies the pending update, and an event tells so.',
  run: async (account) => {
    const { id, customer, invoice } = await upgrade(account, DECLINES);
    await account.stripe.invoices.pay(invoice, {
      payment_method: await account.giveCard(customer, 'pm_card_visa'),
    });
    return { ...(await stateOf(account, id)), event: await account.eventsOf(id, [APPLIED]) };
  },
};

const voided: Point = {
  name: 'A pending upgrade whose invoice Postage voids',
  expects: { price: 'small', status: 'active', pending: 'none', invoice: 'void' },
  finding:
    'Voiding its invoice takes a pending update back. Postage goes on with or without an event of the update.',
  run: async (account) => {
    const { id, invoice } = await upgrade(account, DECLINES);
    const { pending } = (await account.find(id)).facts;
    if (pending !== null) {
      await voidPending(account.connection, pending, account.deadline);
    }
    await account.eventsOf(invoice, ['invoice.voided']);
    const latest = await latestInvoice(account, id);
    return {
      ...(await stateOf(account, id)),
      invoice: await invoiceStatus(account, invoice),
      latest: latest === invoice ? 'the voided one' : 'another one',
      event: await account.eventsOf(id, [EXPIRED], 0),
    };
  },
};

const expired: Point = {
  name: 'A pending upgrade that nobody pays for a day',
  expects: { price: 'small', status: 'active', pending: 'none', invoice: 'void', event: EXPIRED },
  finding: 'After 23 hours Stripe drops the update and voids its invoice, and an event tells so.',
  run: async (account) => {
    const clock = await account.clock();
    const { id, invoice } = await upgrade(account, DECLINES, clock);
    const { pending_update: update } = await account.stripe.subscriptions.retrieve(id);
    await account.advance(clock, (update?.expires_at ?? clock.frozen_time + DAY) + HOUR);
    return {
      ...(await stateOf(account, id)),
      invoice: await invoiceStatus(account, invoice),
      event: await account.eventsOf(id, [EXPIRED]),
    };
  },
};

const inTrial: Point = {
  name: 'Another price in a trial, as Postage asks for it',
  expects: { price: 'large', status: 'trialing', trial: 'as before' },
  finding: 'The trial goes on to the same end, and nothing is due.',
  run: async (account) => {
    const { large } = await account.prices();
    const { id } = await account.subscribe('small', { trial_period_days: 7 });
    const found = await account.find(id);
    await changePriceInTrial(account.connection, found, large.id, account.request(`trial:${id}`));
    const { trial_end: end } = await account.stripe.subscriptions.retrieve(id);
    const { price, status } = await stateOf(account, id);
    return { price, status, trial: end === found.subscription.trial_end ? 'as before' : 'moved' };
  },
};

const anchorInTrial: Point = {
  name: 'An anchor that is moved to now in a trial',
  expects: { outcome: ['the trial ends', 'refused'] },
  finding:
    'Postage never moves the anchor of a trial, so either is well. The stand-in’s setting anchorInTrial can play both.',
  run: async (account) => {
    const { id } = await account.subscribe('small', { trial_period_days: 7 });
    const { answer } = await answerOf(
      account.stripe.subscriptions.update(id, {
        billing_cycle_anchor: { type: 'now' },
        proration_behavior: 'none',
      }),
    );
    const { status } = await stateOf(account, id);
    return {
      outcome: answer !== '200' ? 'refused' : status === 'trialing' ? 'the trial goes on' : 'the trial ends',
    };
  },
};

const freeOrder: Point = {
  name: 'What a Checkout says about its payment when a code makes it free',
  expects: {},
  finding: '',
  run: (): Promise<Facts> =>
    Promise.reject(
      new SkippedError(
        'only somebody at the page can end a Checkout. Postage takes no_payment_required and paid',
      ),
    ),
};

const keptError: Point = {
  name: 'A 500 that stays under its idempotency key',
  expects: {},
  finding: '',
  run: (): Promise<Facts> => Promise.reject(new SkippedError('nobody can make Stripe fail')),
};

export const UPDATE_POINTS: readonly Point[] = [
  paidAtOnce,
  declined,
  applied,
  asksHolder,
  paidLater,
  voided,
  expired,
  inTrial,
  anchorInTrial,
];

export const UNTRIED_POINTS: readonly Point[] = [freeOrder, keptError];

/** Points about the Portal, cards, customers and keys. */
import { Stripe } from 'stripe';
import { SkippedError, type TryAccount } from './stripe-try-account.ts';
import { answerOf, type Facts, type Point } from './stripe-try-points.ts';

const CENTS = 150;
const ASKS = 'pm_card_authenticationRequired';

const portal: Point = {
  name: 'The Portal with two active monthly prices of one product',
  expects: { answer: '400' },
  finding: 'The Portal takes one price of each interval of a product, as the daily check tells.',
  run: async (account) => {
    const { small, twin } = await account.prices();
    const product = typeof small.product === 'string' ? small.product : small.product.id;
    const { answer, code, param } = await answerOf(
      account.stripe.billingPortal.configurations
        .create({
          metadata: account.metadata,
          features: {
            subscription_update: {
              enabled: true,
              default_allowed_updates: ['price'],
              products: [{ product, prices: [small.id, twin.id] }],
            },
          },
        })
        .then(({ id }) => {
          account.onEnd(id, () => account.stripe.billingPortal.configurations.update(id, { active: false }));
        }),
    );
    return { answer, code, param };
  },
};

/** The intent of a mail that a card pays. */
async function makeIntent(
  account: TryAccount,
  customer: string,
  types: Stripe.PaymentIntentCreateParams['allowed_payment_method_types'],
): Promise<string> {
  const { id } = await account.stripe.paymentIntents.create({
    amount: CENTS,
    currency: 'usd',
    customer,
    metadata: account.metadata,
    ...(types === undefined ? {} : { allowed_payment_method_types: types }),
  });
  account.onEnd(id, () => account.stripe.paymentIntents.cancel(id));
  return id;
}

const otherMethod: Point = {
  name: 'A mail paid with a method that its intent does not allow',
  expects: { answer: '400', status: 'requires_payment_method' },
  finding:
    'Stripe refuses the method and leaves the intent open. Postage takes each 400 here as being about the method.',
  run: async (account) => {
    const intent = await makeIntent(account, await account.customer(), ['card']);
    const { answer, code, param } = await answerOf(
      account.stripe.paymentIntents.confirm(intent, { payment_method: 'pm_usBankAccount_success' }),
    );
    const { status } = await account.stripe.paymentIntents.retrieve(intent);
    return { answer, code, param, status };
  },
};

async function confirm(account: TryAccount, params: Stripe.PaymentIntentConfirmParams): Promise<Facts> {
  const customer = await account.customer();
  const card = await account.giveCard(customer, ASKS);
  const id = await makeIntent(account, customer, ['card']);
  const asked = account.stripe.paymentIntents.confirm(id, { payment_method: card, ...params });
  const { answer, code } = await answerOf(asked);
  const intent = await account.stripe.paymentIntents.retrieve(id);
  return {
    answer,
    code,
    status: intent.status,
    method: intent.payment_method === null ? 'none' : 'kept',
    next: intent.next_action?.type ?? 'none',
  };
}

const onSession: Point = {
  name: 'A card whose bank asks for its holder, on session',
  expects: { answer: '200', status: 'requires_action', method: 'kept', next: 'use_stripe_sdk' },
  finding: 'The intent keeps the card, and handleNextAction needs its client secret alone.',
  run: (account) => confirm(account, { use_stripe_sdk: true, return_url: 'https://example.com/' }),
};

const offSession: Point = {
  name: 'The same card, off session',
  expects: {
    answer: '402',
    code: 'authentication_required',
    status: 'requires_payment_method',
    method: 'none',
    next: 'none',
  },
  finding: 'Off session the card is declined and taken off the intent, so Postage confirms on session.',
  run: (account) => confirm(account, { off_session: true }),
};

const deletedCustomer: Point = {
  name: 'The subscriptions of a customer who was deleted',
  expects: { subscriptions: ['canceled', 'none', 'refused'], customer: 'deleted' },
  finding:
    'Stripe remembers that the customer was deleted. Postage takes either answer about the subscriptions.',
  run: async (account) => {
    const { customer } = await account.subscribe('small');
    await account.stripe.customers.del(customer);
    let subscriptions = 'none';
    const { answer, code } = await answerOf(
      account.stripe.subscriptions.list({ customer, status: 'all' }).then(({ data }) => {
        subscriptions = data[0]?.status ?? 'none';
      }),
    );
    const found = await account.stripe.customers.retrieve(customer);
    return {
      subscriptions: answer === '200' ? subscriptions : 'refused',
      code,
      customer: found.deleted === true ? 'deleted' : 'there',
    };
  },
};

type Ask = (stripe: Stripe) => Promise<unknown>;

const ONE = { limit: 1 };
/** What the restricted key of docs/stripe.md must be able to read. Writing is not tried: it would need objects. */
const RIGHTS: Readonly<Record<string, Ask>> = {
  Customers: (stripe) => stripe.customers.list(ONE),
  'Checkout Sessions': (stripe) => stripe.checkout.sessions.list(ONE),
  Subscriptions: (stripe) => stripe.subscriptions.list(ONE),
  'Subscription Schedules': (stripe) => stripe.subscriptionSchedules.list(ONE),
  Invoices: (stripe) => stripe.invoices.list(ONE),
  'Customer portal': (stripe) => stripe.billingPortal.configurations.list(ONE),
  PaymentIntents: (stripe) => stripe.paymentIntents.list(ONE),
  Charges: (stripe) => stripe.charges.list(ONE),
  Refunds: (stripe) => stripe.refunds.list(ONE),
  Prices: (stripe) => stripe.prices.list(ONE),
  Products: (stripe) => stripe.products.list(ONE),
  // Nobody has it: a key that may ask is told so.
  'Payment Methods': (stripe) => stripe.paymentMethods.retrieve('pm_none'),
  Disputes: (stripe) => stripe.disputes.list(ONE),
  'Webhook Endpoints': (stripe) => stripe.webhookEndpoints.list(ONE),
};

const restrictedKey: Point = {
  name: 'The restricted key of STRIPE_RESTRICTED_KEY',
  expects: { 'may not read': 'none' },
  finding: 'It reads all that docs/stripe.md names.',
  run: async ({ options: { restricted } }) => {
    if (restricted === null) {
      throw new SkippedError(
        'STRIPE_RESTRICTED_KEY is not set: rk_test_… with the rights that docs/stripe.md names',
      );
    }
    const missing: string[] = [];
    for (const [name, ask] of Object.entries(RIGHTS)) {
      if (!(await isAllowed(ask(restricted)))) {
        missing.push(name);
      }
    }
    return { 'may not read': missing.join(', ') || 'none' };
  },
};

async function isAllowed(asking: Promise<unknown>): Promise<boolean> {
  try {
    await answerOf(asking);
    return true;
  } catch (error) {
    if (error instanceof Stripe.errors.StripePermissionError) {
      return false;
    }
    throw error;
  }
}

export const PORTAL_POINTS: readonly Point[] = [portal];
export const PAYMENT_POINTS: readonly Point[] = [
  otherMethod,
  onSession,
  offSession,
  deletedCustomer,
  restrictedKey,
];

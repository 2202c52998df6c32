import { withCustomer } from '../commands/with-customer.ts';
import { readAccount } from '../commands/read-account.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { checkOutSubscription } from '../adapters/stripe/checkout.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { NotConfiguredError, StripeMissingError } from '../adapters/stripe/errors.ts';
import { createPortal } from '../adapters/stripe/portal.ts';
import { parsePriceList } from '../adapters/stripe/prices.ts';
import { listSubscriptions } from '../adapters/stripe/subscriptions.ts';
import { isLive } from '../domain/account.ts';
import { NEVER_BEGAN } from '../domain/live-subscription.ts';
import { PLANS } from '../domain/plans.ts';
import { requiredVariable, optionalVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/billing.ts';
import { httpHandler } from '../http/handler.ts';
import { operation, type RequestOf } from '../http/operation.ts';
import { alreadySubscribed, invalid, noCustomer } from '../http/problems.ts';

const store = createStore(requiredVariable('table'));
const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const prices = parsePriceList(requiredVariable('stripePrices'));
const trialDays = Number(requiredVariable('trialDays'));
const appUrl = requiredVariable('appUrl');
const portal = createPortal(stripe, prices, requiredVariable('stage'));

type CheckoutRequest = RequestOf<typeof contracts.createCheckoutSession>;

/** A customer whom Stripe does not know is replaced when the page is begun. */
const NO_SUBSCRIPTIONS = { subscriptions: [] };

/** What Stripe calls a subscription that somebody pays for, or is to pay for: a second one would be paid beside it. */
const SUBSCRIBED: readonly string[] = ['trialing', 'active', 'past_due'];

const checkout = operation(contracts.createCheckoutSession, async (request) => {
  const { userId, now, deadline, body } = request;
  if (PLANS[body.plan].prices[body.interval] === undefined) {
    const message = `The plan ${body.plan} is not sold by the ${body.interval}.`;
    return invalid([{ path: 'interval', message }]);
  }
  const priceId = prices.priceOf(body);
  if (priceId === null) {
    throw new NotConfiguredError(`No price is configured for ${body.plan} by the ${body.interval}.`);
  }
  const { account } = await readAccount(store, userId, now, deadline);
  if (isLive(account.subscription)) {
    return alreadySubscribed();
  }
  const url = await withCustomer({ store, stripe }, account, now, deadline, (customerId) =>
    beginCheckout(request, customerId, priceId),
  );
  return url === null ? alreadySubscribed() : { status: 200, body: { url } };
});

/** @returns null for a customer who subscribes already, whether or not Stripe's event has come */
async function beginCheckout(
  request: CheckoutRequest,
  customerId: string,
  priceId: string,
): Promise<string | null> {
  const { userId, deadline } = request;
  const { subscriptions } =
    (await listSubscriptions(stripe, customerId, prices, deadline)) ?? NO_SUBSCRIPTIONS;
  if (subscriptions.some(({ status }) => SUBSCRIBED.includes(status))) {
    return null;
  }
  const isFirst = subscriptions.every(({ status }) => NEVER_BEGAN.includes(status));
  return checkOutSubscription(
    stripe,
    {
      userId,
      customerId,
      priceId,
      trialDays: isFirst ? trialDays : 0,
      appUrl,
      requestId: request.idempotencyKey === null ? null : request.id,
    },
    deadline,
  );
}

const openPortal = operation(contracts.createPortalSession, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  if (account.customerId === null) {
    return noCustomer();
  }
  try {
    return { status: 200, body: { url: await portal.open(account.customerId, appUrl, deadline) } };
  } catch (error) {
    if (error instanceof StripeMissingError && error.param === 'customer') {
      return noCustomer();
    }
    throw error;
  }
});

export const handler = httpHandler([checkout, openPortal]);

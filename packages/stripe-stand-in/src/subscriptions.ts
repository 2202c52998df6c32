import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { DAY } from './calendar.ts';
import { ownMethod } from './customers.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { clearable, created, flag, integer, metadata, paging, paramsOf, text, timestamp } from './params.ts';
import { requireSupportedParams } from './pending-updates.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { copyMethod } from './schedule-object.ts';
import { refId } from './state.ts';
import { endSubscription } from './subscription-end.ts';
import { isOver, itemOf } from './subscription-object.ts';
import { startSubscription } from './subscription-start.ts';
import { changeBilling, resumeSubscription } from './subscription-update.ts';
import { schedulingOf } from './subscription-schedule.ts';
import { termParams, termsAsked } from './subscription-terms.ts';
import { mergeMetadata, present } from './values.ts';

const paymentBehavior = z.enum(['allow_incomplete', 'default_incomplete', 'error_if_incomplete']);
const updateBehavior = z.enum([...paymentBehavior.options, 'pending_if_incomplete']);
export const proration = z.enum(['create_prorations', 'always_invoice', 'none']);
const trialSettings = z.strictObject({
  end_behavior: z.strictObject({
    missing_payment_method: z.optional(z.enum(['cancel', 'create_invoice', 'pause'])),
  }),
});
export const cancelAt = z.union([z.enum(['min_period_end', 'max_period_end']), timestamp]);
const collectionMethod = z.enum(['charge_automatically', 'send_invoice']);
const newItem = z.strictObject({ price: text, quantity: z.optional(integer) });
const paymentSettings = z.strictObject({
  save_default_payment_method: z.optional(z.enum(['off', 'on_subscription'])),
});
export const anchorChange = z.strictObject({ type: z.enum(['now', 'unchanged']) });
const cancellationDetails = z.strictObject({
  comment: z.optional(clearable(text)),
  feedback: z.optional(clearable(text)),
});

const createParams = paramsOf<Stripe.SubscriptionCreateParams>()({
  customer: text,
  items: z.array(newItem).length(1, 'the stand-in knows subscriptions with one item'),
  ...termParams,
  billing_cycle_anchor: z.optional(timestamp),
  billing_mode: z.optional(z.strictObject({ type: z.enum(['classic', 'flexible']) })),
  cancel_at: z.optional(cancelAt),
  cancel_at_period_end: z.optional(flag),
  collection_method: z.optional(collectionMethod),
  days_until_due: z.optional(integer),
  default_payment_method: z.optional(text),
  description: z.optional(text),
  metadata: z.optional(metadata),
  off_session: z.optional(flag),
  payment_behavior: z.optional(paymentBehavior),
  payment_settings: z.optional(paymentSettings),
  proration_behavior: z.optional(proration),
  trial_end: z.optional(z.union([z.literal('now'), timestamp])),
  trial_period_days: z.optional(integer),
  trial_settings: z.optional(trialSettings),
});

function create(sandbox: Sandbox, asked: z.infer<typeof createParams>): Stripe.Subscription {
  const customer = sandbox.customer(asked.customer);
  const [item] = asked.items;
  const price = recurringPrice(sandbox, item?.price ?? '', 'items[0][price]');
  const scheduling = schedulingOf(sandbox, asked);
  const terms = termsAsked(sandbox, asked);
  const days = asked.trial_period_days ?? 0;
  if (days > 0 && asked.trial_end !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: trial_end, trial_period_days.', {
      param: 'trial_end',
      code: 'parameters_exclusive',
    });
  }
  const trialEnd = days > 0 ? sandbox.now() + days * DAY : asked.trial_end;
  const subscription = startSubscription(sandbox, {
    customer,
    price,
    quantity: item?.quantity ?? 1,
    metadata: mergeMetadata({}, asked.metadata),
    description: asked.description ?? null,
    trialEnd: typeof trialEnd === 'number' ? trialEnd : null,
    anchor: asked.billing_cycle_anchor ?? null,
    prorates: asked.proration_behavior !== 'none',
    defaultMethod:
      asked.default_payment_method === undefined
        ? null
        : ownMethod(sandbox, customer, asked.default_payment_method),
    missingPaymentMethod: asked.trial_settings?.end_behavior.missing_payment_method ?? 'create_invoice',
    billingMode: asked.billing_mode?.type ?? 'flexible',
    daysUntilDue: daysUntilDue(asked, 'charge_automatically'),
    savesMethod: asked.payment_settings?.save_default_payment_method === 'on_subscription',
    paymentBehavior: asked.payment_behavior ?? 'allow_incomplete',
    presence: 'billing',
  });
  sandbox.assign(subscription, { ...scheduling(subscription), ...terms(subscription) });
  return subscription;
}

// Source: https://docs.stripe.com/api/subscriptions/object#subscription_object-days_until_due
/** @throws ApiError for invoices without the days until they are due, and for days where nothing is sent */
function daysUntilDue(
  asked: { collection_method?: string | undefined; days_until_due?: number | undefined },
  before: string,
): number | null {
  const isSent = (asked.collection_method ?? before) === 'send_invoice';
  if (isSent !== (asked.days_until_due !== undefined)) {
    throw invalidRequest(
      isSent
        ? 'You must pass `days_until_due` when `collection_method` is set to `send_invoice`.'
        : 'You can only pass `days_until_due` when `collection_method` is set to `send_invoice`.',
      { param: 'days_until_due' },
    );
  }
  return asked.days_until_due ?? null;
}

export function recurringPrice(sandbox: Sandbox, id: string, param: string): Stripe.Price {
  const price = sandbox.get('price', id, param);
  if (price.recurring === null) {
    throw invalidRequest(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
      { param },
    );
  }
  if (!price.active) {
    throw invalidRequest(`The price specified is inactive. This field only accepts active prices.`, {
      param,
    });
  }
  return price;
}

export const changedItems = z
  .array(z.strictObject({ id: z.optional(text), price: z.optional(text), quantity: z.optional(integer) }))
  .length(1, 'the stand-in knows subscriptions with one item');

const updateParams = paramsOf<Stripe.SubscriptionUpdateParams>()({
  items: z.optional(changedItems),
  ...termParams,
  billing_cycle_anchor: z.optional(anchorChange),
  cancel_at: z.optional(clearable(cancelAt)),
  cancel_at_period_end: z.optional(flag),
  cancellation_details: z.optional(cancellationDetails),
  collection_method: z.optional(collectionMethod),
  days_until_due: z.optional(integer),
  default_payment_method: z.optional(clearable(text)),
  description: z.optional(clearable(text)),
  metadata: z.optional(metadata),
  off_session: z.optional(flag),
  pause_collection: z.optional(
    clearable(
      z.strictObject({
        behavior: z.enum(['keep_as_draft', 'mark_uncollectible', 'void']),
        resumes_at: z.optional(timestamp),
      }),
    ),
  ),
  payment_behavior: z.optional(updateBehavior),
  proration_behavior: z.optional(proration),
  trial_end: z.optional(z.union([z.literal('now'), timestamp])),
  trial_settings: z.optional(trialSettings),
});

function updateSubscription(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  asked: z.infer<typeof updateParams>,
): Stripe.Subscription {
  requireUpdatable(subscription, asked);
  requireUnmanaged(subscription, asked);
  const isPending = asked.payment_behavior === 'pending_if_incomplete';
  if (isPending) {
    requireSupportedParams(sandbox, asked);
  }
  requireAnchor(sandbox, subscription, asked);
  changeBilling(
    sandbox,
    subscription,
    {
      ...itemAsked(sandbox, subscription, asked.items),
      movesAnchor: asked.billing_cycle_anchor?.type === 'now',
      trialEnd: asked.trial_end === 'now' ? sandbox.now() : (asked.trial_end ?? null),
      proration: asked.proration_behavior ?? 'create_prorations',
      paymentBehavior: asked.payment_behavior ?? 'allow_incomplete',
      heldMetadata: asked.metadata,
    },
    isPending ? {} : plainChanges(sandbox, subscription, asked),
  );
  copyMethod(sandbox, subscription, asked.default_payment_method);
  return subscription;
}

/** The price and the quantity that an update asks for, or those that are there. */
export function itemAsked(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  items: z.infer<typeof changedItems> | undefined,
): { price: Stripe.Price; quantity: number } {
  const [asked] = items ?? [];
  const item = itemOf(subscription);
  if (asked !== undefined && asked.id !== item.id) {
    const message =
      asked.id === undefined
        ? 'Without the id of the existing item Stripe would add a second one; the stand-in knows subscriptions with one item.'
        : `No such subscription item: '${asked.id}'`;
    throw invalidRequest(message, { param: 'items[0][id]', code: 'resource_missing' });
  }
  const price =
    asked?.price === undefined ? item.price : recurringPrice(sandbox, asked.price, 'items[0][price]');
  return { price, quantity: asked?.quantity ?? item.quantity ?? 1 };
}

// Source: https://docs.stripe.com/api/subscriptions
// Source: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
function requireUpdatable(subscription: Stripe.Subscription, asked: z.infer<typeof updateParams>): void {
  const allowed = ['metadata', 'cancellation_details'];
  if (isOver(subscription) && Object.keys(asked).some((name) => !allowed.includes(name))) {
    throw invalidRequest('A canceled subscription can only update its cancellation_details and metadata.', {
      code: 'invalid_canceled_subscription_fields',
    });
  }
  if (
    subscription.status === 'incomplete' &&
    (asked.items ?? asked.trial_end ?? asked.billing_cycle_anchor)
  ) {
    throw invalidRequest(
      "You can't update the billing of a subscription in `incomplete` status. Only metadata and the payment method can be updated.",
    );
  }
}

/** The words are Stripe's, as many projects quote them. */
function requireUnmanaged(subscription: Stripe.Subscription, asked: z.infer<typeof updateParams>): void {
  const schedule = refId(subscription.schedule);
  if (schedule !== null && (asked.cancel_at !== undefined || asked.cancel_at_period_end !== undefined)) {
    throw invalidRequest(
      `The subscription is managed by the subscription schedule \`${schedule}\`, and updating any cancelation behavior directly is not allowed. Please update the schedule instead.`,
    );
  }
}

function requireAnchor(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  asked: z.infer<typeof updateParams>,
): void {
  const isMoved = asked.billing_cycle_anchor?.type === 'now' && subscription.status === 'trialing';
  if (isMoved && sandbox.settings.anchorInTrial === 'refused') {
    throw invalidRequest('The billing cycle anchor of a subscription in a trial is the end of the trial.', {
      param: 'billing_cycle_anchor',
    });
  }
}

function plainChanges(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  asked: z.infer<typeof updateParams>,
): Partial<Stripe.Subscription> {
  const changes: Partial<Stripe.Subscription> = {
    ...schedulingOf(sandbox, asked)(subscription),
    ...termsAsked(sandbox, asked)(subscription),
    ...present({ description: asked.description }),
    metadata: mergeMetadata(subscription.metadata, asked.metadata),
  };
  const { default_payment_method: methodId, pause_collection: pause } = asked;
  if (methodId !== undefined) {
    const customer = sandbox.customer(refId(subscription.customer));
    changes.default_payment_method = methodId === null ? null : ownMethod(sandbox, customer, methodId);
  }
  if (pause !== undefined) {
    changes.pause_collection =
      pause === null ? null : { behavior: pause.behavior, resumes_at: pause.resumes_at ?? null };
  }
  if (asked.collection_method !== undefined || asked.days_until_due !== undefined) {
    const days = daysUntilDue(asked, subscription.collection_method);
    changes.days_until_due = days;
    changes.collection_method = days === null ? 'charge_automatically' : 'send_invoice';
  }
  const missing = asked.trial_settings?.end_behavior.missing_payment_method;
  if (missing !== undefined) {
    changes.trial_settings = {
      end_behavior: { billing_cycle_anchor: null, missing_payment_method: missing },
    };
  }
  const details = asked.cancellation_details;
  if (details !== undefined) {
    const before = changes.cancellation_details ?? subscription.cancellation_details;
    changes.cancellation_details = {
      comment: before?.comment ?? null,
      feedback: before?.feedback ?? null,
      feedback_option: null,
      reason: before?.reason ?? null,
      ...present(details),
    };
  }
  return changes;
}

export const subscriptionRoutes: Route[] = [
  route({ method: 'POST', path: '/v1/subscriptions', params: createParams, answer: create }),
  route({
    method: 'GET',
    path: '/v1/subscriptions',
    params: paramsOf<Stripe.SubscriptionListParams>()({
      ...paging,
      ...created,
      customer: z.optional(text),
      price: z.optional(text),
      status: z.optional(
        z.enum([
          'active',
          'all',
          'canceled',
          'ended',
          'incomplete',
          'incomplete_expired',
          'past_due',
          'paused',
          'trialing',
          'unpaid',
        ]),
      ),
    }),
    answer: (sandbox, { customer, price, status, created: range, ...page }) => {
      // Guess: the subscriptions of a deleted customer can still be listed by the customer.
      if (customer !== undefined) {
        sandbox.get('customer', customer, 'customer');
      }
      const subscriptions = sandbox
        .all('subscription')
        .filter(
          (subscription) =>
            (customer === undefined || refId(subscription.customer) === customer) &&
            (price === undefined || itemOf(subscription).price.id === price) &&
            hasStatus(subscription, status) &&
            isCreatedIn(subscription, range),
        );
      return pageOf(subscriptions, '/v1/subscriptions', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/subscriptions/{id}',
    params: z.strictObject({}),
    answer: (sandbox, _params, { id }) => sandbox.get('subscription', id),
  }),
  route({
    method: 'POST',
    path: '/v1/subscriptions/{id}',
    params: updateParams,
    answer: (sandbox, asked, { id }) => updateSubscription(sandbox, sandbox.get('subscription', id), asked),
  }),
  route({
    method: 'DELETE',
    path: '/v1/subscriptions/{id}',
    params: paramsOf<Stripe.SubscriptionCancelParams>()({
      cancellation_details: z.optional(cancellationDetails),
      invoice_now: z.optional(z.literal('false')),
      prorate: z.optional(z.literal('false')),
    }),
    answer: (sandbox, _params, { id }) => {
      const subscription = sandbox.get('subscription', id);
      // Guess: a subscription that is over is missing to whoever cancels it again.
      if (isOver(subscription)) {
        throw invalidRequest(`No such subscription: '${id}'`, { code: 'resource_missing', param: 'id' });
      }
      endSubscription(sandbox, subscription, 'cancellation_requested');
      return subscription;
    },
  }),
  route({
    method: 'POST',
    path: '/v1/subscriptions/{id}/resume',
    params: paramsOf<Stripe.SubscriptionResumeParams>()({
      billing_cycle_anchor: z.optional(anchorChange),
      proration_behavior: z.optional(proration),
    }),
    answer: (sandbox, { billing_cycle_anchor: anchor }, { id }) =>
      resumeSubscription(sandbox, sandbox.get('subscription', id), anchor?.type !== 'unchanged'),
  }),
];

// Source: https://docs.stripe.com/api/subscriptions
/** Without a status the list leaves out what was canceled. */
function hasStatus(subscription: Stripe.Subscription, status: string | undefined): boolean {
  switch (status) {
    case 'all':
      return true;
    case undefined:
      return subscription.status !== 'canceled';
    case 'ended':
      return isOver(subscription);
    default:
      return subscription.status === status;
  }
}

import { type Stripe } from 'stripe';
import { z } from 'zod';
import { invalidRequest } from './api-error.ts';
import { METHOD_TYPES } from './cards.ts';
import { DESCRIPTOR_PREFIX } from './charges.ts';
import { isCreatedIn, pageOf } from './lists.ts';
import { clearable, created, currency, flag, integer, metadata, paging, paramsOf, text } from './params.ts';
import { findMethod } from './payment-methods.ts';
import {
  attemptPayment,
  authenticate,
  cancelIntent,
  createIntent,
  MINIMUM_CENTS,
  unexpectedState,
} from './payments.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { mergeMetadata, present } from './values.ts';

// Source: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts
const MAXIMUM_CENTS = 99_999_999;

const offSession = z.union([z.enum(['one_off', 'recurring']).transform(() => true), flag]);
const usage = z.enum(['off_session', 'on_session']);
const methodTypes = z.array(z.enum(METHOD_TYPES)).min(1);
const automatic = z.strictObject({ enabled: flag, allow_redirects: z.optional(z.enum(['always', 'never'])) });

// Source: https://docs.stripe.com/get-started/account/statement-descriptors
/** Prefix, `* ` and suffix have 22 characters together, among them a letter. */
export const descriptorSuffix = text
  .max(22 - DESCRIPTOR_PREFIX.length - 2)
  .regex(/[A-Za-z]/, 'The statement descriptor must contain at least one alphabetic character.')
  .regex(/^[^<>\\'"*]*$/, 'The statement descriptor cannot contain <, >, \\, \', " or *.');

const confirmation = {
  payment_method: z.optional(text),
  off_session: z.optional(offSession),
  return_url: z.optional(text),
  receipt_email: z.optional(clearable(text)),
  error_on_requires_action: z.optional(flag),
  use_stripe_sdk: z.optional(flag),
};
interface Confirmation {
  payment_method?: string | undefined;
  off_session?: boolean | undefined;
  return_url?: string | undefined;
  receipt_email?: string | null | undefined;
  error_on_requires_action?: boolean | undefined;
  use_stripe_sdk?: boolean | undefined;
}

const createParams = paramsOf<Stripe.PaymentIntentCreateParams>()({
  ...confirmation,
  receipt_email: z.optional(text),
  amount: integer,
  currency,
  customer: z.optional(text),
  description: z.optional(text),
  metadata: z.optional(metadata),
  confirm: z.optional(flag),
  setup_future_usage: z.optional(usage),
  allowed_payment_method_types: z.optional(methodTypes),
  automatic_payment_methods: z.optional(automatic),
  statement_descriptor_suffix: z.optional(descriptorSuffix),
});

function create(sandbox: Sandbox, asked: z.infer<typeof createParams>): Stripe.PaymentIntent {
  requireAmount(asked.amount);
  const customer = asked.customer === undefined ? null : sandbox.customer(asked.customer).id;
  if (asked.confirm !== true && (asked.off_session !== undefined || asked.return_url !== undefined)) {
    const param = asked.off_session === undefined ? 'return_url' : 'off_session';
    throw invalidRequest(`${param} can only be passed when \`confirm\` is \`true\`.`, { param });
  }
  const method = asked.payment_method === undefined ? null : findMethod(sandbox, asked.payment_method);
  if (method !== null) {
    requireOwner(method, customer);
  }
  const intent = createIntent(sandbox, {
    amount: asked.amount,
    currency: asked.currency,
    customer,
    description: asked.description ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    setupFutureUsage: asked.setup_future_usage ?? null,
    receiptEmail: asked.receipt_email ?? null,
    statementDescriptorSuffix: asked.statement_descriptor_suffix ?? null,
    allowedTypes: asked.allowed_payment_method_types ?? null,
  });
  if (asked.automatic_payment_methods !== undefined && intent.allowed_payment_method_types === null) {
    intent.automatic_payment_methods = {
      allow_redirects: 'always',
      ...asked.automatic_payment_methods,
    };
  }
  if (method !== null) {
    sandbox.assign(intent, { payment_method: method.id, status: 'requires_confirmation' });
  }
  return asked.confirm === true ? confirm(sandbox, intent, { ...asked, payment_method: undefined }) : intent;
}

// Source: https://docs.stripe.com/api/payment_intents/retrieve
/** @throws ApiError when there is none, or a client secret that is not its own */
function intentBy(sandbox: Sandbox, id: string, secret: string | undefined): Stripe.PaymentIntent {
  const intent = sandbox.get('payment_intent', id);
  if (secret !== undefined && secret !== intent.client_secret) {
    throw invalidRequest(
      'The client_secret provided does not match the client_secret associated with the PaymentIntent.',
      { param: 'client_secret' },
    );
  }
  return intent;
}

function requireAmount(amount: number): void {
  if (amount < MINIMUM_CENTS) {
    throw invalidRequest('Amount must be at least $0.50 usd', { code: 'amount_too_small', param: 'amount' });
  }
  if (amount > MAXIMUM_CENTS) {
    throw invalidRequest('Amount must be no more than $999,999.99', {
      code: 'amount_too_large',
      param: 'amount',
    });
  }
}

// Source: https://docs.stripe.com/api/payment_methods/attach
/** A method that is attached to a customer pays only for that customer. Another one pays for anybody. */
function requireOwner(method: Stripe.PaymentMethod, customer: string | null): void {
  const owner = refId(method.customer);
  if (owner !== null && owner !== customer) {
    const message =
      customer === null
        ? `The provided PaymentMethod cannot be attached. To reuse a PaymentMethod, you must attach it to a Customer first.`
        : `The PaymentMethod ${method.id} does not belong to the Customer ${customer}. Please use this PaymentMethod with the Customer that it belongs to instead.`;
    throw invalidRequest(message, { param: 'payment_method' });
  }
}

// Source: https://docs.stripe.com/api/payment_intents/confirm
function confirm(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  asked: Confirmation,
  isInPage = false,
): Stripe.PaymentIntent {
  requireConfirmable(intent);
  const methodId = asked.payment_method ?? refId(intent.payment_method);
  if (methodId === null) {
    throw unexpectedState(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
    );
  }
  const isOffSession = asked.off_session === true;
  if (
    !isOffSession &&
    !isInPage &&
    asked.return_url === undefined &&
    intent.automatic_payment_methods?.allow_redirects === 'always'
  ) {
    throw invalidRequest(
      "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents.",
    );
  }
  const method = findMethod(sandbox, methodId);
  requireOwner(method, refId(intent.customer));
  if (!intent.payment_method_types.includes(method.type)) {
    throw invalidRequest(
      `The PaymentMethod provided (${method.type}) is not allowed for this PaymentIntent. Please attach a suitable PaymentMethod or update the allowed PaymentMethod types on this PaymentIntent.`,
      sandbox.plays.namesRefusedMethod ? { param: 'payment_method' } : {},
    );
  }
  if (asked.receipt_email !== undefined) {
    intent.receipt_email = asked.receipt_email;
  }
  // Source: https://docs.stripe.com/api/payment_intents/confirm#confirm_payment_intent-error_on_requires_action
  const canAct = !isOffSession && asked.error_on_requires_action !== true;
  const redirectTo = asked.use_stripe_sdk === true ? null : (asked.return_url ?? null);
  const presence = canAct ? 'on_session' : 'off_session';
  const declined = attemptPayment(sandbox, intent, method, presence, redirectTo);
  if (declined !== null) {
    throw declined;
  }
  return intent;
}

// Source: https://docs.stripe.com/payments/paymentintents/lifecycle
function requireConfirmable(intent: Stripe.PaymentIntent): void {
  if (intent.status === 'succeeded') {
    throw unexpectedState(
      intent,
      'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.',
    );
  }
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status)) {
    throw unexpectedState(
      intent,
      `You cannot confirm this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be confirmed: requires_confirmation, requires_action.`,
    );
  }
}

// Guess: the PaymentIntent of an invoice can be neither cancelled nor changed in its amount.
/** The intent of an invoice is paid and cancelled with the invoice. */
function requireNoInvoice(sandbox: Sandbox, intent: Stripe.PaymentIntent, verb: string): void {
  const belongs = sandbox
    .all('invoice_payment')
    .find((payment) => refId(payment.payment.payment_intent) === intent.id);
  if (belongs !== undefined) {
    throw invalidRequest(
      `You cannot ${verb} this PaymentIntent because it belongs to the invoice ${refId(belongs.invoice)}.`,
    );
  }
}

const updateParams = paramsOf<Stripe.PaymentIntentUpdateParams>()({
  amount: z.optional(integer),
  customer: z.optional(text),
  description: z.optional(text),
  metadata: z.optional(metadata),
  payment_method: z.optional(text),
  receipt_email: z.optional(clearable(text)),
  setup_future_usage: z.optional(usage),
});

function update(
  sandbox: Sandbox,
  intent: Stripe.PaymentIntent,
  asked: z.infer<typeof updateParams>,
): Stripe.PaymentIntent {
  const { metadata: values, payment_method: methodId, amount, customer, ...rest } = asked;
  const isOver = intent.status === 'succeeded' || intent.status === 'canceled';
  if (isOver && (amount !== undefined || methodId !== undefined || customer !== undefined)) {
    throw unexpectedState(
      intent,
      `This PaymentIntent's amount, customer and payment_method could not be updated because it has a status of ${intent.status}.`,
    );
  }
  if (amount !== undefined) {
    requireAmount(amount);
    requireNoInvoice(sandbox, intent, 'change the amount of');
    intent.amount = amount;
  }
  if (customer !== undefined) {
    intent.customer = sandbox.customer(customer).id;
  }
  if (methodId !== undefined) {
    const method = findMethod(sandbox, methodId);
    requireOwner(method, refId(intent.customer));
    sandbox.assign(intent, { payment_method: method.id, status: 'requires_confirmation' });
  }
  sandbox.assign(intent, { ...present(rest), metadata: mergeMetadata(intent.metadata, values) });
  return intent;
}

export const paymentIntentRoutes: Route[] = [
  route({ method: 'POST', path: '/v1/payment_intents', params: createParams, answer: create }),
  route({
    method: 'GET',
    path: '/v1/payment_intents',
    params: paramsOf<Stripe.PaymentIntentListParams>()({ ...paging, ...created, customer: z.optional(text) }),
    answer: (sandbox, { customer, created: range, ...page }) => {
      const intents = sandbox
        .all('payment_intent')
        .filter(
          (intent) =>
            (customer === undefined || refId(intent.customer) === customer) && isCreatedIn(intent, range),
        );
      return pageOf(intents, '/v1/payment_intents', page);
    },
  }),
  route({
    method: 'GET',
    path: '/v1/payment_intents/{id}',
    params: paramsOf<Stripe.PaymentIntentRetrieveParams>()({ client_secret: z.optional(text) }),
    isPublic: true,
    answer: (sandbox, { client_secret: secret }, { id }) => intentBy(sandbox, id, secret),
  }),
  route({
    method: 'POST',
    path: '/v1/payment_intents/{id}',
    params: updateParams,
    answer: (sandbox, asked, { id }) => update(sandbox, sandbox.get('payment_intent', id), asked),
  }),
  route({
    method: 'POST',
    path: '/v1/payment_intents/{id}/confirm',
    // The client secret is a parameter of Stripe.js's, and not of the SDK.
    params: z.strictObject({
      ...paramsOf<Stripe.PaymentIntentConfirmParams>()(confirmation).shape,
      client_secret: z.optional(text),
    }),
    isPublic: true,
    answer: (sandbox, { client_secret: secret, ...asked }, { id }) =>
      confirm(sandbox, intentBy(sandbox, id, secret), asked, secret !== undefined),
  }),
  route({
    method: 'POST',
    path: '/v1/3ds2/authenticate',
    params: z.strictObject({ client_secret: text, approved: flag }),
    isPublic: true,
    answer: (sandbox, { client_secret: secret, approved }) => {
      const intent = intentBy(sandbox, secret.split('_secret_')[0] ?? '', secret);
      if (intent.status !== 'requires_action') {
        throw unexpectedState(intent, 'This PaymentIntent is not in the requires_action state.');
      }
      authenticate(sandbox, intent.id, approved);
      return intent;
    },
  }),
  route({
    method: 'POST',
    path: '/v1/payment_intents/{id}/cancel',
    params: paramsOf<Stripe.PaymentIntentCancelParams>()({
      cancellation_reason: z.optional(
        z.enum(['abandoned', 'duplicate', 'fraudulent', 'requested_by_customer']),
      ),
    }),
    answer: (sandbox, { cancellation_reason: reason }, { id }) => {
      const intent = sandbox.get('payment_intent', id);
      requireNoInvoice(sandbox, intent, 'cancel');
      return cancelIntent(sandbox, intent, reason ?? null);
    },
  }),
];

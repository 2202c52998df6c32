import { type Stripe } from 'stripe';
import { invalidRequest } from './api-error.ts';
import { DAY, type Seconds } from './calendar.ts';
import { detailsOf } from './checkout-object.ts';
import { invoicePayment } from './checkout-invoice.ts';
import { countTotals, redeem } from './checkout-totals.ts';
import { createCustomer } from './customers.ts';
import { intentOf } from './invoices.ts';
import { attach, behaviourOf, cardError, findMethod } from './payment-methods.ts';
import { attemptPayment, authenticate, createIntent, declineOf } from './payments.ts';
import { type Sandbox } from './sandbox.ts';
import { type CheckoutPlan, refId } from './state.ts';
import { termsAsked } from './subscription-terms.ts';
import { startSubscription } from './subscription-start.ts';

export interface CheckoutInput {
  /** A test card, or a method that the customer has; none is enough only when nothing has to be paid. */
  paymentMethod: string | null;
  /** What the customer types when the session does not know it. */
  email: string | null;
  name: string | null;
  /** What the customer answers when the bank asks whether it is really them. */
  isAuthenticated: boolean;
  /** What the customer types into the field for codes. */
  promotionCode: string | null;
  /** Whether the customer ticks the box of the terms. */
  acceptsTerms: boolean;
  taxId: string | null;
}

// Source: https://docs.stripe.com/payments/checkout/custom-success-page
// Source: https://docs.stripe.com/payments/checkout/guest-customers
/**
 * The customer fills in the page and pays.
 *
 * @throws ApiError with the decline, after which the session is still open and can be tried again
 */
export function payCheckout(
  sandbox: Sandbox,
  sessionId: string,
  input: CheckoutInput,
): Stripe.Checkout.Session {
  const session = sandbox.get('checkout_session', sessionId);
  if (session.status !== 'open') {
    throw invalidRequest(
      `This Checkout Session has a status of ${session.status ?? 'unknown'} and can't be paid.`,
    );
  }
  const plan = sandbox.get('checkout_plan', sessionId);
  const needsTerms = session.consent_collection?.terms_of_service === 'required';
  if (needsTerms && !input.acceptsTerms) {
    throw invalidRequest('The customer has to accept the terms of service.', { param: 'acceptsTerms' });
  }
  countTotals(sandbox, session, plan, input.promotionCode);
  if (session.mode === 'subscription') {
    subscribe(sandbox, session, plan, input);
  } else {
    buy(sandbox, session, plan, input);
  }
  sandbox.assign(session, {
    status: 'complete',
    url: null,
    ...(needsTerms ? { consent: { promotions: null, terms_of_service: 'accepted' } } : {}),
  });
  redeem(sandbox, session);
  sandbox.emit('checkout.session.completed', session);
  return session;
}

function buy(
  sandbox: Sandbox,
  session: Stripe.Checkout.Session,
  plan: CheckoutPlan,
  input: CheckoutInput,
): void {
  const { paymentIntentData: data } = plan;
  const total = session.amount_total ?? 0;
  const method = total === 0 ? null : acceptedMethod(sandbox, session, input.paymentMethod ?? '');
  const needsCustomer =
    session.customer_creation === 'always' ||
    data.setupFutureUsage !== null ||
    session.invoice_creation?.enabled === true ||
    total === 0;
  const customer = needsCustomer || session.customer !== null ? customerOf(sandbox, session, input) : null;
  if (method === null) {
    // Source: https://docs.stripe.com/payments/checkout/no-cost-orders
    complete(sandbox, session, plan, input, { payment_status: sandbox.plays.freeOrder });
    invoicePayment(sandbox, session, plan, null);
    return;
  }
  // Guess: a session gets its PaymentIntent when somebody first tries to pay.
  const open = sandbox.state.payment_intent.get(refId(session.payment_intent) ?? '');
  const intent =
    open ??
    createIntent(sandbox, {
      amount: total,
      currency: session.currency ?? 'usd',
      customer: customer?.id ?? null,
      ...data,
      allowedTypes: session.allowed_payment_method_types,
    });
  session.payment_intent = intent.id;
  intent.amount = total;
  const declined =
    attemptPayment(sandbox, intent, method, 'on_session') ??
    (intent.status === 'requires_action' ? authenticate(sandbox, intent.id, input.isAuthenticated) : null);
  if (declined !== null) {
    throw declined;
  }
  const isPaid = intent.status === 'succeeded';
  complete(sandbox, session, plan, input, { payment_status: isPaid ? 'paid' : 'unpaid' });
  if (isPaid) {
    invoicePayment(sandbox, session, plan, intent);
  }
}

function acceptedMethod(
  sandbox: Sandbox,
  session: Stripe.Checkout.Session,
  id: string,
): Stripe.PaymentMethod {
  const method = findMethod(sandbox, id);
  if (!session.payment_method_types.includes(method.type)) {
    throw invalidRequest(`This Checkout Session does not take ${method.type}.`, { param: 'payment_method' });
  }
  return method;
}

function subscribe(
  sandbox: Sandbox,
  session: Stripe.Checkout.Session,
  plan: CheckoutPlan,
  input: CheckoutInput,
): void {
  const [line] = plan.lineItems;
  const price = line?.price ?? null;
  if (line === undefined || price === null) {
    throw new Error(`${session.id} has no price`);
  }
  const { subscriptionData: data } = plan;
  const trialEnd = trialEndOf(sandbox, plan);
  const needsMethod = trialEnd === null || session.payment_method_collection === 'always';
  if (needsMethod && input.paymentMethod === null) {
    throw invalidRequest('This Checkout Session needs a payment method.', { param: 'payment_method' });
  }
  const method = input.paymentMethod === null ? null : acceptedMethod(sandbox, session, input.paymentMethod);
  if (method !== null) {
    requireChargeable(sandbox, method, trialEnd === null, input.isAuthenticated);
  }
  const customer = customerOf(sandbox, session, input);
  if (method !== null) {
    attach(sandbox, method, customer);
  }
  const subscription = startSubscription(sandbox, {
    customer,
    price,
    quantity: line.quantity ?? 1,
    metadata: data.metadata,
    description: data.description,
    trialEnd,
    anchor: data.billingCycleAnchor,
    prorates: data.prorationBehavior !== 'none',
    // Guess: the method of a Checkout becomes the default of the subscription, and not of the customer.
    defaultMethod: method?.id ?? null,
    missingPaymentMethod: data.missingPaymentMethod ?? 'create_invoice',
    billingMode: data.billingMode ?? 'flexible',
    savesMethod: false,
    paymentBehavior: 'allow_incomplete',
    presence: 'billing',
  });
  const { automatic_tax: tax } = session;
  sandbox.assign(subscription, termsAsked(sandbox, { automatic_tax: tax })(subscription));
  const invoice = sandbox.get('invoice', refId(subscription.latest_invoice) ?? '');
  const intent = intentOf(sandbox, invoice);
  if (intent?.status === 'requires_action') {
    authenticate(sandbox, intent.id, true);
  }
  complete(sandbox, session, plan, input, {
    customer: customer.id,
    subscription: subscription.id,
    invoice: invoice.id,
    payment_status: trialEnd === null ? 'paid' : 'no_payment_required',
  });
}

// Guess: a Checkout whose card is declined makes neither a customer nor a subscription.
/** Checkout makes no subscription before the card has been accepted. */
function requireChargeable(
  sandbox: Sandbox,
  method: Stripe.PaymentMethod,
  isCharged: boolean,
  isAuthenticated: boolean,
): void {
  const { settles, onCharge } = behaviourOf(sandbox, method);
  if (settles !== null) {
    throw invalidRequest('The stand-in takes bank debits for single payments only.', {
      param: 'payment_method',
    });
  }
  const decline = isAuthenticated ? onCharge : declineOf(sandbox, method);
  if (isCharged && decline !== null) {
    throw cardError(decline, { payment_method: method });
  }
}

function trialEndOf(sandbox: Sandbox, { subscriptionData: data }: CheckoutPlan): Seconds | null {
  return data.trialPeriodDays === null ? data.trialEnd : sandbox.now() + data.trialPeriodDays * DAY;
}

function customerOf(
  sandbox: Sandbox,
  session: Stripe.Checkout.Session,
  input: CheckoutInput,
): Stripe.Customer {
  const known = refId(session.customer);
  if (known !== null) {
    return sandbox.customer(known);
  }
  const customer = createCustomer(sandbox, { email: emailOf(session, input), name: input.name });
  sandbox.emit('customer.created', customer);
  session.customer = customer.id;
  return customer;
}

function emailOf(session: Stripe.Checkout.Session, input: CheckoutInput): string {
  return session.customer_details?.email ?? input.email ?? 'customer@example.com';
}

// Source: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-customer_update
function complete(
  sandbox: Sandbox,
  session: Stripe.Checkout.Session,
  { customerUpdate }: CheckoutPlan,
  input: CheckoutInput,
  changes: Partial<Stripe.Checkout.Session>,
): void {
  const collectsTaxId = session.tax_id_collection?.enabled === true && input.taxId !== null;
  const details = {
    ...detailsOf(emailOf(session, input), input.name),
    address: session.automatic_tax.enabled ? TYPED_ADDRESS : null,
    tax_ids: collectsTaxId ? [{ type: 'eu_vat', value: input.taxId }] : [],
  };
  sandbox.assign(session, { ...changes, customer_details: details });
  const customer = sandbox.state.customer.get(refId(session.customer) ?? '');
  if (customer === undefined || customer.deleted === true) {
    return;
  }
  const previous = sandbox.assign(customer, {
    ...(customerUpdate.address && details.address !== null ? { address: details.address } : {}),
    ...(customerUpdate.name && input.name !== null ? { name: input.name } : {}),
  });
  if (previous !== null) {
    sandbox.emit('customer.updated', customer, previous);
  }
}

/** What the customer types where the page needs to know where they are. */
const TYPED_ADDRESS: Stripe.Address = {
  city: 'Berlin',
  country: 'DE',
  line1: 'Hauptstr. 1',
  line2: null,
  postal_code: '10827',
  state: null,
};

// Source: https://docs.stripe.com/api/checkout/sessions/object
/** A bank debit's end comes after the session is complete. */
export function listenForCheckoutPayments(sandbox: Sandbox): void {
  const sessionOf = (intent: Stripe.PaymentIntent): Stripe.Checkout.Session | undefined =>
    sandbox
      .all('checkout_session')
      .find((session) => refId(session.payment_intent) === intent.id && session.payment_status === 'unpaid');

  sandbox.on('payment_intent.succeeded', (intent) => {
    const session = sessionOf(intent);
    if (session?.status === 'complete') {
      sandbox.assign(session, { payment_status: 'paid' });
      invoicePayment(sandbox, session, sandbox.get('checkout_plan', session.id), intent);
      sandbox.emit('checkout.session.async_payment_succeeded', session);
    }
  });
  sandbox.on('payment_intent.payment_failed', (intent) => {
    const session = sessionOf(intent);
    if (session?.status === 'complete') {
      sandbox.emit('checkout.session.async_payment_failed', session);
    }
  });
}

import { type Stripe } from 'stripe';
import { payCheckout } from './checkout-payment.ts';
import { expireSession } from './checkout.ts';
import {
  closeDispute,
  type ClosedStatus,
  openDispute,
  type OpenStatus,
  progressDispute,
} from './disputes.ts';
import { type FaultOrder, type Faults } from './faults.ts';
import { pay } from './invoice-routes.ts';
import { attach, findMethod } from './payment-methods.ts';
import { authenticate, settlePayment } from './payments.ts';
import {
  cancelInPortal,
  changeCardInPortal,
  changePriceInPortal,
  customerOfPortal,
  keepInPortal,
  subscriptionOfPortal,
} from './portal-customer.ts';
import { settleRefund } from './refunds.ts';
import { type AfterRetries, type BillingSettings, type Sandbox } from './sandbox.ts';
import { refId } from './state.ts';
import { openThinDestination, rollSecret } from './webhook-endpoints.ts';

export interface CheckoutPayment {
  /** `pm_card_visa` when left out; null pays nothing, which is enough for a trial that asks for no card. */
  paymentMethod?: string | null | undefined;
  email?: string | undefined;
  name?: string | undefined;
  /** What the customer answers when the bank asks for authentication: yes, unless this is false. */
  authenticate?: boolean | undefined;
  /** What the customer types into the field for codes. */
  promotionCode?: string | undefined;
  /** Whether the customer accepts the terms where the page asks: yes, unless this is false. */
  acceptTerms?: boolean | undefined;
  /** A tax id, where the page asks for one. */
  taxId?: string | undefined;
}

export interface DisputeOrder {
  charge?: string | undefined;
  paymentIntent?: string | undefined;
  /** The whole charge when left out. */
  amount?: number | undefined;
  status?: OpenStatus | undefined;
  reason?: string | undefined;
}

/**
 * What happens at Stripe without a request of the app: what customers, banks and Stripe itself do. Each throws an
 * ApiError when the state of things does not allow it.
 */
export interface Control {
  /** Sets what goes wrong. A fault that is left out ends. */
  setFaults(order: FaultOrder): Faults;
  /** Delivers the webhooks that are held back, dropped, waiting or failed, and those that follow from them. */
  flush(): Promise<{ delivered: number; failed: number }>;
  /** Until no webhook is on its way. */
  settled(): Promise<void>;
  /** Does what has become due, as each request does too: call it when the clock was moved. */
  tick(): void;
  /** All events, the oldest first. */
  events(): Stripe.Event[];
  /** Forgets everything but the products that were handed in, the faults and the keys' secrets. */
  reset(): void;

  payCheckout(sessionId: string, payment?: CheckoutPayment): Stripe.Checkout.Session;
  expireCheckout(sessionId: string): Stripe.Checkout.Session;
  /** The customer answers the bank in the dialog that an intent's client secret opens. */
  authenticate(paymentIntentId: string, isApproved: boolean): Stripe.PaymentIntent;
  /** A bank debit ends, now. */
  settlePayment(paymentIntentId: string, outcome: 'succeeded' | 'failed'): Stripe.PaymentIntent;
  /** The customer pays an open invoice on its page, with another card when one is given. */
  payInvoice(invoiceId: string, paymentMethod?: string): Stripe.Invoice;

  /** What becomes of the subscriptions whose last try is yet to fail, as the Dashboard sets it. */
  setAfterRetries(afterRetries: AfterRetries): BillingSettings;

  /** The next invoice of a subscription can't be finalized, as when its customer's place is not known to Stripe Tax. */
  failFinalization(subscriptionId: string): Stripe.Subscription;

  openDispute(order: DisputeOrder): Stripe.Dispute;
  progressDispute(disputeId: string, status: OpenStatus): Stripe.Dispute;
  closeDispute(disputeId: string, status: ClosedStatus): Stripe.Dispute;
  settleRefund(refundId: string, outcome: 'succeeded' | 'failed'): Stripe.Refund;

  /** Makes an event destination whose payloads are thin. */
  openThinDestination(order: { url: string; events: readonly string[] }): Stripe.WebhookEndpoint;
  /** Gives an endpoint a new secret, at once; the answer has it. */
  rollSecret(endpointId: string): Stripe.WebhookEndpoint;

  customerOfPortal(sessionId: string): string;
  subscriptionOfPortal(sessionId: string): string;
  changePriceInPortal(subscriptionId: string, priceId: string): Stripe.Subscription;
  cancelInPortal(subscriptionId: string): Stripe.Subscription;
  keepInPortal(subscriptionId: string): Stripe.Subscription;
  changeCardInPortal(customerId: string, paymentMethod: string): Stripe.Customer;
}

export type Server = Pick<Control, 'setFaults' | 'flush' | 'settled' | 'tick' | 'reset'> & {
  sandbox: Sandbox;
  onChange: () => void;
};

export function createControl(server: Server): Control {
  const { sandbox, setFaults, flush, settled, tick, reset } = server;
  /** Like a request: what is due comes first, and afterwards the state is kept. */
  const act = <T extends object>(happen: () => T): T => {
    tick();
    try {
      // A copy, as it would come over HTTP.
      return JSON.parse(JSON.stringify(happen())) as T;
    } finally {
      server.onChange();
    }
  };
  const intent = (id: string): Stripe.PaymentIntent => sandbox.get('payment_intent', id, 'payment_intent');
  return {
    setFaults,
    flush,
    settled,
    tick,
    reset,
    events: () => [...sandbox.state.event.values()],

    payCheckout: (id, { paymentMethod = 'pm_card_visa', ...typed } = {}) =>
      act(() =>
        payCheckout(sandbox, id, {
          paymentMethod,
          email: typed.email ?? null,
          name: typed.name ?? null,
          isAuthenticated: typed.authenticate ?? true,
          promotionCode: typed.promotionCode ?? null,
          acceptsTerms: typed.acceptTerms ?? true,
          taxId: typed.taxId ?? null,
        }),
      ),
    expireCheckout: (id) => act(() => expireSession(sandbox, sandbox.get('checkout_session', id))),
    authenticate: (id, isApproved) =>
      act(() => {
        authenticate(sandbox, id, isApproved);
        return intent(id);
      }),
    settlePayment: (id, outcome) =>
      act(() => {
        settlePayment(sandbox, id, outcome);
        return intent(id);
      }),
    setAfterRetries: (afterRetries) => act(() => Object.assign(sandbox.settings, { afterRetries })),
    failFinalization: (id) =>
      act(() => {
        sandbox.get('subscription_record', id, 'subscription').finalizationFails = true;
        return sandbox.get('subscription', id);
      }),
    payInvoice: (id, paymentMethod) => act(() => payOnPage(sandbox, id, paymentMethod)),

    openDispute: (order) => act(() => dispute(sandbox, order)),
    progressDispute: (id, status) => act(() => progressDispute(sandbox, id, status)),
    closeDispute: (id, status) => act(() => closeDispute(sandbox, id, status)),
    settleRefund: (id, outcome) => act(() => settleRefund(sandbox, id, outcome)),

    openThinDestination: (order) => act(() => openThinDestination(sandbox, order)),
    rollSecret: (id) => act(() => rollSecret(sandbox, id)),

    customerOfPortal: (id) => customerOfPortal(sandbox, id),
    subscriptionOfPortal: (id) => subscriptionOfPortal(sandbox, id),
    changePriceInPortal: (id, price) => act(() => changePriceInPortal(sandbox, id, price)),
    cancelInPortal: (id) => act(() => cancelInPortal(sandbox, id)),
    keepInPortal: (id) => act(() => keepInPortal(sandbox, id)),
    changeCardInPortal: (id, method) => act(() => changeCardInPortal(sandbox, id, method)),
  };
}

function payOnPage(sandbox: Sandbox, invoiceId: string, methodId: string | undefined): Stripe.Invoice {
  const invoice = sandbox.get('invoice', invoiceId, 'invoice');
  if (methodId === undefined) {
    return pay(sandbox, invoice, {});
  }
  const method = findMethod(sandbox, methodId);
  attach(sandbox, method, sandbox.customer(refId(invoice.customer) ?? ''));
  return pay(sandbox, invoice, { payment_method: method.id });
}

function dispute(sandbox: Sandbox, order: DisputeOrder): Stripe.Dispute {
  const chargeId =
    order.charge ??
    refId(sandbox.get('payment_intent', order.paymentIntent ?? '', 'payment_intent').latest_charge) ??
    '';
  const charge = sandbox.get('charge', chargeId, 'charge');
  return openDispute(sandbox, {
    charge,
    amount: order.amount ?? charge.amount,
    status: order.status ?? 'needs_response',
    reason: order.reason ?? 'fraudulent',
  });
}

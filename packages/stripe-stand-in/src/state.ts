import { type Stripe } from 'stripe';
import { type Seconds } from './calendar.ts';
import { type CardName } from './cards.ts';

/** Which test card stands behind a payment method, and whether its holder has agreed to later charges. */
export interface CardRecord {
  id: string;
  card: CardName;
  isSetUp: boolean;
}

/** A line that waits for a subscription's next invoice. */
export interface PendingLine {
  id: string;
  subscription: string;
  line: Stripe.InvoiceLineItem;
}

/** What Stripe's server knows of a subscription and does not show. */
export interface SubscriptionRecord {
  id: string;
  /** The trial end of which `customer.subscription.trial_will_end` has told. */
  toldOfTrialEnd: Seconds | null;
  pendingUpdate: HeldUpdate | null;
  /** The end of a schedule of which `subscription_schedule.expiring` has told. */
  toldOfScheduleEnd: Seconds | null;
  /** The invoice of which `invoice.overdue` has told. */
  overdueInvoice: string | null;
  /** Whether its next invoice can't be finalized, as tests order it. */
  finalizationFails: boolean;
  /** The schedule that a change in the Portal has made: it goes when its change has happened. */
  portalSchedule: string | null;
}

/** An update of a subscription that waits for its invoice to be paid. */
export interface HeldUpdate {
  invoice: string;
  changes: Partial<Stripe.Subscription>;
  metadata: Record<string, string> | null | undefined;
  /** The waiting lines that the invoice took along. */
  takenLines: Stripe.InvoiceLineItem[];
}

/** What a Checkout Session will create when it is paid. */
export interface CheckoutPlan {
  id: string;
  lineItems: Stripe.LineItem[];
  paymentIntentData: {
    metadata: Stripe.Metadata;
    description: string | null;
    setupFutureUsage: 'off_session' | 'on_session' | null;
    receiptEmail: string | null;
    statementDescriptorSuffix: string | null;
  };
  /** What Checkout writes to the customer: their address, their name. */
  customerUpdate: { address: boolean; name: boolean };
  invoiceData: { metadata: Stripe.Metadata; description: string | null; footer: string | null };
  subscriptionData: {
    metadata: Stripe.Metadata;
    description: string | null;
    trialEnd: Seconds | null;
    trialPeriodDays: number | null;
    missingPaymentMethod: string | null;
    billingCycleAnchor: Seconds | null;
    billingMode: string | null;
    prorationBehavior: string | null;
  };
}

/** What Stripe shows of a webhook endpoint only once, and the style of its payloads. */
export interface EndpointRecord {
  id: string;
  secret: string;
  payload: 'snapshot' | 'thin';
}

/** A payment or refund whose end comes later. */
export interface Settlement {
  /** The PaymentIntent or the refund. */
  id: string;
  at: Seconds;
  outcome: 'succeeded' | 'failed';
}

/** Everything that the server keeps, by Stripe's names of objects. The last kinds have no such name. */
export interface Kinds {
  customer: Stripe.Customer | Stripe.DeletedCustomer;
  product: Stripe.Product;
  price: Stripe.Price;
  coupon: Stripe.Coupon;
  promotion_code: Stripe.PromotionCode;
  discount: Stripe.Discount;
  tax_rate: Stripe.TaxRate;
  payment_method: Stripe.PaymentMethod;
  payment_intent: Stripe.PaymentIntent;
  charge: Stripe.Charge;
  refund: Stripe.Refund;
  dispute: Stripe.Dispute;
  subscription: Stripe.Subscription;
  subscription_schedule: Stripe.SubscriptionSchedule;
  invoice: Stripe.Invoice;
  invoice_payment: Stripe.InvoicePayment;
  checkout_session: Stripe.Checkout.Session;
  portal_session: Stripe.BillingPortal.Session;
  portal_configuration: Stripe.BillingPortal.Configuration;
  webhook_endpoint: Stripe.WebhookEndpoint;
  event: Stripe.Event;
  endpoint_record: EndpointRecord;
  card_record: CardRecord;
  pending_line: PendingLine;
  subscription_record: SubscriptionRecord;
  checkout_plan: CheckoutPlan;
  settlement: Settlement;
}

export type State = { readonly [K in keyof Kinds]: Map<string, Kinds[K]> };

export function emptyState(): State {
  return {
    customer: new Map(),
    product: new Map(),
    price: new Map(),
    coupon: new Map(),
    promotion_code: new Map(),
    discount: new Map(),
    tax_rate: new Map(),
    payment_method: new Map(),
    payment_intent: new Map(),
    charge: new Map(),
    refund: new Map(),
    dispute: new Map(),
    subscription: new Map(),
    subscription_schedule: new Map(),
    invoice: new Map(),
    invoice_payment: new Map(),
    checkout_session: new Map(),
    portal_session: new Map(),
    portal_configuration: new Map(),
    webhook_endpoint: new Map(),
    event: new Map(),
    endpoint_record: new Map(),
    card_record: new Map(),
    pending_line: new Map(),
    subscription_record: new Map(),
    checkout_plan: new Map(),
    settlement: new Map(),
  };
}

/** The kinds that have ids of Stripe's own and can be expanded. */
export function findObject(state: State, id: string): object | undefined {
  for (const kind of EXPANDABLE) {
    const found = state[kind].get(id);
    if (found !== undefined) {
      return found;
    }
  }
  return undefined;
}

const EXPANDABLE = [
  'customer',
  'product',
  'price',
  'coupon',
  'promotion_code',
  'discount',
  'payment_method',
  'payment_intent',
  'charge',
  'refund',
  'dispute',
  'subscription',
  'subscription_schedule',
  'invoice',
  'checkout_session',
  'portal_configuration',
] as const satisfies readonly (keyof Kinds)[];

/** A reference as Stripe has it: an id, or the object itself where it was expanded. Stored objects are never expanded. */
export function refId(reference: string | { id: string }): string;
export function refId(reference: string | { id: string } | null | undefined): string | null;
export function refId(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === 'object' ? (reference?.id ?? null) : (reference ?? null);
}

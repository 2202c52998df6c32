import * as z from 'zod/mini';
import { SUBSCRIPTION_STATUSES } from '../../domain/account.ts';
import { BILLING_INTERVALS, plansOnSale } from '../../domain/catalogue.ts';
import { CHANGE_STATUSES } from '../../domain/change-verdicts.ts';
import { CHANGE_KINDS, CHANGE_WAYS } from '../../domain/plan-changes.ts';
import { CATALOGUE } from '../../wiring/catalogue.ts';
import { contract, NO_INPUT } from '../contract.ts';
import { Instant, named, Plan, Price, shownAs } from '../schemas.ts';

const Interval = z.enum(BILLING_INTERVALS);
const Offer = { plan: z.enum(plansOnSale(CATALOGUE)), interval: Interval };

const PlanOrder = named('PlanOrder', z.strictObject(Offer), {
  example: { plan: 'pro', interval: 'month' },
});

/** Any plan: a request that comes again is answered also when its plan is not sold any more. */
const AnyPlan = z.string().check(z.maxLength(100));
shownAs.add(AnyPlan, { type: 'string', enum: plansOnSale(CATALOGUE) });

const PlanChangeOrder = named('PlanChangeOrder', z.strictObject({ plan: AnyPlan, interval: Interval }), {
  example: { plan: 'enterprise', interval: 'month' },
});

const StripePage = named('StripePage', z.object({ url: z.url() }), {
  description: 'A page at Stripe to send the user to. It works for a limited time.',
  example: { url: 'https://checkout.stripe.com/c/pay/cs_live_a1b2c3' },
});

const page = { 200: { description: 'The page', schema: StripePage } } as const;

export const createCheckoutSession = contract('POST /billing/checkout-sessions', {
  ...NO_INPUT,
  operationId: 'createCheckoutSession',
  summary: 'Subscribe',
  description:
    'Begins a Checkout at Stripe. The plan holds once Stripe reports the subscription, seconds after the payment. Users who have a subscription change their plan by `POST /billing/plan-changes`.',
  body: PlanOrder,
  idempotencyKey: 'optional',
  answers: page,
  problems: ['already_subscribed', 'not_configured'],
});

export const createPortalSession = contract('POST /billing/portal-sessions', {
  ...NO_INPUT,
  operationId: 'createPortalSession',
  summary: 'Cards, invoices and addresses',
  description:
    'Opens the Portal at Stripe: another card, invoices, the address and tax ids. Plans are changed and cancelled by the routes here. `not_found`: the user has never begun a Checkout.',
  answers: page,
  problems: ['not_found', 'not_configured'],
});

const Billing = named(
  'Billing',
  z.object({
    plan: Plan,
    status: z.enum(SUBSCRIPTION_STATUSES),
    interval: z.nullable(Interval),
    periodEndsAt: z.nullable(Instant),
    endsAt: z.nullable(Instant),
    scheduled: z.nullable(z.object({ plan: z.nullable(Plan), interval: z.nullable(Interval), at: Instant })),
    waiting: z.nullable(
      z.object({
        plan: z.nullable(Plan),
        interval: z.nullable(Interval),
        clientSecret: z.nullable(z.string()),
        expiresAt: Instant,
      }),
    ),
    isUnpaid: z.boolean(),
    isStalled: z.boolean(),
    isCustomer: z.boolean(),
  }),
  {
    description:
      '`periodEndsAt`: when the period ends that Stripe bills, and with it a subscription that is cancelled; the usage period of a yearly one ends each month. Null: there is no subscription. `endsAt`: when it ends, if it has been cancelled. `isUnpaid`: its last invoice should have been paid, and is not; after the days of grace it gives no plan. `isStalled`: Stripe has given up charging it (`unpaid`) or paused it, so it gives no plan and keeps its user from choosing another; cancelling ends it at once. `isCustomer`: the user has begun a Checkout, so the Portal opens for them. `scheduled`: the plan that holds from an instant on. `waiting`: a larger plan that is not paid yet; with its `clientSecret`, Stripe.js asks the holder of the card. A plan is null where the catalogue does not know its price.',
    example: {
      plan: 'enterprise',
      status: 'active',
      interval: 'month',
      periodEndsAt: '2026-12-24T09:00:00.000Z',
      endsAt: null,
      scheduled: { plan: 'pro', interval: 'month', at: '2026-12-24T09:00:00.000Z' },
      waiting: null,
      isUnpaid: false,
      isStalled: false,
      isCustomer: true,
    },
  },
);

const ChangePreview = named(
  'ChangePreview',
  z.object({
    way: z.enum(CHANGE_WAYS),
    dueNow: Price,
    holdsFrom: Instant,
    next: z.object({ price: Price, at: Instant }),
  }),
  {
    description:
      'What a change would cost. `dueNow`: what would be charged at once. `next`: what would be charged then, as far as is known today.',
    example: {
      way: 'at_once',
      dueNow: { amountCents: 2450, currency: 'usd' },
      holdsFrom: '2026-11-24T09:00:00.000Z',
      next: { price: { amountCents: 2900, currency: 'usd' }, at: '2026-12-24T09:00:00.000Z' },
    },
  },
);

const BillingChange = named(
  'BillingChange',
  z.object({
    id: z.string(),
    kind: z.enum(CHANGE_KINDS),
    plan: z.nullable(Plan),
    interval: z.nullable(Interval),
    status: z.enum(CHANGE_STATUSES),
    effectiveAt: z.nullable(Instant),
    createdAt: Instant,
  }),
  {
    description:
      'What was asked for, and how far it has come. `plan` and `interval` stand with a plan change, and with one that was taken back: the plan that goes on. `effectiveAt`: from when it holds, as far as is known.',
    example: {
      id: '3f9a1c5be07d4c2f8b6a9d0e1f2a3b4c',
      kind: 'plan_change',
      plan: 'enterprise',
      interval: 'month',
      status: 'done',
      effectiveAt: '2026-11-24T09:00:00.000Z',
      createdAt: '2026-11-24T09:00:00.000Z',
    },
  },
);

const changed = {
  200: { description: 'The change', schema: BillingChange },
  202: {
    description: 'The change is under way. The same request again, or GET /billing, tells how it goes on.',
    schema: BillingChange,
  },
} as const;

export const getBilling = contract('GET /billing', {
  ...NO_INPUT,
  operationId: 'getBilling',
  summary: 'The subscription',
  description: 'The plan, what is scheduled, and what waits for the holder of the card.',
  answers: { 200: { description: 'The subscription', schema: Billing } },
  problems: ['not_configured'],
});

export const previewPlanChange = contract('GET /billing/preview', {
  ...NO_INPUT,
  operationId: 'previewPlanChange',
  summary: 'What another plan would cost',
  description:
    'By Stripe’s preview of the invoice. It is refused where the change would be: `illegal_transition` with the `reason`.',
  query: z.strictObject(Offer),
  answers: { 200: { description: 'The preview', schema: ChangePreview } },
  problems: ['illegal_transition', 'not_configured'],
});

export const changePlan = contract('POST /billing/plan-changes', {
  ...NO_INPUT,
  operationId: 'changePlan',
  summary: 'Change the plan',
  description:
    'A larger plan, or the longer interval of the same plan, holds at once, begins a new period, and is charged for it less what is left of the old one. It grants nothing before it is paid: `payment_failed` changes nothing, and with `payment_action_required` Stripe.js asks the holder of the card by the `clientSecret` (`handleNextAction`); then the same request tells how it went. A smaller plan or a shorter interval holds from the end of the period on, and can be taken back. In a trial only the price changes. `illegal_transition` has the `reason`.',
  body: PlanChangeOrder,
  idempotencyKey: 'optional',
  answers: changed,
  problems: ['payment_failed', 'payment_action_required', 'illegal_transition', 'not_configured'],
});

export const takePlanChangeBack = contract('DELETE /billing/plan-changes', {
  ...NO_INPUT,
  operationId: 'takePlanChangeBack',
  summary: 'Take a plan change back',
  description:
    'A larger plan that waits for its payment, else a plan that is scheduled. `illegal_transition`: there is neither.',
  idempotencyKey: 'optional',
  answers: changed,
  problems: ['illegal_transition', 'not_configured'],
});

export const cancelSubscription = contract('POST /billing/cancellation', {
  ...NO_INPUT,
  operationId: 'cancelSubscription',
  summary: 'Cancel the subscription',
  description:
    'The subscription ends with the period that has been paid, and everything stays until then. What was scheduled does not happen, and a larger plan that waits for its payment is dropped. A subscription that Stripe has given up charging (`unpaid`) or paused gives no plan; it ends at once, so that its user can subscribe again.',
  idempotencyKey: 'optional',
  answers: changed,
  problems: ['illegal_transition', 'not_configured'],
});

export const takeCancellationBack = contract('DELETE /billing/cancellation', {
  ...NO_INPUT,
  operationId: 'takeCancellationBack',
  summary: 'Take a cancellation back',
  description: 'The subscription goes on. `illegal_transition`: it was not to end.',
  idempotencyKey: 'optional',
  answers: changed,
  problems: ['illegal_transition', 'not_configured'],
});

export const BILLING_CONTRACTS = [
  getBilling,
  previewPlanChange,
  changePlan,
  takePlanChangeBack,
  cancelSubscription,
  takeCancellationBack,
  createCheckoutSession,
  createPortalSession,
];

import { type Stripe } from 'stripe';
import { z } from 'zod';
import { ApiError, invalidRequest } from './api-error.ts';
import { periodEndAfter, type Seconds } from './calendar.ts';
import { fullPeriodLine, pendingLines, type Period } from './invoice-lines.ts';
import { newInvoice } from './invoice-object.ts';
import { clearable, flag, paramsOf, text, timestamp } from './params.ts';
import { MINIMUM_CENTS } from './payments.ts';
import { type Route, route } from './route.ts';
import { type Sandbox } from './sandbox.ts';
import { type Phase, scheduleOf } from './schedule-object.ts';
import { askedPhases, phasesWith } from './schedules.ts';
import { refId } from './state.ts';
import { cadenceOf, isOver, isSameCadence, itemOf, itemsWith, planOf } from './subscription-object.ts';
import { schedulingOf } from './subscription-schedule.ts';
import { type BillingChange, outcomeOf } from './subscription-update.ts';
import { anchorChange, cancelAt, changedItems, itemAsked, proration } from './subscriptions.ts';

const params = paramsOf<Stripe.InvoiceCreatePreviewParams>()({
  customer: z.optional(text),
  preview_mode: z.optional(z.literal('next')),
  schedule: z.optional(text),
  schedule_details: z.optional(
    z.strictObject({
      end_behavior: z.optional(z.enum(['release', 'cancel'])),
      phases: z.optional(askedPhases),
      proration_behavior: z.optional(proration),
    }),
  ),
  subscription: z.optional(text),
  subscription_details: z.optional(
    z.strictObject({
      billing_cycle_anchor: z.optional(anchorChange),
      cancel_at: z.optional(clearable(cancelAt)),
      cancel_at_period_end: z.optional(flag),
      items: z.optional(changedItems),
      proration_behavior: z.optional(proration),
      trial_end: z.optional(z.union([z.literal('now'), timestamp])),
    }),
  ),
});
type Asked = z.infer<typeof params>;

/** What would be: a change of the subscription, the phases to come, and the end that is set. */
interface Plan {
  subscription: Stripe.Subscription;
  change: BillingChange;
  phases: Phase[];
  endsAt: Seconds | null;
}

// Source: https://docs.stripe.com/api/invoices/create_preview
/**
 * The invoice that a change would make at once, else the next one with what the change puts on it. Nothing is kept.
 *
 * @throws ApiError when there will be no other invoice
 */
function preview(sandbox: Sandbox, asked: Asked): Stripe.Invoice {
  const { subscription, change, phases, endsAt } =
    asked.schedule === undefined ? planOfSubscription(sandbox, asked) : planOfSchedule(sandbox, asked);
  const customer = refId(subscription.customer);
  if (asked.customer !== undefined && asked.customer !== customer) {
    throw invalidRequest(`The subscription ${subscription.id} is not of the customer ${asked.customer}.`, {
      param: 'customer',
    });
  }
  const { changes, lines, isInvoiced } = outcomeOf(sandbox, subscription, change);
  const waiting = pendingLines(sandbox, subscription.id);
  if (isInvoiced) {
    const period = { start: itemOf(subscription).current_period_start, end: sandbox.now() };
    return upcoming(sandbox, subscription, {
      lines: [...waiting, ...lines],
      at: sandbox.now(),
      attemptAt: sandbox.now(),
      period,
    });
  }
  const item = itemOf({ ...subscription, ...changes });
  const start = item.current_period_end;
  const isEnding = endsAt !== null && endsAt <= start;
  if (isOver(subscription) || subscription.status === 'paused' || isEnding) {
    throw new ApiError(404, {
      type: 'invalid_request_error',
      code: 'invoice_upcoming_none',
      message: `No upcoming invoices for customer: ${customer}`,
    });
  }
  const next = renewed(sandbox, { ...subscription, ...changes }, phases);
  return upcoming(sandbox, subscription, {
    lines: [...waiting, ...lines, fullPeriodLine(sandbox, next)],
    at: start,
    attemptAt: start + sandbox.settings.draftSeconds,
    period: { start: item.current_period_start, end: start },
  });
}

/** The item in its next period, at the price of the phase that there will be. */
function renewed(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  phases: readonly Phase[],
): Stripe.SubscriptionItem {
  const item = itemOf(subscription);
  const start = item.current_period_end;
  const phase = phases.find((one) => one.start_date <= start && start < one.end_date);
  const [asked] = phase?.items ?? [];
  const price = asked === undefined ? item.price : sandbox.get('price', refId(asked.price));
  const isKept = isSameCadence(price, item.price) && phase?.billing_cycle_anchor !== 'phase_start';
  const end = periodEndAfter(isKept ? subscription.billing_cycle_anchor : start, cadenceOf(price), start);
  const [next] = itemsWith(subscription, {
    price,
    plan: planOf(price),
    quantity: asked?.quantity ?? item.quantity ?? 1,
    current_period_start: start,
    current_period_end: end,
  }).data;
  return next ?? item;
}

function planOfSubscription(sandbox: Sandbox, asked: Asked): Plan {
  if (asked.subscription === undefined || asked.schedule_details !== undefined) {
    throw invalidRequest('The stand-in previews a subscription or a schedule that is there.', {
      param: 'subscription',
    });
  }
  const subscription = sandbox.get('subscription', asked.subscription, 'subscription');
  const details = asked.subscription_details ?? {};
  const ending = { ...subscription, ...schedulingOf(sandbox, details)(subscription) };
  return {
    subscription,
    change: {
      ...itemAsked(sandbox, subscription, details.items),
      movesAnchor: details.billing_cycle_anchor?.type === 'now',
      trialEnd: details.trial_end === 'now' ? sandbox.now() : (details.trial_end ?? null),
      proration: details.proration_behavior ?? 'create_prorations',
      paymentBehavior: 'allow_incomplete',
    },
    phases: scheduleOf(sandbox, subscription)?.phases ?? [],
    endsAt: ending.cancel_at,
  };
}

function planOfSchedule(sandbox: Sandbox, asked: Asked): Plan {
  if (asked.subscription !== undefined || asked.subscription_details !== undefined) {
    throw invalidRequest('You may only specify one of these parameters: schedule, subscription.', {
      param: 'schedule',
      code: 'parameters_exclusive',
    });
  }
  const schedule = sandbox.get('subscription_schedule', asked.schedule ?? '', 'schedule');
  const subscription = sandbox.get('subscription', refId(schedule.subscription) ?? '', 'schedule');
  const details = asked.schedule_details ?? {};
  const phases =
    details.phases === undefined
      ? schedule.phases
      : phasesWith(sandbox, schedule, details.phases, 'schedule_details[phases]');
  const present = phases.find(({ start_date: start }) => start === schedule.current_phase?.start_date);
  const [item] = present?.items ?? [];
  const isCanceled = (details.end_behavior ?? schedule.end_behavior) === 'cancel';
  return {
    subscription,
    change: {
      price: item === undefined ? itemOf(subscription).price : sandbox.get('price', refId(item.price)),
      quantity: item?.quantity ?? 1,
      movesAnchor: false,
      trialEnd: null,
      proration: details.proration_behavior ?? 'create_prorations',
      paymentBehavior: 'allow_incomplete',
    },
    phases,
    endsAt: isCanceled ? (phases.at(-1)?.end_date ?? null) : null,
  };
}

interface Upcoming {
  lines: Stripe.InvoiceLineItem[];
  at: Seconds;
  attemptAt: Seconds;
  period: Period;
}

// Source: https://docs.stripe.com/billing/customer/balance
function upcoming(
  sandbox: Sandbox,
  subscription: Stripe.Subscription,
  { lines, at, attemptAt, period }: Upcoming,
): Stripe.Invoice {
  const customer = sandbox.customer(refId(subscription.customer));
  const invoice = newInvoice(sandbox, {
    customer,
    subscription,
    lines,
    reason: 'upcoming',
    period,
    finalizesAt: null,
  });
  const owed = invoice.total + customer.balance;
  const due = owed < MINIMUM_CENTS ? 0 : owed;
  return {
    ...invoice,
    id: `upcoming_${invoice.id}`,
    amount_due: due,
    amount_remaining: due,
    created: at,
    ending_balance: owed - due,
    next_payment_attempt: invoice.collection_method === 'send_invoice' ? null : attemptAt,
  };
}

export const previewRoutes: Route[] = [
  route({ method: 'POST', path: '/v1/invoices/create_preview', params, answer: preview }),
];

import { beginSubscription } from '../commands/begin-subscription.ts';
import { changeBilling, type ChangeOutcome } from '../commands/change-billing.ts';
import { readAccount } from '../commands/read-account.ts';
import { previewPlanChange, showBilling } from '../commands/show-billing.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectStripe } from '../adapters/stripe/connection.ts';
import { StripeMissingError } from '../adapters/stripe/errors.ts';
import { createPortal } from '../adapters/stripe/portal.ts';
import { plansOnSale } from '../domain/catalogue.ts';
import { type Instant, toIso } from '../domain/instants.ts';
import { type Offer } from '../domain/live-subscription.ts';
import { type BillingChange } from '../domain/change-verdicts.ts';
import { isSold, isStalled, isUnpaid } from '../domain/plan-changes.ts';
import { requiredVariable, optionalVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/billing.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { REPLAYED } from '../http/outcomes.ts';
import {
  alreadySubscribed,
  changeFailed,
  changeNeedsHolder,
  changeRefused,
  invalid,
  noCustomer,
  type Problem,
  problemOfFailure,
} from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const stripe = connectStripe(requiredVariable('stripeSecretId'), optionalVariable('stripeApiUrl'));
const services = { store, stripe };
const appUrl = requiredVariable('appUrl');
const portal = createPortal(stripe, requiredVariable('stage'));

/** Null: the plan is sold by the interval. */
function notSold(offer: Offer): Problem | null {
  return isSold(offer, store.catalogue) ? null : unsold(offer);
}

function unsold({ plan, interval }: Offer): Problem {
  return plansOnSale(store.catalogue).includes(plan)
    ? invalid([{ path: 'interval', message: `The plan ${plan} is not sold by the ${interval}.` }])
    : invalid([{ path: 'plan', message: `The plan ${plan} is not sold.` }]);
}

const checkout = operation(contracts.createCheckoutSession, async (request) => {
  const problem = notSold(request.body);
  if (problem !== null) {
    return problem;
  }
  const url = await beginSubscription({ ...services, appUrl }, request, request.body);
  return url === null ? alreadySubscribed() : { status: 200, body: { url } };
});

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

const show = operation(contracts.getBilling, async (request) => {
  const { account, subscription } = await showBilling(services, request);
  const { scheduled, pending } = subscription ?? { scheduled: null, pending: null };
  return {
    status: 200,
    body: {
      plan: account.plan,
      status: account.subscription.status,
      interval: subscription?.offer?.interval ?? null,
      periodEndsAt: isoOrNull(subscription?.periodEndsAt ?? null),
      endsAt: isoOrNull(subscription?.cancelAt ?? null),
      scheduled: scheduled === null ? null : { ...shown(scheduled.offer), at: toIso(scheduled.at) },
      waiting:
        pending === null
          ? null
          : {
              ...shown(pending.offer),
              clientSecret: pending.clientSecret,
              expiresAt: toIso(pending.expiresAt),
            },
      isUnpaid: subscription !== null && isUnpaid(subscription),
      isStalled: subscription !== null && isStalled(subscription),
      isCustomer: account.customerId !== null,
    },
  };
});

function shown(offer: Offer | null): { plan: string | null; interval: Offer['interval'] | null } {
  return { plan: offer?.plan ?? null, interval: offer?.interval ?? null };
}

function isoOrNull(instant: Instant | null): string | null {
  return instant === null ? null : toIso(instant);
}

const preview = operation(contracts.previewPlanChange, async (request) => {
  const problem = notSold(request.query);
  if (problem !== null) {
    return problem;
  }
  const outcome = await previewPlanChange(services, request, request.query);
  if (outcome.outcome === 'refused') {
    return changeRefused(outcome.refusal);
  }
  const { way, holdsFrom, preview: previewed } = outcome;
  const { dueNow, next } = previewed;
  return {
    status: 200,
    body: {
      way,
      dueNow,
      holdsFrom: toIso(holdsFrom),
      next: { price: next.price, at: toIso(next.at) },
    },
  };
});

const change = operation(contracts.changePlan, async (request) =>
  answerChange(
    await changeBilling(services, request, { kind: 'plan_change', offer: request.body }),
    request.now,
  ),
);

const takeChangeBack = operation(contracts.takePlanChangeBack, async (request) =>
  answerChange(
    await changeBilling(services, request, { kind: 'plan_change_taken_back', offer: null }),
    request.now,
  ),
);

const cancel = operation(contracts.cancelSubscription, async (request) =>
  answerChange(await changeBilling(services, request, { kind: 'cancellation', offer: null }), request.now),
);

const takeCancellationBack = operation(contracts.takeCancellationBack, async (request) =>
  answerChange(
    await changeBilling(services, request, { kind: 'cancellation_taken_back', offer: null }),
    request.now,
  ),
);

function answerChange(outcome: ChangeOutcome, now: Instant) {
  switch (outcome.outcome) {
    case 'idempotency_conflict':
      return problemOfFailure(outcome, now);
    case 'not_sold':
      return unsold(outcome.offer);
    case 'refused':
      return changeRefused(outcome.refusal);
    case 'answered': {
      const { record, clientSecret, isRepeated } = outcome;
      if (record.status === 'refused') {
        return changeFailed(record.id, record.failure ?? 'lapsed', record.declineCode);
      }
      if (record.status !== 'done' && clientSecret !== null) {
        return changeNeedsHolder(record.id, clientSecret);
      }
      const headers = isRepeated ? REPLAYED : {};
      return { status: record.status === 'done' ? 200 : 202, headers, body: shownChange(record) } as const;
    }
  }
}

function shownChange({ id, kind, offer, status, effectiveAt, createdAt }: BillingChange) {
  const at = { effectiveAt: isoOrNull(effectiveAt), createdAt: toIso(createdAt) };
  return { id, kind, ...shown(offer), status, ...at };
}

export const handler = httpHandler([
  show,
  preview,
  change,
  takeChangeBack,
  cancel,
  takeCancellationBack,
  checkout,
  openPortal,
]);

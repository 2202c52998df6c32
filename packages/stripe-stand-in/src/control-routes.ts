import * as z from 'zod/mini';
import { notFound, ProblemError } from '../../lambdas/http/problems.ts';
import { validated } from '../../lambdas/http/validation.ts';
import { type LocalRoute, refuseInput } from '../local-routes.ts';
import { ApiError } from './api-error.ts';
import type { Control } from './control.ts';

const MAX_WAIT_MS = 60_000;

const probability = z.union([z.boolean(), z.number().check(z.gte(0), z.lte(1))]);
const waitMs = z.number().check(z.gte(0), z.lte(MAX_WAIT_MS));
const faults = z.strictObject({
  webhooks: z.optional(
    z.strictObject({
      shuffle: z.optional(z.boolean()),
      duplicate: z.optional(probability),
      delayMs: z.optional(waitMs),
      drop: z.optional(probability),
    }),
  ),
  api: z.optional(
    z.strictObject({
      latencyMs: z.optional(waitMs),
      errorRate: z.optional(probability),
      errors: z.optional(z.array(z.enum(['server_error', 'rate_limit', 'garbage', 'cut', 'hang']))),
      dropAfterEffect: z.optional(probability),
    }),
  ),
});

const id = z.string().check(z.minLength(1), z.maxLength(255));
const path = z.strictObject({ id });
const outcome = z.strictObject({ outcome: z.enum(['succeeded', 'failed']) });
const openStatus = z.enum([
  'needs_response',
  'under_review',
  'warning_needs_response',
  'warning_under_review',
]);
const dispute = z.strictObject({
  charge: z.optional(id),
  payment_intent: z.optional(id),
  amount: z.optional(z.int()),
  status: z.optional(openStatus),
  reason: z.optional(z.string()),
});
const payment = z.strictObject({
  paymentMethod: z.optional(z.nullable(id)),
  email: z.optional(z.email()),
  name: z.optional(z.string()),
  authenticate: z.optional(z.boolean()),
});

/**
 * What happens at Stripe without Postage: faults, and what customers and banks do there. Objects are answered as
 * Stripe shapes them.
 */
export function stripeDevRoutes(control: Control): LocalRoute[] {
  return [
    {
      method: 'PUT',
      path: '/dev/stripe',
      answer: ({ json }) => control.setFaults(validated(faults, json ?? {})),
    },
    { method: 'POST', path: '/dev/stripe/flush', answer: () => control.flush() },
    ofOne('/dev/stripe/checkout/{id}/pay', payment, (one, body) => control.payCheckout(one, body)),
    ofOne('/dev/stripe/checkout/{id}/expire', z.strictObject({}), (one) => control.expireCheckout(one)),
    ofOne('/dev/stripe/invoices/{id}/pay', z.strictObject({ paymentMethod: z.optional(id) }), (one, body) =>
      control.payInvoice(one, body.paymentMethod),
    ),
    ofOne(
      '/dev/stripe/payment-intents/{id}/authenticate',
      z.strictObject({ approved: z.boolean() }),
      (one, body) => control.authenticate(one, body.approved),
    ),
    ofOne('/dev/stripe/payment-intents/{id}/settle', outcome, (one, body) =>
      control.settlePayment(one, body.outcome),
    ),
    ofOne('/dev/stripe/refunds/{id}/settle', outcome, (one, body) => control.settleRefund(one, body.outcome)),
    {
      method: 'POST',
      path: '/dev/stripe/disputes',
      answer: ({ json }) => {
        const { payment_intent: paymentIntent, ...order } = validated(dispute, json ?? {});
        return asProblem(() => control.openDispute({ ...order, paymentIntent }));
      },
    },
    ofOne('/dev/stripe/disputes/{id}/progress', z.strictObject({ status: openStatus }), (one, body) =>
      control.progressDispute(one, body.status),
    ),
    ofOne(
      '/dev/stripe/disputes/{id}/close',
      z.strictObject({ status: z.enum(['won', 'lost', 'warning_closed']) }),
      (one, body) => control.closeDispute(one, body.status),
    ),
    // The id is that of a Portal session, as in the address of its page.
    ofOne('/dev/stripe/portal/{id}/price', z.strictObject({ price: id }), (one, body) =>
      control.changePriceInPortal(control.subscriptionOfPortal(one), body.price),
    ),
    ofOne('/dev/stripe/portal/{id}/cancel', z.strictObject({}), (one) =>
      control.cancelInPortal(control.subscriptionOfPortal(one)),
    ),
    ofOne('/dev/stripe/portal/{id}/keep', z.strictObject({}), (one) =>
      control.keepInPortal(control.subscriptionOfPortal(one)),
    ),
    ofOne('/dev/stripe/portal/{id}/card', z.strictObject({ paymentMethod: id }), (one, body) =>
      control.changeCardInPortal(control.customerOfPortal(one), body.paymentMethod),
    ),
  ];
}

function ofOne<Body>(
  template: `/${string}`,
  schema: z.ZodMiniType<Body>,
  act: (id: string, body: Body) => object,
): LocalRoute {
  return {
    method: 'POST',
    path: template,
    answer: ({ parameters, json }) => {
      const { id: one } = validated(path, parameters);
      const body = validated(schema, json ?? {});
      return asProblem(() => act(one, body));
    },
  };
}

/** @throws ProblemError with what Stripe would have shown to whoever tried this */
function asProblem(act: () => object): object {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    const { code, decline_code: declineCode, message, param } = error.body;
    if (code === 'resource_missing') {
      throw new ProblemError(notFound(`object at Stripe: ${message}`));
    }
    const reason = declineCode ?? code;
    return refuseInput(param ?? '', reason === undefined ? message : `${message} (${reason})`);
  }
}

import * as z from 'zod/mini';
import { ApiError, type ApiErrorBody, invalidRequest } from './api-error.ts';
import type { Control } from './control.ts';
import { API_FAULTS } from './faults.ts';
import { matchRoute } from './router.ts';
import { AFTER_RETRIES } from './sandbox.ts';

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
      errors: z.optional(z.array(z.enum(API_FAULTS))),
      dropAfterEffect: z.optional(probability),
      errorAfterEffect: z.optional(probability),
      forbidden: z.optional(z.array(z.string())),
    }),
  ),
});

const id = z.string().check(z.minLength(1), z.maxLength(255));
const nothing = z.strictObject({});
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
  promotionCode: z.optional(z.string()),
  acceptTerms: z.optional(z.boolean()),
  taxId: z.optional(z.string()),
});

interface ControlRoute {
  method: 'PUT' | 'POST';
  path: string;
  act: (control: Control, id: string, json: unknown) => object | Promise<object>;
}

/** What customers, banks and Stripe itself do, and faults. Objects are answered as Stripe shapes them. */
const ROUTES: readonly ControlRoute[] = [
  { method: 'PUT', path: '', act: (control, _id, json) => control.setFaults(read(faults, json)) },
  post('/flush', nothing, (control) => control.flush()),
  post('/checkout/{id}/pay', payment, (control, one, body) => control.payCheckout(one, body)),
  post('/checkout/{id}/expire', nothing, (control, one) => control.expireCheckout(one)),
  post('/invoices/{id}/pay', z.strictObject({ paymentMethod: z.optional(id) }), (control, one, body) =>
    control.payInvoice(one, body.paymentMethod),
  ),
  post(
    '/payment-intents/{id}/authenticate',
    z.strictObject({ approved: z.boolean() }),
    (control, one, body) => control.authenticate(one, body.approved),
  ),
  post('/payment-intents/{id}/settle', outcome, (control, one, body) =>
    control.settlePayment(one, body.outcome),
  ),
  post('/billing', z.strictObject({ afterRetries: z.enum(AFTER_RETRIES) }), (control, _id, order) =>
    control.setAfterRetries(order.afterRetries),
  ),
  post('/subscriptions/{id}/fail-finalization', nothing, (control, one) => control.failFinalization(one)),
  post('/refunds/{id}/settle', outcome, (control, one, body) => control.settleRefund(one, body.outcome)),
  post('/disputes', dispute, (control, _id, { payment_intent: paymentIntent, ...order }) =>
    control.openDispute({ ...order, paymentIntent }),
  ),
  post('/disputes/{id}/progress', z.strictObject({ status: openStatus }), (control, one, body) =>
    control.progressDispute(one, body.status),
  ),
  post(
    '/disputes/{id}/close',
    z.strictObject({ status: z.enum(['won', 'lost', 'warning_closed']) }),
    (control, one, body) => control.closeDispute(one, body.status),
  ),
  // The id is that of a Portal session, as in the address of its page.
  post('/portal/{id}/price', z.strictObject({ price: id }), (control, one, body) =>
    control.changePriceInPortal(control.subscriptionOfPortal(one), body.price),
  ),
  post('/thin-destinations', z.strictObject({ url: z.url(), events: z.array(id) }), (control, _id, order) =>
    control.openThinDestination(order),
  ),
  post('/webhook-endpoints/{id}/roll-secret', nothing, (control, one) => control.rollSecret(one)),
  post('/portal/{id}/cancel', nothing, (control, one) =>
    control.cancelInPortal(control.subscriptionOfPortal(one)),
  ),
  post('/portal/{id}/keep', nothing, (control, one) =>
    control.keepInPortal(control.subscriptionOfPortal(one)),
  ),
  post('/portal/{id}/card', z.strictObject({ paymentMethod: id }), (control, one, body) =>
    control.changeCardInPortal(control.customerOfPortal(one), body.paymentMethod),
  ),
];

function post<Body>(
  path: string,
  schema: z.ZodMiniType<Body>,
  act: (control: Control, id: string, body: Body) => object | Promise<object>,
): ControlRoute {
  return {
    method: 'POST',
    path,
    act: (control, one, json) => act(control, one, read(schema, json)),
  };
}

/** @throws ApiError that names the first field that is wrong */
function read<Body>(schema: z.ZodMiniType<Body>, json: unknown): Body {
  const { data, error } = schema.safeParse(json ?? {});
  const [issue] = error?.issues ?? [];
  if (issue !== undefined) {
    const names = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
    throw invalidRequest(issue.message, { param: names.map(String).join('.') });
  }
  return data as Body;
}

/** The result of an order, or the error that Stripe would have shown. */
export type ControlAnswer =
  { status: number; result: object; error: null } | { status: number; result: null; error: ApiErrorBody };

export async function answerControl(
  control: Control,
  method: string,
  path: string,
  json: unknown,
): Promise<ControlAnswer> {
  try {
    const match = matchRoute(ROUTES, method, path);
    if (match === null) {
      throw new ApiError(404, { type: 'invalid_request_error', message: `No control: ${method} ${path}` });
    }
    const result = await match.route.act(control, match.parameters['id'] ?? '', json);
    return { status: 200, result, error: null };
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return { status: error.status, result: null, error: error.body };
  }
}

import { ApiError, invalidParameter } from './api-error.ts';
import { intentOf, paymentsOf } from './invoices.ts';
import { listOf } from './lists.ts';
import { type Sandbox } from './sandbox.ts';
import { findObject, refId } from './state.ts';

// Source: https://docs.stripe.com/api/expanding_objects
// Guess: members that are no objects of their own, as `data`, do not count as levels of an expansion.
const MAX_LEVELS = 8;

type Json = Record<string, unknown>;

/** What an object has only when it is asked for. */
const INCLUDED: Record<string, (sandbox: Sandbox, id: string) => unknown> = {
  'invoice.payments': (sandbox, id) => listOf(paymentsOf(sandbox, id), '/v1/invoice_payments'),
  'invoice.confirmation_secret': (sandbox, id) => {
    const secret = intentOf(sandbox, sandbox.get('invoice', id))?.client_secret;
    return secret === undefined || secret === null ? null : { client_secret: secret, type: 'payment_intent' };
  },
  'charge.refunds': (sandbox, id) =>
    listOf(
      sandbox.all('refund').filter((refund) => refId(refund.charge) === id),
      `/v1/charges/${id}/refunds`,
    ),
  'checkout.session.line_items': (sandbox, id) =>
    listOf(sandbox.get('checkout_plan', id).lineItems, `/v1/checkout/sessions/${id}/line_items`),
  'customer.subscriptions': (sandbox, id) =>
    listOf(
      sandbox
        .all('subscription')
        .filter((subscription) => refId(subscription.customer) === id && subscription.status !== 'canceled'),
      `/v1/customers/${id}/subscriptions`,
    ),
};

/** A copy of an answer in which the named references are the objects themselves. */
export function expand(sandbox: Sandbox, answer: object, paths: readonly string[]): object {
  const copy = jsonOf(answer);
  for (const path of paths) {
    const levels = path.split('.');
    if (levels.length > MAX_LEVELS) {
      throw invalidParameter(`You cannot expand more than 4 levels of a property (${path}).`, 'expand');
    }
    expandAt(sandbox, copy, levels, path);
  }
  return copy;
}

function expandAt(sandbox: Sandbox, parent: Json, [name = '', ...rest]: string[], path: string): void {
  const value = parent[name] ?? includedIn(sandbox, parent, name);
  const expandedOne = (one: unknown): unknown =>
    typeof one === 'string' && name !== 'id' ? expandedId(sandbox, one) : one;
  const expanded = Array.isArray(value) ? value.map(expandedOne) : expandedOne(value);
  if (expanded === undefined || (typeof expanded !== 'object' && rest.length === 0)) {
    throw new ApiError(400, {
      type: 'invalid_request_error',
      message: `This property cannot be expanded (${path}).`,
      param: 'expand',
    });
  }
  parent[name] = expanded;
  if (rest.length > 0) {
    for (const child of Array.isArray(expanded) ? expanded : [expanded]) {
      if (isJson(child)) {
        expandAt(sandbox, child, rest, path);
      }
    }
  }
}

function expandedId(sandbox: Sandbox, id: string): Json | undefined {
  const found = findObject(sandbox.state, id);
  return found === undefined ? undefined : jsonOf(found);
}

function includedIn(sandbox: Sandbox, parent: Json, name: string): unknown {
  const { object, id } = parent;
  if (name in parent) {
    return parent[name];
  }
  const include = INCLUDED[`${String(object)}.${name}`];
  return include === undefined || typeof id !== 'string' ? undefined : jsonValue(include(sandbox, id));
}

function jsonOf(value: object): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function jsonValue(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

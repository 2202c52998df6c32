/**
 * Every route of the HTTP API: which function serves it, and who may call it. The CDK app, the local gateway and the
 * OpenAPI document all read this list.
 */

/** One Lambda function per group; its file is `lambdas/api/<group>.ts`. */
export type RouteGroup =
  | 'letters'
  | 'deliveries'
  | 'usage'
  | 'credits'
  | 'purchases'
  | 'gifts'
  | 'billing'
  | 'consumption'
  | 'admin'
  | 'failed-events'
  | 'webhooks'
  | 'mail-webhook'
  | 'cron'
  | 'docs';

/**
 * Who may call a route. `user`, `usage:write` and `admin` carry a token that the gateway has verified; the function
 * checks the role. `cron` carries the cron secret, which the function compares. `signature` is signed by its sender,
 * which the operation checks. `anyone` carries nothing.
 */
export type Access = 'user' | 'usage:write' | 'admin' | 'cron' | 'signature' | 'anyone';

export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  path: `/${string}`;
  group: RouteGroup;
  access: Access;
}

export const ROUTES = [
  { method: 'POST', path: '/letters', group: 'letters', access: 'user' },
  { method: 'GET', path: '/letters', group: 'letters', access: 'user' },
  { method: 'GET', path: '/letters/{id}', group: 'letters', access: 'user' },
  { method: 'DELETE', path: '/letters/{id}', group: 'letters', access: 'user' },
  { method: 'POST', path: '/deliveries', group: 'deliveries', access: 'user' },
  { method: 'GET', path: '/deliveries', group: 'deliveries', access: 'user' },
  { method: 'GET', path: '/deliveries/{id}', group: 'deliveries', access: 'user' },
  { method: 'DELETE', path: '/deliveries/{id}', group: 'deliveries', access: 'user' },
  { method: 'GET', path: '/entitlements', group: 'usage', access: 'user' },
  { method: 'GET', path: '/usage', group: 'usage', access: 'user' },
  { method: 'GET', path: '/usage/remaining', group: 'usage', access: 'user' },
  { method: 'GET', path: '/usage/history', group: 'usage', access: 'user' },
  { method: 'GET', path: '/usage/nearing-quota', group: 'usage', access: 'user' },
  { method: 'GET', path: '/usage/forecast', group: 'usage', access: 'user' },
  { method: 'GET', path: '/credits', group: 'credits', access: 'user' },
  { method: 'GET', path: '/credits/ledger', group: 'credits', access: 'user' },
  { method: 'POST', path: '/credits/purchases', group: 'purchases', access: 'user' },
  { method: 'POST', path: '/credits/gifts', group: 'gifts', access: 'user' },
  { method: 'POST', path: '/credits/gifts/{code}/redemption', group: 'gifts', access: 'user' },
  { method: 'POST', path: '/billing/checkout-sessions', group: 'billing', access: 'user' },
  { method: 'POST', path: '/billing/portal-sessions', group: 'billing', access: 'user' },
  { method: 'POST', path: '/users/{userId}/usage', group: 'consumption', access: 'usage:write' },
  { method: 'GET', path: '/admin/usage-stats', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/reports/mail-credits', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users/{userId}', group: 'admin', access: 'admin' },
  { method: 'DELETE', path: '/admin/users/{userId}', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users/{userId}/ledger-proof', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users/{userId}/export', group: 'admin', access: 'admin' },
  { method: 'POST', path: '/admin/users/{userId}/credit-adjustments', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/audit-events', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/rollovers', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/failed-events', group: 'failed-events', access: 'admin' },
  { method: 'POST', path: '/admin/failed-events/{id}/redrive', group: 'failed-events', access: 'admin' },
  { method: 'POST', path: '/webhooks/stripe', group: 'webhooks', access: 'signature' },
  { method: 'POST', path: '/webhooks/mail', group: 'mail-webhook', access: 'signature' },
  { method: 'POST', path: '/cron/rollover-usage', group: 'cron', access: 'cron' },
  { method: 'GET', path: '/cron/rollover-usage', group: 'cron', access: 'cron' },
  { method: 'POST', path: '/cron/reconcile-deliveries', group: 'cron', access: 'cron' },
  { method: 'GET', path: '/cron/reconcile-deliveries', group: 'cron', access: 'cron' },
  { method: 'GET', path: '/cron/executions/{id}', group: 'cron', access: 'cron' },
  { method: 'GET', path: '/health', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/openapi.json', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/docs', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/docs/{file}', group: 'docs', access: 'anyone' },
] as const satisfies readonly Route[];

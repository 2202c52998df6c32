/** The routes of the core: which function serves each, and who may call it. */

/**
 * Who may call a route. The gateway verifies the token of `user`, `usage:read`, `usage:write` and `admin`, and the function checks the
 * role. The function compares the secret of `cron`. The operation checks the `signature` of a sender. `anyone` needs
 * nothing.
 */
export type Access = 'user' | 'usage:read' | 'usage:write' | 'admin' | 'cron' | 'signature' | 'anyone';

export interface Route {
  method: 'GET' | 'POST' | 'DELETE';
  path: `/${string}`;
  /** One Lambda function serves a group; its file is `lambdas/api/<group>.ts`. */
  group: string;
  access: Access;
}

export const CORE_ROUTES = [
  { method: 'GET', path: '/account', group: 'account', access: 'user' },
  { method: 'GET', path: '/account/history', group: 'account', access: 'user' },
  { method: 'GET', path: '/account/forecast', group: 'account', access: 'user' },
  { method: 'GET', path: '/users/{userId}/account', group: 'account', access: 'usage:read' },
  { method: 'GET', path: '/catalogue', group: 'account', access: 'anyone' },
  { method: 'GET', path: '/credits', group: 'credits', access: 'user' },
  { method: 'GET', path: '/credits/ledger', group: 'credits', access: 'user' },
  { method: 'GET', path: '/credits/purchases', group: 'purchases', access: 'user' },
  { method: 'POST', path: '/credits/purchases', group: 'purchases', access: 'user' },
  { method: 'GET', path: '/credits/gifts', group: 'gifts', access: 'user' },
  { method: 'POST', path: '/credits/gifts', group: 'gifts', access: 'user' },
  { method: 'POST', path: '/credits/gifts/{code}/redemption', group: 'gifts', access: 'user' },
  { method: 'GET', path: '/billing', group: 'billing', access: 'user' },
  { method: 'GET', path: '/billing/preview', group: 'billing', access: 'user' },
  { method: 'POST', path: '/billing/plan-changes', group: 'billing', access: 'user' },
  { method: 'DELETE', path: '/billing/plan-changes', group: 'billing', access: 'user' },
  { method: 'POST', path: '/billing/cancellation', group: 'billing', access: 'user' },
  { method: 'DELETE', path: '/billing/cancellation', group: 'billing', access: 'user' },
  { method: 'POST', path: '/billing/checkout-sessions', group: 'billing', access: 'user' },
  { method: 'POST', path: '/billing/portal-sessions', group: 'billing', access: 'user' },
  { method: 'POST', path: '/users/{userId}/usage', group: 'consumption', access: 'usage:write' },
  { method: 'DELETE', path: '/users/{userId}/usage/{id}', group: 'consumption', access: 'usage:write' },
  { method: 'GET', path: '/admin/usage-stats', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users/{userId}', group: 'admin', access: 'admin' },
  { method: 'DELETE', path: '/admin/users/{userId}', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users/{userId}/ledger', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users/{userId}/ledger-proof', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/users/{userId}/export', group: 'admin', access: 'admin' },
  { method: 'POST', path: '/admin/users/{userId}/credit-adjustments', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/audit-events', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/rollovers', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/catalogue', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/checks', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/admin/failed-events', group: 'failed-events', access: 'admin' },
  { method: 'POST', path: '/admin/failed-events/{id}/redrive', group: 'failed-events', access: 'admin' },
  { method: 'POST', path: '/admin/failed-events/redrive', group: 'failed-events', access: 'admin' },
  { method: 'POST', path: '/webhooks/stripe', group: 'webhooks', access: 'signature' },
  { method: 'POST', path: '/cron/rollover-usage', group: 'cron', access: 'cron' },
  { method: 'GET', path: '/cron/rollover-usage', group: 'cron', access: 'cron' },
  { method: 'GET', path: '/cron/executions/{id}', group: 'cron', access: 'cron' },
  { method: 'GET', path: '/health', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/openapi.json', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/docs', group: 'docs', access: 'anyone' },
  { method: 'GET', path: '/docs/{file}', group: 'docs', access: 'anyone' },
] as const satisfies readonly Route[];

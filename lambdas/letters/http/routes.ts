import { CORE_ROUTES, type Route } from '../../http/routes.ts';

/** The routes of the letters app. The core's function `admin` serves one of them, and answers some of the core's in their shapes. */
export const LETTERS_ROUTES = [
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
  { method: 'GET', path: '/admin/reports/mail-credits', group: 'admin', access: 'admin' },
  { method: 'GET', path: '/docs/pay', group: 'docs', access: 'anyone' },
  { method: 'POST', path: '/webhooks/mail', group: 'mail-webhook', access: 'signature' },
  { method: 'POST', path: '/cron/reconcile-deliveries', group: 'reconciliation', access: 'cron' },
  { method: 'GET', path: '/cron/reconcile-deliveries', group: 'reconciliation', access: 'cron' },
] as const satisfies readonly Route[];

export const ROUTES = [...LETTERS_ROUTES, ...CORE_ROUTES];

export type RouteGroup = (typeof ROUTES)[number]['group'];

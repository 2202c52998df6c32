/** The whole API of the core, for its document. A handler imports the contracts of its group only. */
import { AUDIT_TYPES } from '../domain/audit.ts';
import { ACCOUNT_CONTRACTS } from './contracts/account.ts';
import { ADMIN_CONTRACTS, listAuditEventsOf } from './contracts/admin.ts';
import { BILLING_CONTRACTS } from './contracts/billing.ts';
import { CONSUMPTION_CONTRACTS } from './contracts/consumption.ts';
import { CREDIT_CONTRACTS } from './contracts/credits.ts';
import { CRON_CONTRACTS } from './contracts/cron.ts';
import { DOCS_CONTRACTS } from './contracts/docs.ts';
import { FAILED_EVENT_CONTRACTS } from './contracts/failed-events.ts';
import { GIFT_CONTRACTS } from './contracts/gifts.ts';
import { PURCHASE_CONTRACTS } from './contracts/purchases.ts';
import { USER_CONTRACTS } from './contracts/users.ts';
import { WEBHOOK_CONTRACTS } from './contracts/webhooks.ts';
import { type Api, CORE_GROUPS } from './openapi.ts';
import { CORE_OWN_PROBLEMS, CORE_PROBLEMS } from './problem-schemas.ts';

/** Without the routes whose answers depend on the app: the audit trail, users and their usage. */
export const CORE_CONTRACTS = [
  ...ACCOUNT_CONTRACTS,
  ...CREDIT_CONTRACTS,
  ...PURCHASE_CONTRACTS,
  ...GIFT_CONTRACTS,
  ...BILLING_CONTRACTS,
  ...CONSUMPTION_CONTRACTS,
  ...ADMIN_CONTRACTS,
  ...FAILED_EVENT_CONTRACTS,
  ...WEBHOOK_CONTRACTS,
  ...CRON_CONTRACTS,
  ...DOCS_CONTRACTS,
];

export function coreApi(): Api {
  return {
    contracts: [...CORE_CONTRACTS, ...USER_CONTRACTS, listAuditEventsOf(AUDIT_TYPES)],
    groups: CORE_GROUPS,
    problems: CORE_PROBLEMS,
    ownProblems: CORE_OWN_PROBLEMS,
  };
}

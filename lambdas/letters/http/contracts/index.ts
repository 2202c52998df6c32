/** Every contract of the API, for the document and the tests. Handlers import their own group's only. */
import { ADMIN_CONTRACTS } from '../../../http/contracts/admin.ts';
import { BILLING_CONTRACTS } from '../../../http/contracts/billing.ts';
import { CONSUMPTION_CONTRACTS } from '../../../http/contracts/consumption.ts';
import { CREDIT_CONTRACTS } from '../../../http/contracts/credits.ts';
import { CRON_CONTRACTS } from '../../../http/contracts/cron.ts';
import { DELIVERY_CONTRACTS } from './deliveries.ts';
import { DOCS_CONTRACTS } from '../../../http/contracts/docs.ts';
import { FAILED_EVENT_CONTRACTS } from '../../../http/contracts/failed-events.ts';
import { GIFT_CONTRACTS } from '../../../http/contracts/gifts.ts';
import { LETTER_CONTRACTS } from './letters.ts';
import { MAIL_WEBHOOK_CONTRACTS } from './mail-webhook.ts';
import { PURCHASE_CONTRACTS } from '../../../http/contracts/purchases.ts';
import { USAGE_CONTRACTS } from './usage.ts';
import { WEBHOOK_CONTRACTS } from '../../../http/contracts/webhooks.ts';
import { type Contract } from '../../../http/contract.ts';

export const CONTRACTS: readonly Contract[] = [
  ...LETTER_CONTRACTS,
  ...DELIVERY_CONTRACTS,
  ...USAGE_CONTRACTS,
  ...CREDIT_CONTRACTS,
  ...PURCHASE_CONTRACTS,
  ...GIFT_CONTRACTS,
  ...BILLING_CONTRACTS,
  ...CONSUMPTION_CONTRACTS,
  ...ADMIN_CONTRACTS,
  ...FAILED_EVENT_CONTRACTS,
  ...WEBHOOK_CONTRACTS,
  ...MAIL_WEBHOOK_CONTRACTS,
  ...CRON_CONTRACTS,
  ...DOCS_CONTRACTS,
];

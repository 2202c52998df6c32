/** The whole API, for its document. A handler imports the contracts of its group only. */
import { ADMIN_CONTRACTS } from '../../http/contracts/admin.ts';
import { BILLING_CONTRACTS } from '../../http/contracts/billing.ts';
import { CONSUMPTION_CONTRACTS } from '../../http/contracts/consumption.ts';
import { CREDIT_CONTRACTS } from '../../http/contracts/credits.ts';
import { CRON_CONTRACTS } from '../../http/contracts/cron.ts';
import { DELIVERY_CONTRACTS } from './contracts/deliveries.ts';
import { DOCS_CONTRACTS } from '../../http/contracts/docs.ts';
import { FAILED_EVENT_CONTRACTS } from '../../http/contracts/failed-events.ts';
import { GIFT_CONTRACTS } from '../../http/contracts/gifts.ts';
import { LETTER_CONTRACTS } from './contracts/letters.ts';
import { MAIL_WEBHOOK_CONTRACTS } from './contracts/mail-webhook.ts';
import { PURCHASE_CONTRACTS } from '../../http/contracts/purchases.ts';
import { USAGE_CONTRACTS } from './contracts/usage.ts';
import { WEBHOOK_CONTRACTS } from '../../http/contracts/webhooks.ts';
import { type Api, CORE_GROUPS } from '../../http/openapi.ts';
import { CORE_OWN_PROBLEMS, CORE_PROBLEMS } from '../../http/problem-schemas.ts';
import { LETTERS_ADMIN_CONTRACTS } from './contracts/admin.ts';
import { RECONCILIATION_CONTRACTS } from './contracts/cron.ts';
import { LETTERS_OWN_PROBLEMS, LETTERS_PROBLEMS } from './problem-schemas.ts';
import { type LETTERS_ROUTES } from './routes.ts';

const CONTRACTS = [
  ...LETTER_CONTRACTS,
  ...DELIVERY_CONTRACTS,
  ...USAGE_CONTRACTS,
  ...CREDIT_CONTRACTS,
  ...PURCHASE_CONTRACTS,
  ...GIFT_CONTRACTS,
  ...BILLING_CONTRACTS,
  ...CONSUMPTION_CONTRACTS,
  ...ADMIN_CONTRACTS,
  ...LETTERS_ADMIN_CONTRACTS,
  ...FAILED_EVENT_CONTRACTS,
  ...MAIL_WEBHOOK_CONTRACTS,
  ...WEBHOOK_CONTRACTS,
  ...CRON_CONTRACTS,
  ...RECONCILIATION_CONTRACTS,
  ...DOCS_CONTRACTS,
];

const GROUPS: Readonly<Record<(typeof LETTERS_ROUTES)[number]['group'], string>> = {
  ...CORE_GROUPS,
  letters: 'Letters, each of which counts.',
  deliveries: 'Letters to be sent, by e-mail or by post.',
  usage: 'What a user may do, and has done.',
  'mail-webhook': 'What Lob says of physical mails.',
};

export const API: Api = {
  contracts: CONTRACTS,
  groups: GROUPS,
  problems: { ...CORE_PROBLEMS, ...LETTERS_PROBLEMS },
  ownProblems: { ...CORE_OWN_PROBLEMS, ...LETTERS_OWN_PROBLEMS },
};

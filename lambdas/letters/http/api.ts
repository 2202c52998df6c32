/** The whole API of the core and the letters app, for its document. */
import { CORE_CONTRACTS } from '../../http/api.ts';
import { listAuditEventsOf } from '../../http/contracts/admin.ts';
import { type Api, CORE_GROUPS } from '../../http/openapi.ts';
import { CORE_OWN_PROBLEMS, CORE_PROBLEMS } from '../../http/problem-schemas.ts';
import { AUDIT_TYPES } from '../domain/audit.ts';
import { LETTERS_ADMIN_CONTRACTS } from './contracts/admin.ts';
import { LETTERS_DOCS_CONTRACTS } from './contracts/docs.ts';
import { DELIVERY_CONTRACTS } from './contracts/deliveries.ts';
import { LETTER_CONTRACTS } from './contracts/letters.ts';
import { MAIL_WEBHOOK_CONTRACTS } from './contracts/mail-webhook.ts';
import { RECONCILIATION_CONTRACTS } from './contracts/reconciliation.ts';
import { USAGE_CONTRACTS } from './contracts/usage.ts';
import { LETTERS_OWN_PROBLEMS, LETTERS_PROBLEMS } from './problem-schemas.ts';
import { type RouteGroup } from './routes.ts';

const GROUPS: Readonly<Record<RouteGroup, string>> = {
  ...CORE_GROUPS,
  letters: 'Letters, each of which counts.',
  deliveries: 'Letters to be sent, by e-mail or by post.',
  usage: 'What a user may do, and has done.',
  'mail-webhook': 'What Lob says of physical mails.',
  reconciliation: 'Sending what is due, on demand.',
};

export const API: Api = {
  contracts: [
    ...LETTER_CONTRACTS,
    ...DELIVERY_CONTRACTS,
    ...USAGE_CONTRACTS,
    ...CORE_CONTRACTS,
    listAuditEventsOf(AUDIT_TYPES),
    ...LETTERS_ADMIN_CONTRACTS,
    ...LETTERS_DOCS_CONTRACTS,
    ...MAIL_WEBHOOK_CONTRACTS,
    ...RECONCILIATION_CONTRACTS,
  ],
  groups: GROUPS,
  problems: { ...CORE_PROBLEMS, ...LETTERS_PROBLEMS },
  ownProblems: { ...CORE_OWN_PROBLEMS, ...LETTERS_OWN_PROBLEMS },
};

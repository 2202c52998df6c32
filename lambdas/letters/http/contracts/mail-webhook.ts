import * as z from 'zod/mini';
import { NO_INPUT, RAW_BODY } from '../../../http/contract.ts';
import { contract } from '../contract.ts';
import { named } from '../../../http/schemas.ts';

const MailStatusReceipt = named(
  'MailStatusReceipt',
  z.object({
    outcome: z.enum(['applied', 'unchanged', 'ignored']),
    because: z.optional(z.string()),
  }),
  {
    description:
      '`unchanged`: it was known already. `ignored`: nothing follows of it, for the reason in `because`, such as `not_ours`, `not_followed`, `unknown_delivery`, `already_cancelled`.',
    example: { outcome: 'applied' },
  },
);

export const receiveMailStatus = contract('POST /webhooks/mail', {
  ...NO_INPUT,
  operationId: 'receiveMailStatus',
  summary: "Lob's webhook",
  description:
    "Takes what Lob says of a physical mail, signed less than five minutes ago. Late, repeated and in whatever order, the same events leave the same delivery. What can't be used is answered with 200 all the same, since Lob would send it again in vain.",
  body: RAW_BODY,
  signedBy: {
    id: 'lobSignature',
    header: 'Lob-Signature',
    description: "Lob's signature of the body and of the time in `Lob-Signature-Timestamp`.",
    example: {
      id: 'evt_d95ff8ffd2b5cfb4',
      event_type: { id: 'letter.mailed' },
      body: { id: 'ltr_4868c3b754655f90' },
    },
  },
  answers: { 200: { description: 'The status is taken in', schema: MailStatusReceipt } },
  problems: ['not_configured', 'malformed'],
});

export const MAIL_WEBHOOK_CONTRACTS = [receiveMailStatus];

import * as z from 'zod/mini';
import { SES_EVENT_TYPES } from '../../wiring/bus-rules.ts';

/** What SES says later of an e-mail that it has taken: that it did not arrive, or was not wanted. */
export interface EmailReport {
  userId: string;
  deliveryId: string;
  providerId: string;
  failure: string;
}

/** https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html */
const sesEvent = z.object({
  'detail-type': z.enum(SES_EVENT_TYPES),
  detail: z.object({
    mail: z.object({ messageId: z.string(), tags: z.optional(z.record(z.string(), z.array(z.string()))) }),
    bounce: z.optional(
      z.object({
        bounceType: z.string(),
        bouncedRecipients: z.array(z.object({ action: z.optional(z.string()) })),
      }),
    ),
  }),
});

export type SesEvent = z.infer<typeof sesEvent>;

export function isSesEvent(event: unknown): event is SesEvent {
  return sesEvent.safeParse(event).success;
}

/** Null when the e-mail is none of ours, or may still have arrived. */
export function reportOf({ 'detail-type': type, detail: { mail, bounce } }: SesEvent): EmailReport | null {
  const [deliveryId = ''] = mail.tags?.['postage-delivery'] ?? [];
  const [user = ''] = mail.tags?.['postage-user'] ?? [];
  const userId = Buffer.from(user, 'base64url').toString();
  const failure = failureOf(type, bounce);
  return deliveryId === '' || userId === '' || failure === null
    ? null
    : { userId, deliveryId, providerId: mail.messageId, failure };
}

function failureOf(type: SesEvent['detail-type'], bounce: SesEvent['detail']['bounce']): string | null {
  switch (type) {
    case 'Email Complaint Received':
      return 'complained';
    case 'Email Rejected':
      return 'rejected';
    case 'Email Bounced': {
      // Guess: an answer that somebody is away counts as a soft bounce too, and reports no action.
      const isLost =
        bounce?.bounceType === 'Permanent' ||
        bounce?.bouncedRecipients.some(({ action }) => action === 'failed') === true;
      return isLost ? 'bounced' : null;
    }
  }
}

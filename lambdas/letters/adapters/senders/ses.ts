import { SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { type EmailRecipient } from '../../domain/deliveries.ts';
import {
  type Acceptance,
  NothingTakenError,
  type Parcel,
  type Send,
  SenderNotConfiguredError,
} from './provider.ts';

const TIMEOUT_MS = 10_000;

/** SES refuses for a while, and has taken nothing. */
const BUSY = new Set(['TooManyRequestsException', 'LimitExceededException', 'ThrottlingException']);
/** SES sends nothing until the operator has acted. */
const NOT_SET_UP = new Set([
  'AccountSuspendedException',
  'SendingPausedException',
  'MailFromDomainNotVerifiedException',
  'NotFoundException',
  'AccessDeniedException',
]);
/** SES will never take this message. */
const REJECTED = new Set(['MessageRejected', 'BadRequestException']);
/** There was no connection. */
const UNREACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/;

/**
 * Sends by Amazon SES. SES has no idempotency token, so each e-mail is asked for once, without the SDK's retries. If the
 * answer gets lost, SES may have sent it.
 *
 * @param from a verified address, `Postage <letters@example.com>`
 */
export function connectSes(from: string): Send<EmailRecipient> {
  const client = new SESv2Client({
    maxAttempts: 1,
    requestHandler: { requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true, connectionTimeout: 2_000 },
  });
  return async (parcel) => {
    try {
      const { MessageId } = await client.send(new SendEmailCommand(requestOf(from, parcel)));
      return { outcome: 'accepted', providerId: MessageId ?? '' };
    } catch (error) {
      return outcomeOf(error);
    }
  };
}

function requestOf(from: string, { deliveryId, recipient, letter }: Parcel<EmailRecipient>) {
  const Charset = 'UTF-8';
  return {
    FromEmailAddress: from,
    Destination: { ToAddresses: [recipient.email] },
    Content: {
      Simple: {
        Subject: { Data: letter.title, Charset },
        Body: { Text: { Data: letter.body, Charset } },
      },
    },
    EmailTags: [{ Name: 'postage-delivery', Value: deliveryId }],
  };
}

function outcomeOf(error: unknown): Acceptance {
  if (!(error instanceof Error)) {
    throw error;
  }
  const { code } = error as { code?: unknown };
  // A sandbox rejects e-mails to or from an address that nobody has verified.
  if (NOT_SET_UP.has(error.name) || /not verified/i.test(error.message)) {
    throw new SenderNotConfiguredError(`SES does not send for this account: ${error.name}.`, {
      cause: error,
    });
  }
  if (BUSY.has(error.name) || (typeof code === 'string' && UNREACHED.test(code))) {
    throw new NothingTakenError('SES takes nothing at present.', { cause: error });
  }
  if (REJECTED.has(error.name)) {
    return { outcome: 'rejected', failure: 'rejected' };
  }
  throw error;
}

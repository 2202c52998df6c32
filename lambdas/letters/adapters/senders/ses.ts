import { GetAccountCommand, SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { setTimeout as wait } from 'node:timers/promises';
import { type EmailRecipient } from '../../domain/deliveries.ts';
import { senderHeader } from '../../domain/email-sender.ts';
import {
  type Acceptance,
  NothingTakenError,
  type Parcel,
  ProviderBusyError,
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
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'UnrecognizedClientException',
]);
/** SES will never take this message. */
const REJECTED = new Set(['MessageRejected', 'BadRequestException']);
/** There was no connection. */
const UNREACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN)$/;

/**
 * A connection that a frozen function has kept may be dead, and then nobody knows whether SES took the e-mail. (Where the
 * sockets are counted, Node keeps one for who waits.)
 */
const KEEPS_NOTHING = { keepAlive: false, maxSockets: Number.POSITIVE_INFINITY };

export interface SesOptions {
  /** A verified address, `Postage <letters@example.com>`. */
  from: string;
  /** What SES does with bounces and complaints; null: what the address's own configuration set says. */
  configurationSet: string | null;
  /** How many batches share the account's rate. */
  batchesAtOnce: number;
}

/**
 * Sends by Amazon SES, as fast as the account may. SES has no idempotency token, so each e-mail is asked for once, without
 * the SDK's retries. If the answer gets lost, SES may have sent it.
 */
export function connectSes({ from, configurationSet, batchesAtOnce }: SesOptions): Send<EmailRecipient> {
  const client = new SESv2Client({
    maxAttempts: 1,
    requestHandler: {
      requestTimeout: TIMEOUT_MS,
      throwOnRequestTimeout: true,
      connectionTimeout: 2_000,
      httpAgent: KEEPS_NOTHING,
      httpsAgent: KEEPS_NOTHING,
    },
  });
  const pace = new Pace(client, batchesAtOnce);
  const sender = senderHeader(from);
  return async (parcel) => {
    await pace.turn();
    try {
      const { MessageId } = await client.send(
        new SendEmailCommand(requestOf(sender, configurationSet, parcel)),
      );
      return { outcome: 'accepted', providerId: MessageId ?? '' };
    } catch (error) {
      return outcomeOf(error);
    }
  };
}

const ASK_AGAIN_MS = 3_600_000;
/**
 * SES has not told: it answers this question once a second, and many functions may begin at once.
 * https://docs.aws.amazon.com/ses/latest/dg/quotas.html
 */
const ASK_SOON_MS = 60_000;
/** That of a sandbox, and of an account that has never said. */
const SLOWEST_PER_SECOND = 1;
/** A function works on five deliveries at a time. Who waited longer might not come to an end with its batch. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Keeps to the account's rate (https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas.html), of which each batch
 * that is worked on has its share.
 */
class Pace {
  readonly #client: SESv2Client;
  readonly #batchesAtOnce: number;
  #perSecond: Promise<number> = Promise.resolve(SLOWEST_PER_SECOND);
  #askAgainAt = 0;
  #nextAt = 0;

  constructor(client: SESv2Client, batchesAtOnce: number) {
    this.#client = client;
    this.#batchesAtOnce = batchesAtOnce;
  }

  /** @throws ProviderBusyError when the turn comes too late for whoever asks */
  async turn(): Promise<void> {
    if (performance.now() >= this.#askAgainAt) {
      this.#askAgainAt = performance.now() + ASK_AGAIN_MS;
      this.#perSecond = this.#perSecond.then((former) => this.#ask(former));
    }
    const intervalMs = (1_000 * this.#batchesAtOnce) / (await this.#perSecond);
    const now = performance.now();
    const mine = Math.max(this.#nextAt, now);
    if (mine - now > LONGEST_WAIT_MS) {
      throw new ProviderBusyError(`The next turn comes in ${Math.ceil(mine - now)} ms.`);
    }
    this.#nextAt = mine + intervalMs;
    if (mine > now) {
      await wait(mine - now);
    }
  }

  async #ask(former: number): Promise<number> {
    try {
      const { SendQuota } = await this.#client.send(new GetAccountCommand());
      const rate = SendQuota?.MaxSendRate ?? SLOWEST_PER_SECOND;
      return rate > 0 ? rate : Number.POSITIVE_INFINITY;
    } catch {
      this.#askAgainAt = performance.now() + ASK_SOON_MS;
      return former;
    }
  }
}

/** SES allows a tag's value 256 characters, and few others than letters and digits. */
const LONGEST_TAG = 256;

function requestOf(
  from: string,
  configurationSet: string | null,
  { deliveryId, userId, recipient, letter }: Parcel<EmailRecipient>,
) {
  const Charset = 'UTF-8';
  const user = Buffer.from(userId).toString('base64url');
  return {
    FromEmailAddress: from,
    ...(configurationSet === null ? {} : { ConfigurationSetName: configurationSet }),
    Destination: { ToAddresses: [recipient.email] },
    Content: {
      Simple: {
        Subject: { Data: letter.title, Charset },
        Body: { Text: { Data: letter.body, Charset } },
      },
    },
    EmailTags: [
      { Name: 'postage-delivery', Value: deliveryId },
      ...(user.length > LONGEST_TAG ? [] : [{ Name: 'postage-user', Value: user }]),
    ],
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
  if (BUSY.has(error.name)) {
    throw new ProviderBusyError('SES takes no more e-mails at present.', { cause: error });
  }
  if (typeof code === 'string' && UNREACHED.test(code)) {
    throw new NothingTakenError('SES can not be reached.', { cause: error });
  }
  if (REJECTED.has(error.name)) {
    return { outcome: 'rejected', failure: 'rejected' };
  }
  throw error;
}

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Clock } from './clock.ts';
import { type ReceivedRequest, type Reply, startStandIn } from './http-server.ts';

/**
 * How a provider behaves: `twice` gets every message twice, `hang` neither takes nor answers anything, `busy` throttles, and
 * `unset` takes nothing because its operator has not set it up. SES also takes an e-mail and says later that it bounced
 * or was a nuisance.
 */
const MANNERS = ['ok', 'fail', 'hang', 'twice', 'busy', 'unset'] as const;
export const SENDER_MANNERS = {
  email: [...MANNERS, 'bounce', 'complain'],
  mail: MANNERS,
} as const;

export type SenderManners = {
  [Channel in keyof typeof SENDER_MANNERS]: (typeof SENDER_MANNERS)[Channel][number];
};

/** The configuration set that this SES knows. */
export const CONFIGURATION_SET = 'postage-local';

/** Calls a Lambda function by its ARN. */
export type Invoke = (arn: string, input: unknown) => Promise<unknown>;

export interface SenderStandIn {
  url: string;
  stop: () => Promise<void>;
}

export interface SenderStandInOptions {
  /** Gets a file for each letter that was sent. */
  folder: string;
  clock: Pick<Clock, 'now'>;
  manners: () => SenderManners;
  invoke: Invoke;
  /** Takes an event that SES puts on the account's default bus. */
  report: (event: object) => void;
}

/**
 * Plays what the senders and the cron routes call: SES, which writes e-mails into files; Lob, which writes letters into
 * files and knows idempotency keys; and Lambda, for functions that call functions.
 */
export async function startSenderStandIn(options: SenderStandInOptions): Promise<SenderStandIn> {
  const lob = new LobLetters();
  return startStandIn(async (request) => {
    const { pathname } = request.url;
    const invoked = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(pathname)?.[1];
    if (invoked !== undefined) {
      const output = await options.invoke(decodeURIComponent(invoked), JSON.parse(request.body.toString()));
      return { status: 200, body: output ?? {} };
    }
    switch (`${request.method} ${pathname}`) {
      case 'POST /v2/email/outbound-emails':
        return sendEmail(options, request);
      case 'GET /v2/email/account':
        // https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html
        return {
          status: 200,
          body: {
            ProductionAccessEnabled: options.manners().email !== 'unset',
            SendQuota: { Max24HourSend: 50_000, MaxSendRate: 200, SentLast24Hours: 0 },
          },
        };
      case 'POST /v1/letters':
        return sendMail(options, lob, request);
      case 'GET /v1/letters':
        return {
          status: 200,
          body: { data: lob.of(request.url.searchParams.get('metadata[postage_delivery]')) },
        };
      default:
        return { status: 404, body: { message: 'Not found.' } };
    }
  });
}

const text = z.object({ Data: z.string() });
const outboundEmail = z.object({
  FromEmailAddress: z.string(),
  ConfigurationSetName: z.string(),
  Destination: z.object({ ToAddresses: z.array(z.string()) }),
  Content: z.object({ Simple: z.object({ Subject: text, Body: z.object({ Text: text }) }) }),
  EmailTags: z.array(z.object({ Name: z.string(), Value: z.string() })),
});

type OutboundEmail = z.infer<typeof outboundEmail>;

/** https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html, Errors. */
function sesError(name: string, message: string, status = 400): Reply {
  return { status, headers: { 'x-amzn-errortype': name }, body: { message } };
}

async function sendEmail(options: SenderStandInOptions, { body }: ReceivedRequest): Promise<Reply> {
  const { folder, clock, manners } = options;
  const email = z.parse(outboundEmail, JSON.parse(body.toString()));
  if (email.ConfigurationSetName !== CONFIGURATION_SET) {
    return sesError('NotFoundException', 'Configuration set does not exist.', 404);
  }
  // "The sender name must be in ASCII": others in encoded words.
  if (!/^[ -~]*$/.test(email.FromEmailAddress)) {
    return sesError('BadRequestException', 'Non ASCII characters in the sender.');
  }
  const manner = manners().email;
  switch (manner) {
    case 'hang':
      return null;
    case 'fail':
      return sesError('MessageRejected', 'Set to fail by /dev/senders.');
    case 'busy':
      // https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
      return sesError('TooManyRequestsException', 'Maximum sending rate exceeded.', 429);
    case 'unset':
      // The sandbox: https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
      return sesError('MessageRejected', 'Email address is not verified.');
    case 'ok':
    case 'twice':
    case 'bounce':
    case 'complain': {
      const { Subject, Body } = email.Content.Simple;
      const id = email.EmailTags[0]?.Value ?? 'untagged';
      const headers = [
        `From: ${email.FromEmailAddress}`,
        `To: ${email.Destination.ToAddresses.join(', ')}`,
        `Date: ${new Date(clock.now()).toUTCString()}`,
        `Subject: ${Subject.Data}`,
      ];
      await keep(join(folder, 'emails'), `${id}.txt`, `${headers.join('\n')}\n\n${Body.Text.Data}\n`);
      const messageId = `ses-${id}`;
      if (manner === 'bounce' || manner === 'complain') {
        options.report(reportOf(manner, messageId, email));
      }
      return { status: 200, body: { MessageId: messageId } };
    }
  }
}

/** https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html, as EventBridge wraps it. */
function reportOf(manner: 'bounce' | 'complain', messageId: string, email: OutboundEmail): object {
  const tags = Object.fromEntries(email.EmailTags.map(({ Name, Value }) => [Name, [Value]]));
  const recipients = email.Destination.ToAddresses.map((emailAddress) => ({ emailAddress }));
  return {
    version: '0',
    source: 'aws.ses',
    'detail-type': manner === 'bounce' ? 'Email Bounced' : 'Email Complaint Received',
    detail: {
      eventType: manner === 'bounce' ? 'Bounce' : 'Complaint',
      ...(manner === 'bounce'
        ? { bounce: { bounceType: 'Permanent', bounceSubType: 'General', bouncedRecipients: recipients } }
        : { complaint: { complainedRecipients: recipients } }),
      mail: { messageId, tags: { ...tags, 'ses:configuration-set': [email.ConfigurationSetName] } },
    },
  };
}

const ADDRESS_PARTS = [
  'name',
  'address_line1',
  'address_line2',
  'address_city',
  'address_state',
  'address_zip',
  'address_country',
];

async function sendMail(
  { folder, manners }: SenderStandInOptions,
  lob: LobLetters,
  { body, headers }: ReceivedRequest,
): Promise<Reply> {
  switch (manners().mail) {
    case 'hang':
      return null;
    case 'fail':
      return lobError(422, 'Set to fail by /dev/senders.');
    case 'busy':
      // https://docs.lob.com, Rate Limiting
      return lobError(429, 'Rate limit exceeded.');
    case 'unset':
      return lobError(401, 'Your API key is not valid.');
    case 'ok':
    case 'twice': {
      const type = String(headers['content-type']);
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- Meant for browsers, and good enough for one form of our own.
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
      const field = (name: string): string => {
        const value = form.get(name);
        return typeof value === 'string' ? value : '';
      };
      const fault = faultOfAddress(field);
      if (fault !== null) {
        return lobError(422, fault);
      }
      const deliveryId = field('metadata[postage_delivery]');
      const file = form.get('file');
      const address = ADDRESS_PARTS.map((part) => field(`to[${part}]`)).filter((line) => line !== '');
      const { id, isNew } = lob.take(String(headers['idempotency-key']), deliveryId);
      if (isNew && file instanceof Blob) {
        const page = `<!-- To: ${address.join(', ').replaceAll('--', '- -')} -->\n${await file.text()}`;
        await keep(join(folder, 'mails'), `${deliveryId}.html`, page);
      }
      return { status: 200, body: { id, object: 'letter' } };
    }
  }
}

/** https://docs.lob.com, Errors */
function lobError(status: number, message: string): Reply {
  return { status, body: { error: { message, status_code: status } } };
}

/** The limits of https://github.com/lob/lob-openapi, shared/models/address, and of its error address_length_exceeds_limit. */
function faultOfAddress(field: (name: string) => string): string | null {
  const isDomestic = field('to[address_country]') === 'US';
  const longest = isDomestic ? 64 : 200;
  if (field('to[name]').length > 40) {
    return 'to.name must be no longer than 40 characters';
  }
  if (field('to[address_line1]').length > longest || field('to[address_line2]').length > longest) {
    return `to.address_line1 and address_line2 must be no longer than ${longest} characters`;
  }
  if (field('to[address_line1]').length + field('to[address_line2]').length > 50) {
    return 'the sum of to.address_line1 and to.address_line2 cannot surpass 50 characters';
  }
  return isDomestic && !/^\d{5}(-\d{4})?$/.test(field('to[address_zip]'))
    ? 'to.address_zip must be in a valid zip format'
    : null;
}

/** If the file exists, the letter was sent before. The new file gets a number, so that a person sees that. */
async function keep(folder: string, name: string, content: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (let copy = 1; ; copy += 1) {
    const file = join(folder, copy === 1 ? name : name.replace('.', ` (${copy}).`));
    try {
      await writeFile(file, content, { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        throw error;
      }
    }
  }
}

/** The letters that Lob has taken, by their idempotency keys. */
class LobLetters {
  readonly #byKey = new Map<string, { id: string; deliveryId: string }>();

  take(key: string, deliveryId: string): { id: string; isNew: boolean } {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      return { id: known.id, isNew: false };
    }
    const id = `ltr_${deliveryId}`;
    this.#byKey.set(key, { id, deliveryId });
    return { id, isNew: true };
  }

  of(deliveryId: string | null): { id: string }[] {
    return [...this.#byKey.values()]
      .filter((letter) => letter.deliveryId === deliveryId)
      .map(({ id }) => ({ id }));
  }
}

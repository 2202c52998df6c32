import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import type { Clock } from './clock.ts';
import { type ReceivedRequest, type Reply, startStandIn } from './http-server.ts';

/** How a provider behaves: `twice` gets every message twice, and `hang` neither takes nor answers anything. */
export type Manners = 'ok' | 'fail' | 'hang' | 'twice';

export type SenderManners = Record<'email' | 'mail', Manners>;

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
  Destination: z.object({ ToAddresses: z.array(z.string()) }),
  Content: z.object({ Simple: z.object({ Subject: text, Body: z.object({ Text: text }) }) }),
  EmailTags: z.array(z.object({ Name: z.string(), Value: z.string() })),
});

async function sendEmail(
  { folder, clock, manners }: SenderStandInOptions,
  { body }: ReceivedRequest,
): Promise<Reply> {
  const email = z.parse(outboundEmail, JSON.parse(body.toString()));
  switch (manners().email) {
    case 'hang':
      return null;
    case 'fail':
      return {
        status: 400,
        headers: { 'x-amzn-errortype': 'MessageRejected' },
        body: { message: 'Set to fail by /dev/senders.' },
      };
    case 'ok':
    case 'twice': {
      const { Subject, Body } = email.Content.Simple;
      const id = email.EmailTags[0]?.Value ?? 'untagged';
      const headers = [
        `From: ${email.FromEmailAddress}`,
        `To: ${email.Destination.ToAddresses.join(', ')}`,
        `Date: ${new Date(clock.now()).toUTCString()}`,
        `Subject: ${Subject.Data}`,
      ];
      await keep(join(folder, 'emails'), `${id}.txt`, `${headers.join('\n')}\n\n${Body.Text.Data}\n`);
      return { status: 200, body: { MessageId: `ses-${id}` } };
    }
  }
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
      return { status: 422, body: { error: { message: 'Set to fail by /dev/senders.', status_code: 422 } } };
    case 'ok':
    case 'twice': {
      const type = String(headers['content-type']);
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- Meant for browsers, and good enough for one form of our own.
      const form = await new Response(new Uint8Array(body), { headers: { 'content-type': type } }).formData();
      const field = (name: string): string => {
        const value = form.get(name);
        return typeof value === 'string' ? value : '';
      };
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

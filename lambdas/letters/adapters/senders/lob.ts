import * as z from 'zod/mini';
import { type PostalRecipient } from '../../domain/deliveries.ts';
import { createSecretReader, SecretMissingError } from '../../../adapters/secrets.ts';
import {
  type Acceptance,
  NothingTakenError,
  type Parcel,
  ProviderBusyError,
  type Send,
  SenderNotConfiguredError,
} from './provider.ts';

export const LOB_API_URL = 'https://api.lob.com';
/** In this version, the size of a letter is `us_letter`. */
const LOB_VERSION = '2024-01-01';
const TIMEOUT_MS = 15_000;

export interface LobKeys {
  apiKey: string;
  /** Lob signs the events of the webhook with it. */
  webhookSecret: string;
}

const keysInSecret = z.object({
  apiKey: z._default(z.string(), ''),
  webhookSecret: z._default(z.string(), ''),
});

/** Reads `{"apiKey": "…", "webhookSecret": "…"}`. A missing key is empty. */
export function createLobKeyReader(secretId: string): () => Promise<LobKeys> {
  const read = createSecretReader(secretId);
  return async () => {
    try {
      return keysInSecret.parse(JSON.parse(await read()));
    } catch (error) {
      if (
        error instanceof SecretMissingError ||
        error instanceof SyntaxError ||
        error instanceof z.core.$ZodError
      ) {
        throw new SenderNotConfiguredError(`The secret ${secretId} does not hold Lob's keys.`);
      }
      throw error;
    }
  };
}

export interface LobOptions {
  apiUrl: string;
  keys: () => Promise<LobKeys>;
  /** The id of the sender's address at Lob, `adr_…`. */
  from: string;
}

/**
 * Sends through Lob. The delivery's id is the idempotency key, which makes a repetition within 24 hours safe. A later
 * attempt first asks Lob for the letter by its metadata.
 */
export function connectLob(options: LobOptions): Send<PostalRecipient> {
  return async (parcel) => {
    const { apiKey } = await options.keys();
    if (apiKey === '') {
      throw new SenderNotConfiguredError('There is no API key for Lob.');
    }
    const known = parcel.attempt === 1 ? null : await findLetter(options.apiUrl, apiKey, parcel.deliveryId);
    return known === null
      ? createLetter(options, apiKey, parcel)
      : { outcome: 'accepted', providerId: known };
  };
}

const letterList = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Lob's id of the letter of a delivery; null: Lob has none. */
async function findLetter(apiUrl: string, apiKey: string, deliveryId: string): Promise<string | null> {
  const query = new URLSearchParams({ 'metadata[postage_delivery]': deliveryId, limit: '1' });
  const answer = await ask(`${apiUrl}/v1/letters?${query.toString()}`, { headers: authorized(apiKey) });
  if (answer.status !== 200) {
    throw failureOf(answer.status);
  }
  return letterList.parse(answer.body).data[0]?.id ?? null;
}

const createdLetter = z.object({ id: z.string() });

async function createLetter(
  { apiUrl, from }: LobOptions,
  apiKey: string,
  parcel: Parcel<PostalRecipient>,
): Promise<Acceptance> {
  const answer = await ask(`${apiUrl}/v1/letters`, {
    method: 'POST',
    headers: { ...authorized(apiKey), 'Idempotency-Key': parcel.deliveryId },
    body: formOf(from, parcel),
  });
  switch (answer.status) {
    case 200:
    case 201:
      return { outcome: 'accepted', providerId: createdLetter.parse(answer.body).id };
    case 400:
    case 422:
      if (isAboutSender(answer.body)) {
        throw new SenderNotConfiguredError('Lob does not know the address that mails come from.');
      }
      return { outcome: 'rejected', failure: 'rejected' };
    default:
      throw failureOf(answer.status);
  }
}

const refusal = z.object({ error: z.object({ message: z.string() }) });

/** Guess: Lob's message begins with the field that it is about (https://docs.lob.com, Errors). */
function isAboutSender(body: unknown): boolean {
  const { data } = refusal.safeParse(body);
  return data !== undefined && /^from\b/.test(data.error.message);
}

function authorized(apiKey: string): Record<string, string> {
  return {
    Authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}`,
    'Lob-Version': LOB_VERSION,
  };
}

/** A form with a file, because Lob takes at most 10,000 characters as a string. */
function formOf(from: string, { deliveryId, userId, recipient, letter }: Parcel<PostalRecipient>): FormData {
  const { name, line1, line2, city, state, postalCode, country } = recipient;
  const fields = {
    from,
    'to[name]': name,
    'to[address_line1]': line1,
    'to[address_line2]': line2,
    'to[address_city]': city,
    'to[address_state]': state,
    'to[address_zip]': postalCode,
    'to[address_country]': country,
    color: 'false',
    use_type: 'operational',
    'metadata[postage_delivery]': deliveryId,
    // Lob refuses two characters that an id may have.
    'metadata[postage_user]': Buffer.from(userId).toString('base64url'),
  };
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined) {
      form.append(field, value);
    }
  }
  form.append('file', new Blob([pageOf(letter)], { type: 'text/html' }), 'letter.html');
  return form;
}

/** The address stands in the upper part of the first page, behind the envelope's windows. */
function pageOf({ title, body }: { title: string; body: string }): string {
  return `<!doctype html><html><head><meta charset="utf-8"><style>
body { margin: 0.5in; padding-top: 3in; font: 12pt/1.5 serif; }
p { white-space: pre-wrap; overflow-wrap: anywhere; }
</style></head><body><h1 dir="auto">${escaped(title)}</h1><p dir="auto">${escaped(body)}</p></body></html>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

async function ask(
  url: string,
  request: Omit<RequestInit, 'headers'> & { headers: Record<string, string> },
): Promise<{ status: number; body: unknown }> {
  try {
    // No connection is kept: a frozen function's may be dead when the next delivery comes.
    const headers = { ...request.headers, connection: 'close' };
    const response = await fetch(url, { ...request, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: response.status, body: await response.json().catch(() => null) };
  } catch (error) {
    // Lob may have taken it. The key and the metadata make it safe to ask again.
    throw new NothingTakenError('Lob did not answer.', { cause: error });
  }
}

function failureOf(status: number): NothingTakenError {
  if (status === 429) {
    return new ProviderBusyError('Lob takes no more letters at present.');
  }
  return [401, 402, 403, 404].includes(status)
    ? new SenderNotConfiguredError(`Lob does not send for this account: it answered ${status}.`)
    : new NothingTakenError(`Lob answered ${status}.`);
}

import { setTimeout as wait } from 'node:timers/promises';
import { Stripe } from 'stripe';
import * as z from 'zod/mini';
import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { createSecretReader, SecretMissingError } from '../secrets.ts';
import { NotConfiguredError, StripeFailedError, StripeUnavailableError, toOurError } from './errors.ts';

export interface StripeKeys {
  secretKey: string;
  /** What the webhook endpoint's events are signed with. */
  webhookSecret: string;
  /** The account that the keys were of when `npm run stripe -- setup` last ran. */
  account?: string | undefined;
}

/** Stripe, as one process reaches it. Nothing is read or sent before it is needed. */
export interface StripeConnection {
  /** @throws NotConfiguredError */
  keys: () => Promise<StripeKeys>;
  /** @throws NotConfiguredError */
  sdk: () => Promise<Stripe>;
}

/** The version that the SDK's types describe, for requests and events. Pinned: no update of the SDK changes it in passing. */
export const API_VERSION = '2026-10-28.endive';
/** The longest that one request may take. */
const REQUEST_TIMEOUT_MS = 8_000;
/** With less than this left, another request would not be answered in time. */
const SHORTEST_REQUEST_MS = 100;

/**
 * @param secretId the secret in Secrets Manager that holds the keys
 * @param apiUrl another server than Stripe's, for tests and laptops
 */
export function connectStripe(secretId: string, apiUrl: string | null): StripeConnection {
  const readSecret = createSecretReader(secretId);
  return connectionBy(async () => parseKeys(await readConfigured(readSecret)), apiUrl);
}

/** @param keys asked for each time: they may change while the process lives */
export function connectionBy(keys: () => Promise<StripeKeys>, apiUrl: string | null): StripeConnection {
  let made: { secretKey: string; sdk: Stripe } | null = null;
  return {
    keys,
    sdk: async () => {
      const { secretKey } = await keys();
      if (made?.secretKey !== secretKey) {
        made = { secretKey, sdk: createSdk(secretKey, apiUrl) };
      }
      return made.sdk;
    },
  };
}

function createSdk(secretKey: string, apiUrl: string | null): Stripe {
  return new Stripe(secretKey, {
    apiVersion: API_VERSION,
    // Our callers decide whether to repeat: they know what they repeat, and their deadline.
    maxNetworkRetries: 0,
    timeout: REQUEST_TIMEOUT_MS,
    telemetry: false,
    // Stripe's support sees whose requests they are.
    appInfo: { name: 'Postage' },
    // Its one time limit is for the whole request; that of Node's own client begins again with every stage.
    httpClient: Stripe.createFetchHttpClient(),
    ...(apiUrl === null ? {} : addressOf(new URL(apiUrl))),
  });
}

function addressOf({ protocol, hostname, port }: URL): {
  protocol: 'http' | 'https';
  host: string;
  port: string;
} {
  const isInsecure = protocol === 'http:';
  return {
    protocol: isInsecure ? 'http' : 'https',
    host: hostname,
    port: port === '' ? (isInsecure ? '80' : '443') : port,
  };
}

const keysInSecret = z.object({
  secretKey: z.string().check(z.regex(/^[sr]k_(test|live)_\S+$/)),
  webhookSecret: z.string().check(z.regex(/^whsec_\S+$/)),
  account: z.optional(z.string()),
});

async function readConfigured(readSecret: () => Promise<string>): Promise<string> {
  try {
    return await readSecret();
  } catch (error) {
    const isMissing =
      error instanceof SecretMissingError ||
      (error instanceof Error && error.name === 'ResourceNotFoundException');
    throw isMissing ? new NotConfiguredError("Stripe's keys are not set.", { cause: error }) : error;
  }
}

/** A new stack's secret holds empty keys. @throws NotConfiguredError */
function parseKeys(secret: string): StripeKeys {
  try {
    return keysInSecret.parse(JSON.parse(secret));
  } catch {
    // Not as the cause: its message could quote the secret.
    throw new NotConfiguredError(
      "The secret of Stripe's keys is not of the form {secretKey: sk_…, webhookSecret: whsec_…}.",
    );
  }
}

/** Whether the keys are those of a live account, and not of a sandbox. */
export function isLiveMode({ secretKey }: Pick<StripeKeys, 'secretKey'>): boolean {
  return /^[sr]k_live_/.test(secretKey);
}

/**
 * Sends one request within the deadline, once.
 *
 * @throws StripeUnavailableError, NotConfiguredError, StripeIdempotencyError, StripeMissingError, StripeDeclinedError,
 *   StripeRejectedError
 */
export async function callStripe<Answer extends StripeAnswer>(
  connection: StripeConnection,
  deadline: Deadline,
  send: (stripe: Stripe, options: { timeout: number }) => Promise<Answer>,
): Promise<Answer> {
  const stripe = await connection.sdk();
  const remainingMs = Math.floor(deadline.remainingMs());
  if (remainingMs < SHORTEST_REQUEST_MS) {
    throw new StripeUnavailableError('There is no time left to ask Stripe.');
  }
  let answer: Answer;
  try {
    answer = await send(stripe, { timeout: Math.min(REQUEST_TIMEOUT_MS, remainingMs) });
  } catch (error) {
    throw toOurError(error);
  }
  if (!isStripes(answer)) {
    throw new StripeUnavailableError('What was answered does not come from Stripe.');
  }
  return answer;
}

/**
 * Creates what does no harm when it is there twice, since only one is ever used: once for a key, if Stripe is well. If it
 * fails, it may keep that answer under the key for a day, so the second try goes without the key.
 *
 * @throws as `callStripe`
 */
export async function createUnderKey<Answer extends StripeAnswer>(
  connection: StripeConnection,
  deadline: Deadline,
  idempotencyKey: string,
  send: (stripe: Stripe, options: Stripe.RequestOptions) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await callStripe(connection, deadline, (stripe, options) =>
      send(stripe, { ...options, idempotencyKey }),
    );
  } catch (error) {
    if (error instanceof StripeFailedError) {
      return callStripe(connection, deadline, send);
    }
    throw error;
  }
}

/** What the SDK makes of an answer. */
export type StripeAnswer = Pick<Stripe.Response<object>, 'lastResponse'>;

/**
 * The SDK knows an error by the member `error` alone. It takes another body of status 500, such as a proxy's, for a
 * success. All objects of Stripe's name their kind.
 */
function isStripes(answer: StripeAnswer): boolean {
  const isSuccess = answer.lastResponse.statusCode >= 200 && answer.lastResponse.statusCode < 300;
  return isSuccess && 'object' in answer && typeof answer.object === 'string';
}

const READING_TRIES = 3;
const LONGEST_PAUSE_MS = 500;

/** Sends a request up to three times: one that changes nothing, or that repeated changes no more. @throws as `callStripe` */
export async function readStripe<Answer extends StripeAnswer>(
  connection: StripeConnection,
  deadline: Deadline,
  send: (stripe: Stripe, options: { timeout: number }) => Promise<Answer>,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await callStripe(connection, deadline, send);
    } catch (error) {
      const isLast = tries === READING_TRIES || deadline.remainingMs() < LONGEST_PAUSE_MS * tries;
      if (!(error instanceof StripeUnavailableError) || isLast) {
        throw error;
      }
      await wait(Math.random() * LONGEST_PAUSE_MS * tries);
    }
  }
}

/** When Stripe answered, by its own clock, to the second. */
export function answeredAt({ lastResponse }: Stripe.Response<unknown>): Instant {
  // Stripe's fetch client gives a `Headers`, whatever the SDK's types say.
  const instant = Date.parse(new Headers(lastResponse.headers).get('date') ?? '');
  return Number.isNaN(instant) ? 0 : instant;
}

/** The id behind a reference, which Stripe may have expanded. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === 'object' ? (reference?.id ?? null) : (reference ?? null);
}

/** Stripe tells time in seconds. */
export function toInstant(seconds: number): Instant {
  return seconds * 1_000;
}

export function toInstantOrNull(seconds: number | null | undefined): Instant | null {
  return seconds === null || seconds === undefined ? null : toInstant(seconds);
}

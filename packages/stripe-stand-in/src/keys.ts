import { createHash } from 'node:crypto';
import { accountIdOf } from './account.ts';
import { ApiError } from './api-error.ts';
import { type IdempotencyKeys } from './idempotency.ts';
import { type Lifecycle } from './lifecycle.ts';
import { type Sandbox } from './sandbox.ts';

/** What a request finds by its key: an account in one of its modes. */
export interface Account {
  sandbox: Sandbox;
  lifecycle: Lifecycle;
  idempotency: IdempotencyKeys;
}

export interface Access extends Account {
  /** What is in a page that everybody can read: it may ask only about what it knows a client secret of. */
  isPublishable: boolean;
}

/** The keys beside the secret one. They follow from it, so that they stay the same over restarts. */
export interface OtherKeys {
  publishableKey: string;
  /** The same account in live mode, where nothing is yet. */
  liveKey: string;
  /** Another account, where nothing is either. */
  otherAccountKey: string;
}

export function otherKeysOf(secretKey: string): OtherKeys {
  const part = (name: string): string =>
    createHash('sha256').update(`${secretKey}:${name}`).digest('hex').slice(0, 36);
  return {
    publishableKey: `pk_test_${part('publishable')}`,
    liveKey: `sk_live_${part('live')}`,
    otherAccountKey: `sk_test_${part('other')}`,
  };
}

// Source: https://stripe.com/docs/api#authentication
/** @throws ApiError when there is no key, or one that belongs to nobody */
export function accessBy(keys: ReadonlyMap<string, Access>, authorization: string | null): Access {
  const [scheme = '', credentials = ''] = (authorization ?? '').split(' ');
  const key =
    scheme === 'Basic' ? Buffer.from(credentials, 'base64').toString('utf8').split(':')[0] : credentials;
  if (key === undefined || key === '') {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication for details, or we can help at https://support.stripe.com/.",
    );
  }
  const access = keys.get(key);
  if (access === undefined) {
    throw unauthorized(`Invalid API Key provided: ${shownOf(key)}`);
  }
  return access;
}

function unauthorized(message: string): ApiError {
  return new ApiError(401, { type: 'invalid_request_error', message }, false);
}

// Source: https://docs.stripe.com/keys#limit-access
// Guess: an endpoint that a key may not use answers 403 without a `code`, and names no single permission.
/** What a restricted key gets that lacks a right. */
export function lacksRight(sandbox: Sandbox): ApiError {
  return new ApiError(
    403,
    {
      type: 'invalid_request_error',
      message: `The provided key 'rk_test_*********' does not have the required permissions for this endpoint on account '${accountIdOf(sandbox)}'. Enabling more permissions on this key would allow this request to continue.`,
    },
    false,
  );
}

function shownOf(key: string): string {
  return `${key.slice(0, 8)}${'*'.repeat(Math.max(0, key.length - 12))}${key.slice(-4)}`;
}

import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Instant } from '../lambdas/domain/instants.ts';
import { ALGORITHM, AUDIENCE, type Issuer } from './issuer.ts';

export type Authorization =
  | { outcome: 'authorized'; claims: Record<string, string> }
  /** `challenge` goes into the header `www-authenticate`. */
  | { outcome: 'unauthorized'; challenge: string };

/**
 * Checks a request's `authorization` header as API Gateway's JWT authorizer does: key id, signature, issuer, audience
 * (`aud`, or `client_id` where there is no `aud`), `exp`, `nbf` and `iat`. The word `Bearer` may be missing.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
 */
export async function authorize(
  header: string | undefined,
  issuer: Issuer,
  now: Instant,
): Promise<Authorization> {
  if (header === undefined || header === '') {
    return { outcome: 'unauthorized', challenge: 'Bearer' };
  }
  const token = header.replace(/^bearer /i, '');
  try {
    const keys = createLocalJWKSet(issuer.keySet);
    const { payload } = await jwtVerify(
      token,
      (protectedHeader, input) => {
        if (protectedHeader.kid === undefined) {
          throw new errors.JWTInvalid('the token names no key');
        }
        return keys(protectedHeader, input);
      },
      {
        issuer: issuer.url,
        algorithms: [ALGORITHM],
        requiredClaims: ['exp'],
        currentDate: new Date(now),
      },
    );
    assertAudience(payload);
    assertIssuedBefore(payload, now);
    return { outcome: 'authorized', claims: flattenClaims(payload) };
  } catch (error) {
    return { outcome: 'unauthorized', challenge: challengeFor(error) };
  }
}

function assertAudience({ aud, ...claims }: JWTPayload): void {
  const audiences = aud ?? claims['client_id'];
  if (![audiences].flat().includes(AUDIENCE)) {
    throw new errors.JWTInvalid('the token does not have a valid audience');
  }
}

function assertIssuedBefore({ iat }: JWTPayload, now: Instant): void {
  if (iat !== undefined && iat * 1_000 > now) {
    throw new errors.JWTInvalid('the token was issued in the future');
  }
}

function challengeFor(error: unknown): string {
  const description =
    error instanceof errors.JWTExpired
      ? 'the token has expired'
      : error instanceof errors.JWTInvalid
        ? error.message
        : 'the token is not valid';
  return `Bearer scope="" error="invalid_token" error_description="${description.replaceAll('"', "'")}"`;
}

/** API Gateway passes claims on as strings, as Go prints them: arrays as `[a b]`, objects as `map[a:b]`. */
function flattenClaims(payload: JWTPayload): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, flatten(value)]));
}

function flatten(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(flatten).join(' ')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
    return `map[${entries.map(([name, inner]) => `${name}:${flatten(inner)}`).join(' ')}]`;
  }
  return String(value);
}

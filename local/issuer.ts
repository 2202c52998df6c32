import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { Clock } from './clock.ts';
import type { DataDirectory } from './data-directory.ts';

/** API Gateway's JWT authorizers accept RSA alone, so the local issuer signs with nothing else. */
export const ALGORITHM = 'RS256';

/** What the local issuer's tokens are for, and what the local gateway asks of a token. */
export const AUDIENCE = 'postage';

/** Long enough for a day's work. */
const TOKEN_LIFETIME_SECONDS = 24 * 3_600;

export interface AccessToken {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
}

/** An OpenID Connect issuer with published keys, reduced to what a verifier needs. */
export interface Issuer {
  url: string;
  configuration: object;
  keySet: { keys: JWK[] };
  issue(subject: string, scope: string): Promise<AccessToken>;
}

/** With a data directory the key is kept, so that tokens outlive a restart on the same port. */
export async function createIssuer(url: string, clock: Clock, data: DataDirectory): Promise<Issuer> {
  const stored = data.read('signing-key');
  const privateJwk = isRsaKey(stored) ? stored : await generateKey();
  data.write('signing-key', privateJwk);
  const key = await importJWK(privateJwk, ALGORITHM);
  const kid = await calculateJwkThumbprint(privateJwk);
  const { kty, n, e } = privateJwk;
  return {
    url,
    configuration: {
      issuer: url,
      jwks_uri: `${url}/.well-known/jwks.json`,
      token_endpoint: `${url}/dev/token`,
      response_types_supported: ['token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [ALGORITHM],
    },
    keySet: { keys: [{ kty, n, e, kid, alg: ALGORITHM, use: 'sig' }] },
    issue: async (subject, scope) => {
      const issuedAt = Math.floor(clock.now() / 1_000);
      const token = new SignJWT({ scope })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
        .setIssuer(url)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + TOKEN_LIFETIME_SECONDS);
      return {
        access_token: await token.sign(key),
        token_type: 'Bearer',
        expires_in: TOKEN_LIFETIME_SECONDS,
      };
    },
  };
}

interface RsaKey extends JWK {
  kty: 'RSA';
  n: string;
  e: string;
}

async function generateKey(): Promise<RsaKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  if (!isRsaKey(jwk)) {
    throw new Error(`A key for ${ALGORITHM} is an RSA key.`);
  }
  return jwk;
}

function isRsaKey(value: unknown): value is RsaKey {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kty' in value &&
    value.kty === 'RSA' &&
    'n' in value &&
    'e' in value
  );
}

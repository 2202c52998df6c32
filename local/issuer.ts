import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  type JWTPayload,
  SignJWT,
} from 'jose';
import * as z from 'zod/mini';
import type { Clock } from './clock.ts';
import { type DataDirectory, keep } from './data-directory.ts';

/** API Gateway's JWT authorizers accept only RSA. */
export const ALGORITHM = 'RS256';

/** The audience of the local issuer's tokens, which the local gateway requires. */
export const AUDIENCE = 'postage';

const TOKEN_LIFETIME_SECONDS = 24 * 3_600;

export interface AccessToken {
  access_token: string;
  token_type: 'Bearer';
  expires_in: number;
}

/** An OpenID Connect issuer. `sign-in.ts` has its pages. */
export interface Issuer {
  url: string;
  configuration: object;
  keySet: { keys: JWK[] };
  issue(subject: string, scope: string): Promise<AccessToken>;
  /** The token that tells the page who has signed in. */
  identify(subject: string, nonce: string | undefined): Promise<string>;
}

/** A data directory keeps the key, so that tokens outlive a restart on the same port. */
export async function createIssuer(url: string, clock: Clock, data: DataDirectory): Promise<Issuer> {
  const privateJwk = await keep(data, 'signing-key', rsaKey, generateKey);
  const key = await importJWK(privateJwk, ALGORITHM);
  const kid = await calculateJwkThumbprint(privateJwk);
  const { kty, n, e } = privateJwk;
  const sign = (claims: JWTPayload, subject: string): Promise<string> => {
    const issuedAt = Math.floor(clock.now() / 1_000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT' })
      .setIssuer(url)
      .setAudience(AUDIENCE)
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + TOKEN_LIFETIME_SECONDS)
      .sign(key);
  };
  return {
    url,
    configuration: {
      issuer: url,
      jwks_uri: `${url}/.well-known/jwks.json`,
      authorization_endpoint: `${url}/dev/authorize`,
      token_endpoint: `${url}/dev/token`,
      end_session_endpoint: `${url}/dev/end-session`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['none'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [ALGORITHM],
    },
    keySet: { keys: [{ kty, n, e, kid, alg: ALGORITHM, use: 'sig' }] },
    issue: async (subject, scope) => ({
      access_token: await sign({ scope }, subject),
      token_type: 'Bearer',
      expires_in: TOKEN_LIFETIME_SECONDS,
    }),
    identify: (subject, nonce) => sign(nonce === undefined ? {} : { nonce }, subject),
  };
}

const rsaKey = z.looseObject({ kty: z.literal('RSA'), n: z.string(), e: z.string() });

async function generateKey(): Promise<z.infer<typeof rsaKey>> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return rsaKey.parse(await exportJWK(privateKey));
}

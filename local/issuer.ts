import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
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

/** As much of an OpenID Connect issuer as a verifier needs. */
export interface Issuer {
  url: string;
  configuration: object;
  keySet: { keys: JWK[] };
  issue(subject: string, scope: string): Promise<AccessToken>;
}

/** A data directory keeps the key, so that tokens outlive a restart on the same port. */
export async function createIssuer(url: string, clock: Clock, data: DataDirectory): Promise<Issuer> {
  const privateJwk = await keep(data, 'signing-key', rsaKey, generateKey);
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

const rsaKey = z.looseObject({ kty: z.literal('RSA'), n: z.string(), e: z.string() });

async function generateKey(): Promise<z.infer<typeof rsaKey>> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  return rsaKey.parse(await exportJWK(privateKey));
}

import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, importJWK, type JWK, SignJWT } from 'jose';
import * as z from 'zod/mini';
import { openDataDirectory } from '../../../local/data-directory.ts';
import { ALGORITHM, AUDIENCE } from '../../../local/issuer.ts';
import type { Forge } from './world.ts';

const signingKey: z.ZodMiniType<JWK> = z.looseObject({ kty: z.literal('RSA'), n: z.string(), e: z.string() });

/** Signs with the key that an issuer keeps in its data directory. */
export async function openForge(issuerUrl: string, issuerDir: string): Promise<Forge> {
  const jwk = z.parse(signingKey, openDataDirectory(issuerDir).read('signing-key'));
  const key = await importJWK(jwk, ALGORITHM);
  const kid = await calculateJwkThumbprint(jwk);
  return {
    sign: (claims, header = {}) => {
      const issuedAt = Math.floor(Date.now() / 1_000) - 5;
      const ordinary = {
        iss: issuerUrl,
        aud: AUDIENCE,
        sub: randomUUID(),
        iat: issuedAt,
        exp: issuedAt + 600,
      };
      return new SignJWT({ ...ordinary, ...claims })
        .setProtectedHeader({ alg: ALGORITHM, kid, typ: 'JWT', ...header })
        .sign(key);
    },
  };
}

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** A changed secret holds everywhere after this long. */
const LIFE_MS = 60_000;
/** While Secrets Manager does not answer, the secret of before serves for so long, and is asked for again this often. */
const STALE_MS = 15 * 60_000;
const ASK_AGAIN_MS = 10_000;

/** The secret is not there, or holds no text. */
export class SecretMissingError extends Error {
  override name = 'SecretMissingError';
}

/**
 * Reads a secret from Secrets Manager, and keeps it for a minute: a flood of requests is not a flood of reads.
 *
 * @returns a function that throws SecretMissingError
 */
export function createSecretReader(secretId: string): () => Promise<string> {
  const client = new SecretsManagerClient({
    requestHandler: { requestTimeout: 3_000, connectionTimeout: 1_000, throwOnRequestTimeout: true },
  });
  let kept: { secret: string; readAt: number; asksAt: number } | null = null;
  return async () => {
    const now = performance.now();
    if (kept !== null && now < kept.asksAt) {
      return kept.secret;
    }
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
      if (SecretString === undefined || SecretString === '') {
        throw new SecretMissingError(`The secret ${secretId} holds no text.`);
      }
      kept = { secret: SecretString, readAt: now, asksAt: now + LIFE_MS };
      return SecretString;
    } catch (error) {
      if (kept === null || error instanceof SecretMissingError || now - kept.readAt > STALE_MS) {
        throw error;
      }
      kept = { ...kept, asksAt: now + ASK_AGAIN_MS };
      return kept.secret;
    }
  };
}

import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** A changed secret holds everywhere after this long. */
const LIFE_MS = 60_000;

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
    requestHandler: { requestTimeout: 3_000, throwOnRequestTimeout: true },
  });
  let kept: { secret: string; readAt: number } | null = null;
  return async () => {
    if (kept !== null && performance.now() - kept.readAt < LIFE_MS) {
      return kept.secret;
    }
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (SecretString === undefined || SecretString === '') {
      throw new SecretMissingError(`The secret ${secretId} holds no text.`);
    }
    kept = { secret: SecretString, readAt: performance.now() };
    return SecretString;
  };
}

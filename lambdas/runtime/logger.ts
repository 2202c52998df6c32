import { Logger } from '@aws-lambda-powertools/logger';

/**
 * JSON lines, which CloudWatch Logs Insights can query. `POWERTOOLS_LOG_LEVEL` sets what is written. Errors are written
 * as `shownError` shows them.
 */
export function createLogger(serviceName: string): Logger {
  return new Logger({
    serviceName,
    jsonReplacerFn: (_key, value) => (value instanceof Error ? shownError(value) : value),
  });
}

/** An error in the log. */
export interface ShownError {
  name: string;
  message: string;
  code?: string;
  status?: number;
  /** By which AWS finds the request again. */
  requestId?: string;
  /** Where it was thrown. */
  at: string[];
  cause?: ShownError;
}

/**
 * What the log may tell of an error: nothing that is a user's or a recipient's. Of an error's own members none is told but
 * those below, since an SDK's can carry the item that was to be written, and the answer that was received. A provider's
 * words can name an e-mail address, and those of a parser quote what it has read.
 */
export function shownError(error: unknown): ShownError {
  if (!(error instanceof Error)) {
    return { name: typeof error, message: 'Something was thrown that is no error.', at: [] };
  }
  const { code, $metadata } = error as { code?: unknown; $metadata?: ResponseMetadata };
  return {
    name: error.name,
    message: error instanceof SyntaxError ? UNTOLD : error.message.replaceAll(EMAIL_ADDRESS, UNTOLD),
    ...(typeof code === 'string' ? { code } : {}),
    ...($metadata?.httpStatusCode === undefined ? {} : { status: $metadata.httpStatusCode }),
    ...($metadata?.requestId === undefined ? {} : { requestId: $metadata.requestId }),
    at: framesOf(error),
    ...(error.cause === undefined ? {} : { cause: shownError(error.cause) }),
  };
}

interface ResponseMetadata {
  httpStatusCode?: number;
  requestId?: string;
}

const UNTOLD = '(untold)';
const EMAIL_ADDRESS = /[^\s<>"'(),:;[\]]+@[^\s<>"'(),:;[\]]+/g;

/** A stack without its first lines, which are the message again. */
function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').flatMap((line) => /^ {4}at (.+)/.exec(line)?.slice(1) ?? []);
}

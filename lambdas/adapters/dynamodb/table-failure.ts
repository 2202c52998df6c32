import { type CancellationReason, type ThrottlingReason } from '@aws-sdk/client-dynamodb';
import { type BusyKind } from '../../wiring/metrics.ts';

/** Why DynamoDB has not done what it was asked, though it may the next time. */
export class TableFailure extends Error {
  override name = 'TableFailure';
  readonly kind: BusyKind;

  constructor(kind: BusyKind, detail?: string, options?: ErrorOptions) {
    super(detail === undefined ? kind : `${kind}: ${detail}`, options);
    this.kind = kind;
  }

  /** How many repetitions it is worth. */
  get weight(): 'conflict' | 'throttled' | 'unavailable' {
    return this.kind === 'conflict' || this.kind === 'unavailable' ? this.kind : 'throttled';
  }
}

/** As the SDK has them, but for those that other services alone answer. */
const THROTTLING = new Set([
  'LimitExceededException',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'ThrottlingException',
  'TransactionInProgressException',
]);
const UNAVAILABLE = new Set(['AbortError', 'InternalServerError', 'ServiceUnavailable', 'TimeoutError']);
const CONNECTION = /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENOTFOUND)/;

/**
 * What a thrown error says of DynamoDB: that it was throttling, late, cut off or broken. Null for our own mistakes, which
 * it would be in vain to repeat.
 */
export function failureOf(error: unknown): TableFailure | null {
  if (!(error instanceof Error) || error instanceof TableFailure) {
    return error instanceof TableFailure ? error : null;
  }
  const { $metadata, code } = error as { $metadata?: { httpStatusCode?: number }; code?: unknown };
  if (THROTTLING.has(error.name)) {
    return throttledBy(error);
  }
  const isConnection = typeof code === 'string' && CONNECTION.test(code);
  return UNAVAILABLE.has(error.name) || isConnection || ($metadata?.httpStatusCode ?? 0) >= 500
    ? new TableFailure('unavailable', error.name, { cause: error })
    : null;
}

/** A throttled item of a cancelled transaction. DynamoDB names no resource there, and an index in words. */
export function throttledItem({ Code = '', Message = '' }: CancellationReason): TableFailure {
  const isIndex = /global secondary index/i.test(Message);
  return new TableFailure(isIndex ? 'index' : 'throttled', `${Code} ${Message}`.trim());
}

function throttledBy(cause: Error): TableFailure {
  const { throttlingReasons, ThrottlingReasons = throttlingReasons ?? [] } = cause as ReasonsOfError;
  const said = ThrottlingReasons.map(({ reason = '?', resource = '?' }) => `${reason} of ${resource}`);
  const kind = cause.name === 'RequestLimitExceeded' ? 'quota' : kindOf(ThrottlingReasons[0]?.reason ?? '');
  return new TableFailure(kind, [cause.name, ...said].join(', '), { cause });
}

/** `ThrottlingException` writes the name small, and all others large. */
type ReasonsOfError = Partial<Record<'throttlingReasons' | 'ThrottlingReasons', readonly ThrottlingReason[]>>;

/**
 * `ResourceType+OperationType+LimitType`, such as `TableWriteKeyRangeThroughputExceeded`
 * (https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ThrottlingReason.html). An index that falls behind
 * refuses the writes of its table.
 */
function kindOf(reason: string): BusyKind {
  if (reason.startsWith('Index')) {
    return 'index';
  }
  if (reason.includes('KeyRange')) {
    return 'hot_key';
  }
  return reason === '' ? 'throttled' : 'quota';
}

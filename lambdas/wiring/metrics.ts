/**
 * Every metric by name, and the limits that raise an alarm. Functions publish the metrics and alarms watch them; both read
 * this file.
 *
 * The stage is the only dimension. A metric with another dimension is another metric, which no alarm watches.
 */
export const METRIC_NAMESPACE = 'Postage';

export const METRIC_DIMENSION = 'stage';

export const METRICS = {
  /** 1 for every run that came to its summary, whatever it says, and for a new stack. Absent for 26 hours: the run is missing. */
  runs: 'RolloverRuns',
  /** Accounts that the run met. */
  accounts: 'RolloverAccounts',
  /** Accounts that it could not roll over. */
  failures: 'RolloverFailures',
  /** 0 to 100: failures per account met; 0 when it met none. */
  errorRatePercent: 'RolloverErrorRate',
  /** Milliseconds from start to summary, per thousand accounts; fewer than a thousand count as a thousand. */
  millisecondsPerThousand: 'RolloverMillisecondsPerThousand',
} as const;

/** Beyond these a run is not as it should be: the figure itself is still all right. */
export const ROLLOVER_LIMITS = {
  errorRatePercent: 5,
  millisecondsPerThousand: 30_000,
  hoursWithoutRun: 26,
} as const;

/** What goes wrong with payments, one value per occurrence or check, under the same one dimension. None of them is normal. */
export const PAYMENT_METRICS = {
  /** A live subscription has a price that is not configured. */
  unknownPrices: 'StripeUnknownPrices',
  /** A customer pays for two subscriptions. */
  twoSubscriptions: 'StripeTwoSubscriptions',
  /** An event is about a customer who belongs to no user. */
  customersWithoutUser: 'StripeCustomersWithoutUser',
  /** An event was set aside, to be sent again by hand. */
  failedEvents: 'StripeFailedEvents',
  /** What the daily check has found in the account at Stripe, 0 included. */
  differences: 'StripeDifferences',
} as const;

/** What each run of the reconciler says, under the same one dimension. */
export const RECONCILER_METRICS = {
  /** 1 for every run, and for a new stack. Absent for 15 minutes: nobody looks at what is due. */
  runs: 'ReconcilerRuns',
  /** What was due and could not be dealt with. It stays due. */
  failures: 'ReconcilerFailures',
} as const;

export const RECONCILER_LIMITS = { minutesWithoutRun: 15 } as const;

/** Requests and jobs that gave up on the table, by what they waited for, under the same one dimension. */
export const BUSY_METRICS = {
  /** Other requests wrote the same items. */
  conflict: 'TableBusyConflicts',
  /** One partition key gets more than a partition takes. */
  hot_key: 'TableBusyHotKeys',
  /** An index does not keep up with the table. */
  index: 'TableBusyIndexes',
  /** A quota of the account, or the limit that the table was given. */
  quota: 'TableBusyQuotas',
  /** DynamoDB has not said why it throttles. */
  throttled: 'TableBusyThrottled',
  /** It failed, was late, or could not be reached. */
  unavailable: 'TableBusyUnavailable',
} as const;

export type BusyKind = keyof typeof BUSY_METRICS;

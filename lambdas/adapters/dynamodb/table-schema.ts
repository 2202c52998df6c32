/** The one table: its keys and indexes by name. The CDK construct and the local runtime create it from here. */
export const TABLE_SCHEMA = {
  partitionKey: 'pk',
  sortKey: 'sk',
  /** Sparse, sharded, keys only: what is due. Accounts under `ROLL#<shard>`, gifts and an app's own records under `DUE#<shard>`. */
  dueIndex: { name: 'DueIndex', partitionKey: 'dueShard', sortKey: 'dueAt' },
  /** Sparse, keys only: the records of one partition and one kind by time, `GIFT#<instant>#<id>`. */
  listIndex: { name: 'ListIndex', partitionKey: 'pk', sortKey: 'listKey' },
  /** Seconds since the epoch, for the items that expire. */
  timeToLive: 'expiresAt',
} as const;

/** How many partitions of `DueIndex` the accounts, and the other things, are spread over. */
export const DUE_SHARDS = 16;
/** How many partitions the audit records of one day are spread over. */
export const AUDIT_SHARDS = 16;

/**
 * Postage remembers longer that a change has been counted than it keeps failed changes to be sent again, so that none
 * counts twice.
 */
export const MARKERS_KEPT_DAYS = 35;
/** Postage remembers processed events of Stripe's longer than any can come again. */
export const STRIPE_EVENTS_KEPT_DAYS = 40;
export const FAILED_RECORDS_KEPT_DAYS = 30;

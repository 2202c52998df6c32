import { type Reason } from '../adapters/dynamodb/transact.ts';

/**
 * Helper of the deciding write: what a cancelled transaction means. DynamoDB reports all failed conditions of a
 * transaction together, and conflicts with other transactions beside them. This file says which reason counts.
 */

/** Why the account's item did not commit; when its condition failed, what the item shows. */
export type AccountReason =
  | Exclude<Reason, 'condition'>
  | 'absent'
  /** Its period, grace or subscription has ended; or its terms are not those that the write has asked for. */
  | 'not current'
  | 'refuses'
  /** It has no credit left, and a card may pay. */
  | 'wants a card';

export interface Reasons {
  record: Reason;
  /** What the command writes alongside, and has to exist. */
  alongside: Reason;
  account: AccountReason;
  /** Any of the other items: the ledger's line, and what belongs to the record. */
  others: Reason;
}

export type Verdict =
  | 'answer from the record'
  | 'refused alongside'
  | 'create the account'
  | 'roll forward'
  | 'charge a card'
  | 'refuse'
  | 'try again'
  | 'inconsistent';

/**
 * Judges the reasons in a fixed order, the first that applies:
 * 1. the record exists: it is the same request again, whatever the account says by now (G2);
 * 2. the record is in another transaction's hands: it may be this request's twin, so nothing else can be believed yet;
 * 3. what stands alongside refuses (what it needs is missing);
 * 4. there is no account yet;
 * 5. the account is not open, or stands under other terms: it is rolled forward, and the command carried out, at once (G7);
 * 6. the account refuses, or wants a card to pay;
 * 7. conflicts or throttling elsewhere.
 */
export function judge({ record, alongside, account, others }: Reasons): Verdict {
  if (record === 'condition') {
    return 'answer from the record';
  }
  if (record !== 'none') {
    return 'try again';
  }
  if (alongside === 'condition') {
    return 'refused alongside';
  }
  switch (account) {
    case 'absent':
      return 'create the account';
    case 'not current':
      return 'roll forward';
    case 'refuses':
      return 'refuse';
    case 'wants a card':
      return 'charge a card';
    case 'conflict':
    case 'throttled':
      return 'try again';
    case 'none':
      // No code of ours writes a ledger line without its record.
      return others === 'condition' ? 'inconsistent' : 'try again';
  }
}

/**
 * What a cancelled transaction means. DynamoDB reports every failed condition of a transaction together, beside
 * conflicts with other transactions, so several reasons may hold at once; this file says which one counts.
 */

/** Why one item of a transaction did not commit. */
export type Reason = 'none' | 'condition' | 'conflict' | 'throttled';

/** Why the account's item did not commit; when its condition failed, what the item shows. */
export type AccountReason =
  | Exclude<Reason, 'condition'>
  | 'absent'
  /** Its period, grace or subscription has ended, or its period has not begun. */
  | 'not open'
  | 'refuses'
  /** It has no credit left, and a card may pay. */
  | 'wants a card'
  /** The item that came back would allow the command by now. */
  | 'allows';

export interface Reasons {
  record: Reason;
  /** The letter of a delivery; `none` for commands without one. */
  letter: Reason;
  account: AccountReason;
  /** Any of the other items: the ledger's line, the letter's text. */
  others: Reason;
}

export type Verdict =
  | 'answer from the record'
  | 'letter missing'
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
 * 3. the letter is missing;
 * 4. there is no account yet;
 * 5. the account is not open: it is rolled forward, and the command carried out, at once (G7);
 * 6. the account refuses, or wants a card to pay;
 * 7. conflicts or throttling elsewhere.
 */
export function judge({ record, letter, account, others }: Reasons): Verdict {
  if (record === 'condition') {
    return 'answer from the record';
  }
  if (record !== 'none') {
    return 'try again';
  }
  if (letter === 'condition') {
    return 'letter missing';
  }
  switch (account) {
    case 'absent':
      return 'create the account';
    case 'not open':
      return 'roll forward';
    case 'refuses':
      return 'refuse';
    case 'wants a card':
      return 'charge a card';
    case 'allows':
    case 'conflict':
    case 'throttled':
      return 'try again';
    case 'none':
      // A ledger line whose record does not exist has been written by nobody of ours.
      return others === 'condition' ? 'inconsistent' : 'try again';
  }
}

/**
 * Everybody who appears in the suite. Each starts as somebody whom Postage has never seen and belongs to one case, so
 * that the suite can run again and again against a stack that lives on, and its files side by side.
 *
 * Against a stack whose issuer the suite cannot speak for, a token of each is needed: that of `freeWriter` in
 * `POSTAGE_TOKEN_FREE_WRITER`.
 */
export const PEOPLE = [
  'freeWriter',
  'freeNearing',
  'freeRepeater',
  'freeOwner',
  'freeStranger',
  'freeScheduler',
  'freeVisitor',
  'freeReceiver',
  'freeLatecomer',
  'freeCounted',
  'freeReporter',
  'freeSubscriber',
  'freeUpgrader',
  'freeResubscriber',
  'freeTrier',
  'freeDebtor',
  'freeDefaulter',
  'freePayer',
  'freeDeclined',
  'freeAuthenticator',
  'proSender',
  'proBuyer',
  'proRefunded',
  'proGiver',
  'proDisputed',
  'proBrowser',
  'proEmailer',
  'proRacer',
  'proCanceller',
  'proReceiver',
  'proPromiser',
  'proCounted',
  'proHurried',
  'proRenewer',
  'proRolled',
  'proNightly',
  'proYearly',
  'proAdjusted',
  'proErased',
  'proLeaver',
  'proReported',
  'enterpriseSender',
  'freePainter',
  'freeFailed',
  'freeHolder',
  'freeCustomer',
  'freeSaver',
  'freeWatched',
  'studioHolder',
  'freeCaller',
  'freeRegular',
  'businessCaller',
] as const;

export type Person = (typeof PEOPLE)[number];

/** The machine that may count usage for others: its tokens have the scope `postage/usage:write`. */
export const SERVICE = 'service';
export const SERVICE_SCOPE = 'postage/usage:write';

/** One that may see every account, and count nothing: its tokens have the scope `postage/usage:read`. */
export const READER = 'reader';
export const READER_SCOPE = 'postage/usage:read';

/** A person who may see and correct every account: by the scope, or in the user pool by the group of this name. */
export const ADMIN = 'admin';

/** Everybody who has a token. */
export type TokenOwner = Person | typeof SERVICE | typeof READER | typeof ADMIN;

/** `POSTAGE_TOKEN_FREE_WRITER` */
export function tokenVariable(name: TokenOwner): string {
  return `POSTAGE_TOKEN_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

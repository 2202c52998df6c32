import type { StageEntry } from './stages.ts';

/** What the stage says of the senders that Postage brings. Null: that sender is left out, for another one in its place. */
export interface SenderSettings {
  /** The address that e-mails come from, `Postage <letters@example.com>`. */
  emailFrom: EmailAddress | null;
  /** The id of the address at Lob that mails come from. */
  mailFrom: string | null;
}

export interface EmailAddress {
  /** As it stands in an e-mail. */
  text: string;
  address: string;
  domain: string;
}

export function senderSettingsOf({ senders }: StageEntry): SenderSettings {
  const { emailFrom = null, mailFrom = null } = senders ?? {};
  return { emailFrom: emailFrom === null ? null : emailAddressIn(emailFrom), mailFrom };
}

export function emailAddressIn(text: string): EmailAddress {
  const [, address = text] = /<(.+)>$/.exec(text) ?? [];
  return { text, address, domain: address.slice(address.indexOf('@') + 1) };
}

/** What the context says of the senders that Postage brings. Null: that sender is left out, for another one in its place. */
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

/** @throws Error on a context that makes no sense */
export function parseSenderSettings(context: (key: string) => unknown): SenderSettings {
  return { emailFrom: parseEmailFrom(context('emailFrom')), mailFrom: parseMailFrom(context('mailFrom')) };
}

function parseEmailFrom(given: unknown): EmailAddress | null {
  if (given === undefined) {
    return null;
  }
  const text = typeof given === 'string' ? given : '';
  // A line's end in the name would begin another header; SES takes an address in ASCII only.
  const match = /^(?:[^<>\p{Cc}]+ <)?((?:(?![<>@])[!-~])+@([a-z0-9-]+(?:\.[a-z0-9-]+)+))>?$/iu.exec(text);
  const [, address, domain] = match ?? [];
  if (address === undefined || domain === undefined || text.includes('<') !== text.endsWith('>')) {
    throw new Error(`E-mails come from an address: -c emailFrom='Postage <letters@example.com>'`);
  }
  return { text, address, domain };
}

function parseMailFrom(given: unknown): string | null {
  if (given === undefined) {
    return null;
  }
  if (typeof given !== 'string' || !/^adr_\w+$/.test(given)) {
    throw new Error('Mails come from an address at Lob, by its id: -c mailFrom=adr_0123456789abcdef');
  }
  return given;
}

/** Whom e-mails come from, as it stands in an e-mail's header. */

const NAMED = /^(.*?)\s*<([^<>]+)>$/s;
/** A quoted string takes these. RFC 5322, 3.2.4. */
const PRINTABLE = /^[\x20-\x7E]*$/;
/** RFC 2047, 2: an encoded word has at most 75 characters, the twelve around its text among them. */
const MOST_BYTES = 45;

/** A name would end the header, and begin another one. */
export class UnsafeSenderError extends Error {
  override name = 'UnsafeSenderError';
}

/**
 * `Postage <letters@example.com>` as a header takes it: the name in quotation marks, and one that is not ASCII in encoded
 * words, since SES takes a name in ASCII only
 * (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html).
 *
 * @throws UnsafeSenderError on a line's end, or another control character
 */
export function senderHeader(text: string): string {
  // eslint-disable-next-line no-control-regex -- They are what must not be there.
  if (/[\u0000-\u001F\u007F]/.test(text)) {
    throw new UnsafeSenderError("A sender's name has no control characters.");
  }
  const [, name = '', address = ''] = NAMED.exec(text.trim()) ?? [];
  if (name === '') {
    return address === '' ? text.trim() : address;
  }
  return `${PRINTABLE.test(name) ? quoted(name) : encoded(name)} <${address}>`;
}

/** Quotation marks around the name that was given are the same name. */
function quoted(name: string): string {
  const bare = /^"(.*)"$/.exec(name)?.[1] ?? name;
  return `"${bare.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** No character is parted: each word is decoded alone. */
function encoded(name: string): string {
  const words: string[] = [];
  let word = '';
  for (const character of name) {
    if (Buffer.byteLength(word + character) > MOST_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  return [...words, word].map((text) => `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`).join(' ');
}

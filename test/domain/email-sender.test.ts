import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { senderHeader, UnsafeSenderError } from '../../lambdas/letters/domain/email-sender.ts';

/** What a reader makes of the encoded words of a header. RFC 2047. */
function decoded(header: string): string {
  return header
    .replaceAll(/\?= =\?/g, '?==?')
    .replaceAll(/=\?UTF-8\?B\?([^?]*)\?=/g, (_word, text: string) => Buffer.from(text, 'base64').toString());
}

describe('whom e-mails come from', () => {
  it.each([
    ['letters@example.com', 'letters@example.com'],
    ['<letters@example.com>', 'letters@example.com'],
    ['Postage <letters@example.com>', '"Postage" <letters@example.com>'],
    ['"Postage" <letters@example.com>', '"Postage" <letters@example.com>'],
    ['Post, Age <letters@example.com>', '"Post, Age" <letters@example.com>'],
    [String.raw`The "P\age" <p@example.com>`, String.raw`"The \"P\\age\"" <p@example.com>`],
    ['Käthe <letters@example.com>', '=?UTF-8?B?S8OkdGhl?= <letters@example.com>'],
  ])('%s is %s in a header', (given, header) => {
    expect(senderHeader(given)).toBe(header);
  });

  it('is, however it is named, in ASCII, and reads as it was given', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(name, (any) => {
        // eslint-disable-next-line no-control-regex -- A name has none.
        const given = `é${any.replaceAll(/[<>\u0000-\u001F\u007F]/g, '').trim()}`;
        const header = senderHeader(`${given} <letters@example.com>`);
        expect(header).toMatch(/^[ -~]+$/);
        expect(decoded(header)).toBe(`${given} <letters@example.com>`);
        expect(header.split(' ').every((word) => word.length <= 75)).toBe(true);
      }),
      { examples: [['é'.repeat(60)]] },
    );
  });

  it.each(['Postage\r\nBcc: eve@example.com <letters@example.com>', 'Post\u0000age <letters@example.com>'])(
    'is refused as %j',
    (given) => {
      expect(() => senderHeader(given)).toThrow(UnsafeSenderError);
    },
  );
});

import { createHash, createHmac } from 'node:crypto';

/** Crockford's base 32: none of its characters looks like another. https://www.crockford.com/base32.html */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 4;
const GROUP_LENGTH = 7;
/** 140 bits, 5 in a character: nobody guesses one. */
const CODE_LENGTH = GROUPS * GROUP_LENGTH;

/**
 * The code of a gift, `7Q3M0ZK-…`. It follows from the gift and a secret, so that it need not be kept to be told again,
 * and whoever reads the table can't claim what lies there.
 */
export function codeOfGift(secret: string, giverId: string, giftId: string): string {
  const digest = createHmac('sha256', secret)
    .update(JSON.stringify([giverId, giftId]))
    .digest();
  // Of 32 values that a character can have, each is as likely: a byte has eight times as many.
  const characters = [...digest.subarray(0, CODE_LENGTH)].map((byte) =>
    ALPHABET.charAt(byte % ALPHABET.length),
  );
  return Array.from({ length: GROUPS }, (_, group) =>
    characters.slice(group * GROUP_LENGTH, (group + 1) * GROUP_LENGTH).join(''),
  ).join('-');
}

/** By what a code is found: as it was typed, whatever its case, with or without its hyphens, and with an O for a 0. */
export function hashOfCode(code: string): string {
  const meant = code.toUpperCase().replaceAll('-', '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  return createHash('sha256').update(meant).digest('base64url');
}

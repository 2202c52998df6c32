import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeCursor, encodeCursor } from '../../lambdas/http/cursors.ts';

const LIST = { route: 'GET /letters', userId: 'user-1' };

describe('cursors', () => {
  it('give the position back to the list and the user that they were given to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (position, userId) => {
        const list = { ...LIST, userId };
        expect(decodeCursor(list, encodeCursor(list, position))).toBe(position);
      }),
    );
  });

  it('G13: are refused for another user and for another list', () => {
    const cursor = encodeCursor(LIST, 'LETTER#2026#1');
    expect(decodeCursor({ ...LIST, userId: 'user-2' }, cursor)).toBeNull();
    expect(decodeCursor({ ...LIST, route: 'GET /deliveries' }, cursor)).toBeNull();
  });

  it('are refused when anything of them is changed, cut off or added', () => {
    const cursor = encodeCursor(LIST, 'LETTER#2026-11-24T09:00:00.000Z#0123456789abcdef');
    for (let at = 0; at < cursor.length; at += 1) {
      const other = cursor[at] === 'A' ? 'B' : 'A';
      expect(decodeCursor(LIST, cursor.slice(0, at) + other + cursor.slice(at + 1))).toBeNull();
      expect(decodeCursor(LIST, cursor.slice(0, at))).toBeNull();
    }
    expect(decodeCursor(LIST, `${cursor}A`)).toBeNull();
    expect(decodeCursor(LIST, `${cursor}=`)).toBeNull();
  });

  it('are refused when they are anything else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeCursor(LIST, text)).toBeNull();
      }),
    );
  });
});

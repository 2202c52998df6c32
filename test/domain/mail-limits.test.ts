import { describe, expect, it } from '@jest/globals';
import { mostPagesTo, pagesOf } from '../../lambdas/letters/domain/mail-limits.ts';

describe('the pages of a mail', () => {
  it('are 60 in the US and 6 elsewhere', () => {
    expect([mostPagesTo('US'), mostPagesTo('GB')]).toEqual([60, 6]);
  });

  it.each([
    ['a line', 'Dear me', 1],
    ['many short lines', 'Dear me\r\n'.repeat(100), 4],
    ['six pages of prose', 'How did it go, and was it worth it? '.repeat(480), 6],
    ['a text for which a page abroad is too little', 'How did it go, and was it worth it? '.repeat(600), 8],
    ['64 kB of it', 'How did it go? '.repeat(4_369), 22],
    ['64 kB of Chinese', '你好吗？'.repeat(5_461), 15],
  ])('of %s', (_what, body, pages) => {
    expect(pagesOf({ title: 'To me', body })).toBe(pages);
  });

  it('grow with a long title', () => {
    expect(pagesOf({ title: 'WWW '.repeat(200), body: '' })).toBeGreaterThan(1);
  });
});

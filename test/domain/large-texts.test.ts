import { describe, expect, it } from '@jest/globals';
import { nextMinute } from '../../lambdas/domain/instants.ts';
import { isLargeText, LARGE_TEXT_BYTES } from '../../lambdas/letters/domain/letters.ts';
import { at } from '../support/accounts.ts';

describe('a large text', () => {
  it.each([
    ['a', 1],
    ['é', 2],
    ['字', 3],
    ['🙂', 4],
  ])('is counted in bytes of UTF-8, of %s too', (character, bytes) => {
    const most = Math.floor(LARGE_TEXT_BYTES / bytes);
    expect(isLargeText(character.repeat(most))).toBe(false);
    expect(isLargeText(character.repeat(most + 1))).toBe(true);
  });

  it('may be sent again from the next minute on', () => {
    expect(nextMinute(at('2026-03-10T09:00:00Z'))).toBe(at('2026-03-10T09:01:00Z'));
    expect(nextMinute(at('2026-03-10T09:00:59.999Z'))).toBe(at('2026-03-10T09:01:00Z'));
  });
});

import { describe, expect, it } from '@jest/globals';
import { USER_ID } from '../../lambdas/domain/user-id.ts';

describe('what names a user', () => {
  it.each(['a', '0f8fad5b-d9cb-469f-a165-70867728950e', 'auth0|507f1f77', '~!"$&', 'u'.repeat(128)])(
    'may be %s',
    (userId) => {
      expect(USER_ID.test(userId)).toBe(true);
    },
  );

  it.each(['', ' ', 'a b', 'a#b', 'a%20b', 'a\nb', 'é', '\u007f', 'u'.repeat(129)])('is not %j', (userId) => {
    expect(USER_ID.test(userId)).toBe(false);
  });
});

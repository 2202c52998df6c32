import { describe, expect, it } from '@jest/globals';
import { admit } from '../../lambdas/http/access.ts';
import { httpEvent } from '../support/http-event.ts';

describe('the e-mail address of a token', () => {
  it.each([
    [{ email: 'ada@example.com' }, 'ada@example.com'],
    [{ email: 'ada@example.com', email_verified: 'true' }, 'ada@example.com'],
    [{ email: 'ada@example.com', email_verified: 'false' }, null],
    [{ email: 'ada@example.com', email_verified: false }, null],
    [{ email: 'ada' }, null],
    [{ email: `${'a'.repeat(501)}@example.com` }, null],
    [{ email: ['ada@example.com'] }, null],
    [{}, null],
  ])('of the claims %j is %j', async (claims, email) => {
    const event = httpEvent({ claims: { sub: 'user-1', ...claims } });
    expect(await admit(event, 'user', null)).toMatchObject({ userId: 'user-1', email });
  });
});

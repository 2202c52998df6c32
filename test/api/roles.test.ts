import { describe, expect, it } from '@jest/globals';
import { isAdmin, mayReadUsage, mayWriteUsage } from '../../lambdas/http/roles.ts';

describe('usage:write', () => {
  it.each(['usage:write', 'postage/usage:write', 'openid postage/usage:write email'])('is in %p', (scope) => {
    expect(mayWriteUsage({ scope })).toBe(true);
  });

  it.each([
    '',
    'usage:writer',
    'not-usage:write',
    'usage:write2',
    'USAGE:WRITE',
    'other/usage:write',
    '[usage:write]',
    'usage:read\tusage:write',
    ['usage:write'],
    undefined,
    7,
  ])('is not in %p', (scope) => {
    expect(mayWriteUsage({ scope })).toBe(false);
  });

  it('G13: is not given by a group: people join groups, machines get scopes', () => {
    expect(mayWriteUsage({ 'cognito:groups': '[usage:write]' })).toBe(false);
  });
});

describe('usage:read', () => {
  it.each(['usage:read', 'postage/usage:read', 'openid postage/usage:write'])('is in %p', (scope) => {
    expect(mayReadUsage({ scope })).toBe(true);
  });

  it('G13: does not let its holder write', () => {
    expect(mayWriteUsage({ scope: 'postage/usage:read' })).toBe(false);
  });

  it.each(['', 'usage:reads', 'other/usage:read', 'admin', '[usage:read]', ['usage:read'], undefined])(
    'G13: is not in %p',
    (scope) => {
      expect(mayReadUsage({ scope })).toBe(false);
    },
  );
});

describe('admin', () => {
  it.each([
    { scope: 'openid admin' },
    { 'cognito:groups': '[admin]' },
    { 'cognito:groups': '[staff admin]' },
  ])('is in %p', (claims) => {
    expect(isAdmin(claims)).toBe(true);
  });

  it.each([
    { scope: 'administrator' },
    { scope: '[admin]' },
    { 'cognito:groups': '[not-admin]' },
    { 'cognito:groups': '[admins staff]' },
    { 'cognito:groups': '[[admin]]' },
    { 'cognito:groups': 'admin' },
    { 'cognito:groups': '[]' },
    { groups: '[admin]' },
    {},
  ])('G13: is not in %p', (claims) => {
    expect(isAdmin(claims)).toBe(false);
  });
});

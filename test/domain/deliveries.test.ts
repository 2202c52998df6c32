import { describe, expect, it } from '@jest/globals';
import { canDeliverAt, costOf } from '../../lambdas/letters/domain/deliveries.ts';
import { at } from '../support/accounts.ts';

describe('when a delivery can be promised', () => {
  const now = '2026-11-24T12:00:00.000Z';

  it.each([
    ['now', now, false],
    ['the past', '2026-11-24T11:59:59.999Z', false],
    ['a millisecond later', '2026-11-24T12:00:00.001Z', true],
    ['a hundred years later', '2126-11-24T12:00:00.000Z', true],
    ['a millisecond more', '2126-11-24T12:00:00.001Z', false],
  ])('%s: %s', (_, deliverAt, expected) => {
    expect(canDeliverAt(at(deliverAt), at(now))).toBe(expected);
  });

  it('a hundred years from a leap day to a year without one', () => {
    expect(canDeliverAt(at('2100-03-01'), at('2000-02-29'))).toBe(true);
    expect(canDeliverAt(at('2100-03-02'), at('2000-02-29'))).toBe(false);
  });
});

describe('what a delivery costs', () => {
  it('one of its channel', () => {
    expect(costOf('email')).toEqual({ consume: { emails: 1 }, release: {} });
    expect(costOf('mail')).toEqual({ consume: { mails: 1 }, release: {} });
  });
});

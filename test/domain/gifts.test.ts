import { describe, expect, it } from '@jest/globals';
import { auditOf } from '../../lambdas/domain/audit.ts';
import { type RecordChange } from '../../lambdas/domain/changes.ts';
import { eventsOf } from '../../lambdas/domain/events-of.ts';
import { endOf, type Gift, type GiftEnd, newGift, refuseClaim } from '../../lambdas/domain/gifts.ts';
import { DAY_MS } from '../../lambdas/domain/instants.ts';
import { countedOf } from '../../lambdas/domain/statistics.ts';
import { at } from '../support/accounts.ts';
import { LETTERS } from '../support/catalogues.ts';

const NOW = at('2026-02-10');
const OPEN = newGift({ id: 'g1', count: 3, codeHash: 'hash' }, NOW);

/** A gift that has come to its end. */
function ended(end: GiftEnd): Gift {
  const { id, count, codeHash, createdAt, expiresAt } = OPEN;
  return { id, count, codeHash, createdAt, expiresAt, ...end };
}

const CLAIMED = ended({ status: 'claimed', endedAt: at('2026-02-11') });
const RETURNED = ended({ status: 'returned', endedAt: at('2026-05-11'), because: 'expired' });

describe('a gift', () => {
  it('lasts for 90 days', () => {
    expect(OPEN).toMatchObject({ status: 'open', createdAt: NOW, expiresAt: at('2026-05-11') });
    expect(refuseClaim(OPEN, 'giver', 'receiver', NOW)).toBeNull();
    expect(refuseClaim(OPEN, 'giver', 'receiver', NOW + 90 * DAY_MS - 1)).toBeNull();
    // Also when no job has brought it back yet (G7).
    expect(refuseClaim(OPEN, 'giver', 'receiver', NOW + 90 * DAY_MS)).toBe('gone_back');
  });

  it('G7: has gone back at its end, also when no job has written that yet', () => {
    expect(endOf(OPEN, OPEN.expiresAt - 1)).toMatchObject({ status: 'open' });
    expect(endOf(OPEN, OPEN.expiresAt)).toEqual({
      status: 'returned',
      endedAt: OPEN.expiresAt,
      because: 'expired',
    });
    expect(endOf(CLAIMED, OPEN.expiresAt)).toMatchObject({ status: 'claimed', endedAt: at('2026-02-11') });
  });

  it.each([
    [OPEN, 'own'],
    [CLAIMED, 'own'],
    [RETURNED, 'own'],
  ])('is for somebody else than its giver ($status)', (gift, reason) => {
    expect(refuseClaim(gift, 'giver', 'giver', NOW)).toBe(reason);
  });

  it('is claimed once, and not after it has gone back', () => {
    expect(refuseClaim(CLAIMED, 'giver', 'receiver', NOW)).toBe('already_claimed');
    expect(refuseClaim(RETURNED, 'giver', 'receiver', NOW)).toBe('gone_back');
  });
});

describe('what follows from a gift', () => {
  const change = (before: Gift | null, after: Gift | null): RecordChange => ({
    kind: 'gift',
    userId: 'giver',
    at: NOW,
    before,
    after,
  });

  it.each<[string, RecordChange, string | null]>([
    ['one that was made', change(null, OPEN), 'GiftSent'],
    ['one that was claimed', change(OPEN, CLAIMED), 'GiftClaimed'],
    ['one that went back', change(OPEN, RETURNED), 'GiftReturned'],
    ['one that is as it was', change(OPEN, OPEN), null],
    ['one that was erased', change(OPEN, null), null],
  ])('of %s is told, and stands in the audit trail', (_, told, name) => {
    const events = eventsOf(told, LETTERS);
    expect(events.map((event) => event.name)).toEqual(name === null ? [] : [name]);
    expect(auditOf(told, LETTERS)).toMatchObject(
      events.map(({ id, data }) => ({ id, type: name, actor: 'postage:gifts', userId: 'giver', data })),
    );
    // Its movements of credits count for themselves.
    expect(countedOf(told)).toBeNull();
  });

  it('says when and why', () => {
    expect(eventsOf(change(OPEN, RETURNED), LETTERS)).toEqual([
      {
        name: 'GiftReturned',
        version: 1,
        id: 'GiftReturned:giver:g1',
        at: '2026-05-11T00:00:00.000Z',
        userId: 'giver',
        data: { giftId: 'g1', count: 3, because: 'expired' },
      },
    ]);
  });
});

import { type Change } from './changes.ts';
import { type CoreEvent, event } from './events.ts';
import { toIso } from './instants.ts';

/** What has happened to a gift between two of its states. */
export function eventsOfGift({ userId, before, after }: Change<'gift'>): CoreEvent[] {
  if (after === null) {
    return [];
  }
  const { id: giftId, count, createdAt, expiresAt } = after;
  if (before === null) {
    const data = { giftId, count, expiresAt: toIso(expiresAt) };
    return [event('GiftSent', userId, [giftId], createdAt, data)];
  }
  switch (after.status) {
    case 'open':
      return [];
    case 'claimed':
      return [event('GiftClaimed', userId, [giftId], after.endedAt, { giftId, count })];
    case 'returned': {
      const data = { giftId, count, because: after.because };
      return [event('GiftReturned', userId, [giftId], after.endedAt, data)];
    }
  }
}

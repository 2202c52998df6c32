import { type RecordedConsumption } from '../../lambdas/domain/changes.ts';
import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { detailSchema } from '../../lambdas/letters/adapters/event-schemas.ts';
import { type AnyChange } from '../../lambdas/letters/domain/changes.ts';
import { type Delivery, type DeliveryLife } from '../../lambdas/letters/domain/deliveries.ts';
import { type EventName, EVENTS, type PostageEvent } from '../../lambdas/letters/domain/events.ts';
import { eventsOf } from '../../lambdas/letters/domain/events-of.ts';
import { newGift } from '../../lambdas/domain/gifts.ts';
import { rollForward } from '../../lambdas/domain/roll-forward.ts';
import { eventDocs } from '../../local/event-docs.ts';
import { active, at, givenSubscriber, used, withCredits, withUses } from '../support/accounts.ts';
import { givenDelivery } from '../support/deliveries.ts';
import { deliveryWith, givenLife, paidByCard } from '../support/delivery-lives.ts';
import { givenPurchase } from '../support/purchase-records.ts';
import { LETTERS } from '../support/catalogues.ts';

const about = { userId: 'user', at: at('2026-02-10'), before: null };
const PRO = givenSubscriber(active({ plan: 'pro', anchor: '2026-02-01' }), '2026-02-10');
const LETTER = { id: 'l', title: 'To myself', createdAt: at('2026-02-10'), deletedAt: null };

const STEPS = [
  ['scheduled', 'dispatched'],
  ['dispatched', 'sent'],
  ['dispatched', 'failed'],
  ['scheduled', 'cancelled'],
] as const;

const PENDING = deliveryWith(paidByCard(), { status: 'pending_payment' });
const SCHEDULED = deliveryWith(paidByCard(), { status: 'scheduled' });
const HELD = deliveryWith(paidByCard({ dispute: { since: 0, nextLookAt: 1 } }), { status: 'scheduled' });
const OVER: DeliveryLife = { status: 'cancelled', cancelledAt: 0, refund: 'done' };
const PAYMENTS: readonly (readonly [Delivery, Delivery])[] = [
  [PENDING, SCHEDULED],
  [PENDING, deliveryWith(paidByCard(), givenLife('failed', 0))],
  [SCHEDULED, deliveryWith(paidByCard({ refundedCents: 300 }), OVER)],
  [SCHEDULED, HELD],
  [HELD, SCHEDULED],
  [HELD, deliveryWith(paidByCard({ lostCents: 300 }), OVER)],
];

const CONSUMPTION: RecordedConsumption = {
  id: 'c',
  consumed: { letters: 1 },
  released: {},
  credits: 0,
  levels: [],
  createdAt: at('2026-02-10'),
  givenBackAt: null,
};

/** Changes that together raise every event. */
const CHANGES: AnyChange[] = [
  { kind: 'account', ...about, after: { ...used(PRO, { mails: 2 }, '2026-02-10'), version: 1 } },
  { kind: 'account', ...about, after: withUses(withCredits(PRO, { purchased: 1 }), { mails: { used: 21 } }) },
  { kind: 'account', ...about, after: { kind: 'erased', userId: 'user', version: 2, erasedAt: 0 } },
  { kind: 'period', ...about, after: rollForward(PRO, at('2026-03-01'), LETTERS).closed[0] ?? null },
  { kind: 'letter', ...about, after: LETTER },
  { kind: 'letter', ...about, before: LETTER, after: { ...LETTER, deletedAt: at('2026-02-11') } },
  { kind: 'delivery', ...about, after: givenDelivery('scheduled', 'email') },
  ...STEPS.map(([before, after]): AnyChange => ({
    kind: 'delivery',
    ...about,
    before: givenDelivery(before, 'mail'),
    after: givenDelivery(after, 'mail'),
  })),
  ...PAYMENTS.map(([before, after]): AnyChange => ({ kind: 'delivery', ...about, before, after })),
  {
    kind: 'consumption',
    ...about,
    after: CONSUMPTION,
  },
  {
    kind: 'consumption',
    ...about,
    before: CONSUMPTION,
    after: { ...CONSUMPTION, givenBackAt: at('2026-02-11') },
  },
];

const BOUGHT = givenPurchase({ status: 'paid', settledAt: at('2026-02-11') });

CHANGES.push(
  { kind: 'purchase', ...about, before: givenPurchase(), after: BOUGHT },
  { kind: 'purchase', ...about, before: BOUGHT, after: { ...BOUGHT, returnedCents: 1_350, creditsTaken: 5 } },
  { kind: 'purchase', ...about, before: givenPurchase(), after: givenPurchase({ status: 'failed' }) },
);

const GIFT = newGift({ id: 'g', count: 2, codeHash: 'hash' }, at('2026-02-10'));
const endedAt = at('2026-02-11');

CHANGES.push(
  { kind: 'gift', ...about, after: GIFT },
  { kind: 'gift', ...about, before: GIFT, after: { ...GIFT, status: 'claimed', endedAt } },
  {
    kind: 'gift',
    ...about,
    before: GIFT,
    after: { ...GIFT, status: 'returned', endedAt, because: 'expired' },
  },
);

const EXAMPLES: PostageEvent[] = CHANGES.flatMap((change) => eventsOf(change, LETTERS));

describe('the catalogue of events', () => {
  it.each(Object.keys(EVENTS) as EventName[])('%s is as its schema says', (name) => {
    const examples = EXAMPLES.filter((event) => event.name === name);
    expect(examples).not.toEqual([]);
    for (const { version, id, at: instant, userId, data } of examples) {
      const detail = { version, id, at: instant, userId, data };
      expect(z.safeParse(detailSchema(name), detail).error?.issues ?? []).toEqual([]);
    }
  });

  it('is what docs/events.md tells: npm run docs:events', async () => {
    const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');
    expect(page).toBe(await eventDocs());
  });
});

/** What property tests draw from. */
import fc from 'fast-check';
import { type Credits } from '../../lambdas/domain/credits.ts';
import { type Lots, sumLots } from '../../lambdas/domain/lots.ts';
import { DAY_MS, type Instant } from '../../lambdas/domain/instants.ts';
import { givenCredits } from './accounts.ts';

const FIRST_INSTANT = Date.UTC(2000, 0, 1);
const LAST_INSTANT = Date.UTC(2101, 0, 1) - 1;

/** Times of day where off-by-ones live, and any other. */
const timeOfDay = fc.oneof(fc.constantFrom(0, 1, DAY_MS - 1), fc.integer({ min: 0, max: DAY_MS - 1 }));

/** Any instant from 2000 to 2100, every second one on a day that not all months have, or next to one. */
export const anyInstant: fc.Arbitrary<Instant> = fc.oneof(
  fc.integer({ min: FIRST_INSTANT, max: LAST_INSTANT }),
  fc
    .tuple(
      fc.integer({ min: 2000, max: 2100 }),
      fc.integer({ min: 0, max: 11 }),
      fc.constantFrom(1, 27, 28, 29, 30, 31),
      timeOfDay,
    )
    .map(([year, month, day, time]) => Date.UTC(year, month, day) + time)
    .filter((instant) => instant <= LAST_INSTANT),
);

const few = fc.integer({ min: 0, max: 12 });

/** As many as plans carry periods. */
export const anyLots: fc.Arbitrary<Lots> = fc.array(few, { minLength: 1, maxLength: 4 });

/** Credits as they can be between two commands: no more used than held, and nothing owed while a purchased one is free. */
export const anyCredits: fc.Arbitrary<Credits> = fc
  .record({ lots: anyLots, included: few, purchased: few, share: fc.nat({ max: 100 }), owed: few })
  .map(({ lots, included, purchased, share, owed }) => {
    const held = sumLots(lots) + included + purchased;
    const usedThisPeriod = Math.floor((held * share) / 100);
    const isPurchasedFree = purchased > 0 && usedThisPeriod < held;
    return givenCredits({ lots, included, purchased, usedThisPeriod, owed: isPurchasedFree ? 0 : owed });
  });

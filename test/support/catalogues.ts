import { catalogue } from '../../examples/letters/postage.config.ts';
import { catalogueOf, defineCatalogue, usd } from '../../lambdas/domain/catalogue.ts';

/** The letters app's catalogue, in force from the beginning. */
export const LETTERS = catalogueOf(catalogue, 0);

/** What the letters app has not: levels, a free plan with credits, a plan that is no longer sold. */
export const STUDIO_FILE = defineCatalogue({
  meters: {
    exports: { title: ['export', 'exports'] },
    pictures: { title: ['picture', 'pictures'], credits: 2, perDay: 20 },
  },
  levels: { seats: { title: ['seat', 'seats'] } },
  features: { api: { title: 'API access' } },
  plans: [
    { id: 'free', title: 'Free', limits: { exports: 3, pictures: 'unlimited', seats: 1 }, credits: 4 },
    {
      id: 'duo',
      title: 'Duo',
      limits: { exports: 20, seats: 2 },
      prices: { month: usd(500) },
      retired: true,
    },
    {
      id: 'team',
      title: 'Team',
      limits: { exports: 100, pictures: 'unlimited', seats: 5 },
      credits: 40,
      carryOver: { cap: 20, periods: 2 },
      prices: { month: usd(2_000) },
      features: ['api'],
    },
  ],
  credit: { title: ['token', 'tokens'] },
  graceDays: 3,
  trialDays: 14,
});

export const STUDIO = catalogueOf(STUDIO_FILE, 0);

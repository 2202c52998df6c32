/** An app whose pictures a model makes: credits each month, seats, and no letters. */
import { defineCatalogue, usd } from '#catalogue';
import type { Stages } from '#stages';

export const catalogue = defineCatalogue({
  meters: {
    images: { title: ['image', 'images'], credits: 1 },
    large_images: { title: ['large image', 'large images'], credits: 4 },
  },
  levels: {
    seats: { title: ['seat', 'seats'] },
  },
  features: {
    priority_queue: { title: 'Priority queue' },
  },
  plans: [
    {
      id: 'free',
      title: 'Free',
      limits: { images: 'unlimited', large_images: 'unlimited', seats: 1 },
      credits: 10,
      carryOver: { cap: 20, periods: 2 },
    },
    {
      id: 'duo',
      title: 'Duo',
      limits: { images: 'unlimited', large_images: 'unlimited', seats: 2 },
      credits: 100,
      carryOver: { cap: 200, periods: 2 },
      prices: { month: usd(900), year: usd(9_000) },
    },
    {
      id: 'studio',
      title: 'Studio',
      limits: { images: 'unlimited', large_images: 'unlimited', seats: 5 },
      credits: 500,
      carryOver: { cap: 1_000, periods: 2 },
      prices: { month: usd(2_900), year: usd(29_000) },
      features: ['priority_queue'],
    },
  ],
  credit: {
    title: ['credit', 'credits'],
    bundles: { 50: usd(600), 200: usd(2_000) },
  },
  graceDays: 7,
  trialDays: 0,
});

export const letters = null;

export const stages = {
  dev: { disposable: true, appUrl: 'http://localhost:3000' },
  // Not disposable, so protected: it says everything. docs/stages.md has every setting.
  prod: {
    appUrl: 'https://pictures.example.com',
    issuer: null,
    signIn: { signUp: true },
    origins: ['https://pictures.example.com'],
    domain: null,
    senders: null,
    alarmEmails: ['on-call@example.com'],
    limits: null,
    retention: null,
    edge: null,
    page: null,
    gradual: null,
    canary: null,
    backupCopy: null,
    tracing: null,
  },
} satisfies Stages;

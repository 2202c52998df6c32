/** An API that is sold by calls, so many a month and so many a day: no credits, no letters. */
import { defineCatalogue, usd } from '#catalogue';
import type { Stages } from '#stages';

export const catalogue = defineCatalogue({
  meters: {
    calls: { title: ['call', 'calls'], perDay: 1_000, suspiciousAbove: 20_000 },
  },
  features: {
    webhooks: { title: 'Webhooks' },
  },
  plans: [
    { id: 'free', title: 'Free', limits: { calls: 1_500 } },
    {
      id: 'developer',
      title: 'Developer',
      limits: { calls: 10_000 },
      prices: { month: usd(1_900) },
    },
    {
      id: 'business',
      title: 'Business',
      limits: { calls: 'unlimited' },
      prices: { month: usd(9_900), year: usd(99_000) },
      features: ['webhooks'],
    },
  ],
  graceDays: 7,
  trialDays: 14,
});

export const letters = null;

export const stages = {
  dev: { disposable: true, appUrl: 'http://localhost:3000' },
  // Not disposable, so protected: it says everything. docs/stages.md has every setting.
  prod: {
    appUrl: 'https://api.example.com',
    issuer: null,
    signIn: { signUp: true },
    origins: ['https://api.example.com'],
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

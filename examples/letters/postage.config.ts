/** An app for letters to one's future self: the catalogue that Postage is shipped with. */
import { defineCatalogue, usd } from '#catalogue';
import type { Stages } from '#stages';

export const catalogue = defineCatalogue({
  // The order is the order of refusals.
  meters: {
    letters: { title: ['letter', 'letters'] },
    emails: { title: ['e-mail', 'e-mails'] },
    mails: { title: ['postal mail', 'postal mails'], credits: 1, perDay: 10, suspiciousAbove: 20 },
  },
  features: {
    priority_support: { title: 'Priority support' },
  },
  // From the smallest to the largest. The first is everybody's who has no subscription.
  plans: [
    { id: 'none', title: 'Free', limits: { letters: 5 } },
    {
      id: 'pro',
      title: 'Pro',
      limits: { letters: 'unlimited', emails: 'unlimited', mails: 'unlimited' },
      credits: 2,
      extraCredit: usd(300),
      prices: { month: usd(900), year: usd(9_000) },
    },
    {
      id: 'enterprise',
      title: 'Enterprise',
      limits: { letters: 'unlimited', emails: 'unlimited', mails: 'unlimited' },
      credits: 10,
      extraCredit: usd(250),
      carryOver: { cap: 10, periods: 3 },
      prices: { month: usd(2_900) },
      features: ['priority_support'],
    },
  ],
  credit: {
    title: ['mail credit', 'mail credits'],
    bundles: { 5: usd(1_400), 10: usd(2_700), 25: usd(6_250) },
    giftable: true,
  },
  graceDays: 7,
  trialDays: 0,
});

/** The letters app: its letters, deliveries and senders. Null deploys Postage without it. */
export const letters = {};

/** What a deployment is told, by stage. */
export const stages = {
  dev: { disposable: true, appUrl: 'http://localhost:3000' },
  // Not disposable, so protected: it says everything. docs/stages.md has every setting.
  prod: {
    appUrl: 'https://app.example.com',
    issuer: null,
    signIn: { signUp: true },
    origins: ['https://app.example.com'],
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

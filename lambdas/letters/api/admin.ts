import { readStoredAccount } from '../../adapters/dynamodb/accounts.ts';
import { GIFTS } from '../../adapters/dynamodb/gift-item.ts';
import { listRecords } from '../../adapters/dynamodb/lists.ts';
import { PURCHASES } from '../../adapters/dynamodb/purchase-item.ts';
import { adminOperations, recordRead, store } from '../../api/admin.ts';
import { getTotals } from '../../commands/usage-statistics.ts';
import { getCreditsSummary } from '../../domain/credits-summary.ts';
import { type Gift } from '../../domain/gifts.ts';
import { toIso } from '../../domain/instants.ts';
import { type Purchase } from '../../domain/purchases.ts';
import { rollForward } from '../../domain/roll-forward.ts';
import { daysOf } from '../../domain/statistics.ts';
import { httpHandler } from '../../http/handler.ts';
import { operation } from '../../http/operation.ts';
import { invalid, notFound } from '../../http/problems.ts';
import { getAggregateUsageStats } from '../commands/aggregate-usage-stats.ts';
import { callOffPaidMails } from '../commands/call-off-paid-mails.ts';
import { AUDIT_TYPES } from '../domain/audit.ts';
import { getEntitlements } from '../domain/entitlements.ts';
import { hasBegun, reportMails } from '../domain/mail-report.ts';
import { getUserMonthlyUsageSummary } from '../domain/summaries.ts';
import * as contracts from '../http/contracts/admin.ts';

const usageStats = operation(contracts.getUsageStats, async ({ query, deadline }) => {
  const range = { first: query.start, last: query.end };
  return { status: 200, body: await getAggregateUsageStats(store, range, deadline) };
});

const mailReport = operation(contracts.getMailReport, async ({ query: { month }, now, deadline }) => {
  if (!hasBegun(month, now)) {
    return invalid([{ path: 'month', message: 'Expected a month that has begun.' }]);
  }
  const totals = await getTotals(store, daysOf(month), deadline);
  return { status: 200, body: { month, ...reportMails(totals) } };
});

const user = operation(contracts.getUser, async (request) => {
  const { userId, now, deadline } = request;
  const stored = await readStoredAccount(store, userId, deadline);
  if (stored === null) {
    return notFound('user');
  }
  await recordRead(contracts.getUser, request, userId);
  if (stored.kind === 'erased') {
    return { status: 200, body: { userId, erasedAt: toIso(stored.erasedAt) } };
  }
  const { account } = rollForward(stored, now, store.catalogue);
  const latest = { limit: LATEST, after: null };
  const [purchases, gifts] = await Promise.all([
    listRecords(store, userId, PURCHASES, latest, deadline),
    listRecords(store, userId, GIFTS, latest, deadline),
  ]);
  return {
    status: 200,
    body: {
      userId,
      usage: getUserMonthlyUsageSummary(account),
      entitlements: getEntitlements(account, now),
      credits: getCreditsSummary(account),
      purchases: purchases.items.map(shownPurchase),
      gifts: gifts.items.map(shownGift),
    },
  };
});

/** How many purchases and gifts are shown with a user. */
const LATEST = 20;

function shownPurchase(purchase: Purchase) {
  const { id, status, credits, amountCents, returnedCents, creditsTaken, createdAt } = purchase;
  return { id, status, credits, amountCents, returnedCents, creditsTaken, createdAt: toIso(createdAt) };
}

function shownGift({ id, status, count, createdAt, expiresAt }: Gift) {
  return { id, status, count, createdAt: toIso(createdAt), expiresAt: toIso(expiresAt) };
}

export const handler = httpHandler([
  usageStats,
  mailReport,
  user,
  ...adminOperations({ auditTypes: AUDIT_TYPES, settle: callOffPaidMails }),
]);

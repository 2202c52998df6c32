import { adminOperations, hasSecondFactor, showUser, store } from '../../api/admin.ts';
import { getTotals } from '../../commands/usage-statistics.ts';
import { daysOf } from '../../domain/statistics.ts';
import { httpHandler } from '../../http/handler.ts';
import { operation } from '../../http/operation.ts';
import { invalid } from '../../http/problems.ts';
import { getAggregateUsageStats } from '../commands/aggregate-usage-stats.ts';
import { textsOf } from '../adapters/letter-item.ts';
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

const user = operation(contracts.getUser, (request) =>
  showUser(request, (account) => ({
    usage: getUserMonthlyUsageSummary(account),
    entitlements: getEntitlements(account, request.now),
  })),
);

const operations = adminOperations({
  auditTypes: AUDIT_TYPES,
  settle: callOffPaidMails,
  belongingsOf: textsOf,
});

export const handler = httpHandler([usageStats, mailReport, user, ...operations], null, hasSecondFactor);

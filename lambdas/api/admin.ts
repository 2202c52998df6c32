import { addMailCredits } from '../commands/add-mail-credits.ts';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import {
  appendAudit,
  type AuditQuery,
  listAuditRecords,
  listRolloverRuns,
} from '../adapters/dynamodb/audit.ts';
import { eraseUser } from '../commands/erase-user.ts';
import { callOffPaidMails } from '../letters/commands/call-off-paid-mails.ts';
import { exportUser } from '../commands/export-user.ts';
import { userKey } from '../adapters/dynamodb/keys.ts';
import { proveLedgerOf } from '../commands/prove-ledger.ts';
import { GIFTS } from '../adapters/dynamodb/gift-item.ts';
import { listRecords } from '../adapters/dynamodb/lists.ts';
import { PURCHASES } from '../adapters/dynamodb/purchase-item.ts';
import { getTotals } from '../commands/usage-statistics.ts';
import { getAggregateUsageStats } from '../letters/commands/aggregate-usage-stats.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { type AccountState, isLive } from '../domain/account.ts';
import { type AuditRecord } from '../domain/audit.ts';
import { DAY_MS, type Instant, toIso, utcDay } from '../domain/instants.ts';
import { type Gift } from '../domain/gifts.ts';
import { type Purchase } from '../domain/purchases.ts';
import { getEntitlements } from '../letters/domain/entitlements.ts';
import { hasBegun, reportMails } from '../letters/domain/mail-report.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { type DayRange, daysOf } from '../domain/statistics.ts';
import { getCreditsSummary } from '../domain/credits-summary.ts';
import { getUserMonthlyUsageSummary } from '../letters/domain/summaries.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { type Contract, routeKey } from '../http/contract.ts';
import * as contracts from '../http/contracts/admin.ts';
import * as lettersContracts from '../letters/http/contracts/admin.ts';
import { httpHandler } from '../http/handler.ts';
import { operation, type Request, type RequestOf } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { answerPage } from '../http/paging.ts';
import { belowBalance, invalid, notFound, ProblemError, userErased } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

/**
 * Records in the audit trail that somebody reads users' data. The route shows nothing that this can't record.
 *
 * @param userId undefined: the data of several users
 * @param query which data; empty: all of them
 * @throws BusyError
 */
async function recordRead(
  { route }: Contract,
  { requestId, actor, now, deadline }: Request<unknown, unknown, unknown>,
  userId: string | undefined,
  query: object = {},
): Promise<void> {
  const about = { id: `UserDataRead:${requestId}`, at: now, type: 'UserDataRead' as const, actor };
  const whose = userId === undefined ? {} : { userId };
  const record = { ...about, ...whose, data: { route: routeKey(route), ...query } };
  await appendAudit(store, record, deadline);
}

const usageStats = operation(lettersContracts.getUsageStats, async ({ query, deadline }) => {
  const range = { first: query.start, last: query.end };
  return { status: 200, body: await getAggregateUsageStats(store, range, deadline) };
});

const mailReport = operation(lettersContracts.getMailReport, async ({ query: { month }, now, deadline }) => {
  if (!hasBegun(month, now)) {
    return invalid([{ path: 'month', message: 'Expected a month that has begun.' }]);
  }
  const totals = await getTotals(store, daysOf(month), deadline);
  return { status: 200, body: { month, ...reportMails(totals) } };
});

const user = operation(lettersContracts.getUser, async (request) => {
  const { userId, now, deadline } = request;
  const stored = await readStoredAccount(store, userId, deadline);
  if (stored === null) {
    return notFound('user');
  }
  await recordRead(lettersContracts.getUser, request, userId);
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

const ledgerProof = operation(contracts.getLedgerProof, async (request) => {
  const { userId, deadline } = request;
  const proof = await proveLedgerOf(store, userKey(userId), deadline);
  if (proof === null) {
    return notFound('ledger');
  }
  await recordRead(contracts.getLedgerProof, request, userId);
  return { status: 200, body: { userId, ...proof } };
});

/** The movement says who made it and why. The outbox writes it to the audit trail. */
const adjustment = operation(contracts.adjustCredits, async (request) => {
  const { actor, body, now } = request;
  const outcome = await addMailCredits(store, request, { ...body, actor });
  switch (outcome.outcome) {
    case 'user_missing':
      return notFound('user');
    case 'account_erased':
      return userErased();
    case 'below_balance':
      return belowBalance(outcome.available);
    case 'created':
    case 'replayed':
    case 'idempotency_conflict':
      return answerWrite(outcome, now, 201, ({ at, ...movement }) => ({
        headers: { location: pathOf(request.userId) },
        body: { ...movement, at: toIso(at) },
      }));
  }
});

function pathOf(userId: string): string {
  return `/admin/users/${encodeURIComponent(userId)}`;
}

const userExport = operation(contracts.exportUser, async (request) => {
  const { userId, deadline } = request;
  return answerPage(
    contracts.exportUser,
    request,
    async (page) => {
      if ((await readStoredAccount(store, userId, deadline)) === null) {
        throw new ProblemError(notFound('user'));
      }
      const exported = await exportUser(store, userId, page, deadline);
      await recordRead(contracts.exportUser, request, userId);
      return exported;
    },
    (item) => item,
  );
});

/** The audit trail records it first: nobody could record it afterwards. */
const erasure = operation(contracts.eraseUser, async ({ userId, actor, requestId, now, deadline }) => {
  const stored = await readStoredAccount(store, userId, deadline);
  if (stored === null) {
    return notFound('user');
  }
  const id = `UserErased:${requestId}`;
  const atStripe = whomStripeKnows(stored);
  await appendAudit(store, { id, at: now, type: 'UserErased', actor, userId, data: atStripe }, deadline);
  const stripe = atStripe.customerId === null && atStripe.subscriptionId === null ? {} : { stripe: atStripe };
  const { outcome } = await eraseUser(store, userId, now, deadline, callOffPaidMails);
  switch (outcome) {
    case 'user_missing':
      return notFound('user');
    case 'erased':
      return { status: 200, body: { erased: true, ...stripe } };
    case 'unfinished':
      return { status: 202, headers: { location: pathOf(userId) }, body: { erased: false, ...stripe } };
  }
});

/** Whom Stripe goes on charging until somebody cancels there. */
function whomStripeKnows(stored: AccountState): { customerId: string | null; subscriptionId: string | null } {
  return stored.kind === 'erased'
    ? { customerId: null, subscriptionId: null }
    : {
        customerId: stored.customerId,
        subscriptionId: isLive(stored.subscription) ? stored.subscription.id : null,
      };
}

const auditEvents = operation(contracts.listAuditEvents, async (request) => {
  const { date, type, user: userId, ...query } = request.query;
  // A position in one trail means nothing in another.
  const list = { userId: JSON.stringify([date, type, userId]), query };
  return answerPage(
    contracts.listAuditEvents,
    list,
    async (page) => {
      const records = await listAuditRecords(store, trailOf(request.query), page, request.deadline);
      await recordRead(contracts.listAuditEvents, request, userId, { date, type });
      return records;
    },
    shownRecord,
  );
});

function trailOf({
  date: day,
  type,
  user: userId,
}: RequestOf<typeof contracts.listAuditEvents>['query']): AuditQuery {
  const ofType = type === undefined ? {} : { type };
  const ofDay = day === undefined ? {} : { day };
  return userId === undefined ? { day: '', ...ofDay, ...ofType } : { userId, ...ofDay, ...ofType };
}

function shownRecord({ at, data, ...record }: AuditRecord) {
  return { ...record, at: toIso(at), data: { ...data } };
}

const RECENT_DAYS = 30;

const rollovers = operation(contracts.listRollovers, ({ now, query, deadline }) => {
  const list = { userId: query.date ?? '', query };
  const days = rolloverDays(query.date, now);
  return answerPage(
    contracts.listRollovers,
    list,
    (page) => listRolloverRuns(store, days, page, deadline),
    shownRun,
  );
});

/** The cron routes name a run by the last part of its ARN. */
function shownRun({ at, data }: AuditRecord) {
  const run = contracts.RunRecord.parse(data);
  return { ...run, executionId: run.executionId.slice(run.executionId.lastIndexOf(':') + 1), at: toIso(at) };
}

function rolloverDays(date: string | undefined, now: Instant): DayRange {
  return date === undefined
    ? { first: utcDay(now - (RECENT_DAYS - 1) * DAY_MS), last: utcDay(now) }
    : { first: date, last: date };
}

export const handler = httpHandler([
  usageStats,
  mailReport,
  user,
  erasure,
  ledgerProof,
  adjustment,
  userExport,
  auditEvents,
  rollovers,
]);

import { addCredits } from '../commands/add-credits.ts';
import { readStoredAccount } from '../adapters/dynamodb/accounts.ts';
import {
  appendAudit,
  type AuditQuery,
  listAuditRecords,
  listRolloverRuns,
} from '../adapters/dynamodb/audit.ts';
import { type BelongingsOf, noBelongings } from '../adapters/dynamodb/belongings.ts';
import { lastDiff, recordedCatalogue } from '../adapters/dynamodb/catalogue-records.ts';
import { lastCheck } from '../adapters/dynamodb/check-records.ts';
import { type ErasedApp, eraseUser } from '../commands/erase-user.ts';
import { exportUser } from '../commands/export-user.ts';
import { GIFTS } from '../adapters/dynamodb/gift-item.ts';
import { userKey } from '../adapters/dynamodb/keys.ts';
import { listLedger } from '../commands/list-ledger.ts';
import { listNearing, type NearingUser } from '../commands/list-nearing.ts';
import { listRecords } from '../adapters/dynamodb/lists.ts';
import { PURCHASES } from '../adapters/dynamodb/purchase-item.ts';
import { proveLedgerOf } from '../commands/prove-ledger.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectUserPool } from '../adapters/user-pool.ts';
import { getUsageStats } from '../commands/usage-statistics.ts';
import { type Account, type AccountState, isLive } from '../domain/account.ts';
import { viewAccount } from '../domain/account-view.ts';
import { AUDIT_TYPES, type AuditRecord } from '../domain/audit.ts';
import { getCreditsSummary } from '../domain/credits-summary.ts';
import { type Gift } from '../domain/gifts.ts';
import { DAY_MS, type Instant, toIso, utcDay } from '../domain/instants.ts';
import { type Purchase } from '../domain/purchases.ts';
import { rollForward } from '../domain/roll-forward.ts';
import { type DayRange } from '../domain/statistics.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import { type Contract, routeKey } from '../http/contract.ts';
import * as contracts from '../http/contracts/admin.ts';
import { listNearingUsers } from '../http/contracts/nearing.ts';
import { getUsageStats as usageStatsContract, getUser } from '../http/contracts/users.ts';
import { httpHandler } from '../http/handler.ts';
import { type Answer, type Operation, operation, type Request, type RequestOf } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { answerPage } from '../http/paging.ts';
import { belowBalance, notFound, type Problem, ProblemError, userErased } from '../http/problems.ts';
import { CATALOGUE_FILE, catalogueInForce } from '../wiring/catalogue.ts';

export const store = createStore(requiredVariable('table'), catalogueInForce());
const pool = connectUserPool(optionalVariable('userPoolId'));

/** Admins of a stage whose data may be lost need no second factor, and another issuer sees to it itself. */
export const hasSecondFactor =
  pool === null || optionalVariable('disposable') === 'true' ? null : pool.hasSecondFactor;

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
  const about = { id: `UserDataRead:${requestId}`, at: now, type: 'UserDataRead', actor };
  const whose = userId === undefined ? {} : { userId };
  const record = { ...about, ...whose, data: { route: routeKey(route), ...query } };
  await appendAudit(store, record, deadline);
}

const usageStats = operation(usageStatsContract, async ({ query, deadline }) => {
  const range = { first: query.start, last: query.end };
  return { status: 200, body: await getUsageStats(store, range, deadline) };
});

/**
 * Answers with a user.
 *
 * @param view what the app shows of their account
 * @throws BusyError
 */
export async function showUser<View extends object>(
  request: RequestOf<typeof getUser>,
  view: (account: Account) => View,
) {
  const { userId, now, deadline } = request;
  const stored = await readStoredAccount(store, userId, deadline);
  if (stored === null) {
    return notFound('user');
  }
  await recordRead(getUser, request, userId);
  if (stored.kind === 'erased') {
    return { status: 200 as const, body: { userId, erasedAt: toIso(stored.erasedAt) } };
  }
  const { account } = rollForward(stored, now, store.catalogue);
  const latest = { limit: LATEST, after: null };
  const [purchases, gifts] = await Promise.all([
    listRecords(store, userId, PURCHASES, latest, deadline),
    listRecords(store, userId, GIFTS, latest, deadline),
  ]);
  return {
    status: 200 as const,
    body: {
      userId,
      ...view(account),
      credits: getCreditsSummary(account),
      purchases: purchases.items.map(shownPurchase),
      gifts: gifts.items.map(shownGift),
    },
  };
}

/** How many purchases and gifts are shown with a user. */
const LATEST = 20;

function shownPurchase(purchase: Purchase) {
  const { id, status, credits, amountCents, returnedCents, creditsTaken, createdAt } = purchase;
  return { id, status, credits, amountCents, returnedCents, creditsTaken, createdAt: toIso(createdAt) };
}

function shownGift({ id, status, count, createdAt, expiresAt }: Gift) {
  return { id, status, count, createdAt: toIso(createdAt), expiresAt: toIso(expiresAt) };
}

const user = operation(getUser, (request) =>
  showUser(request, (account) => ({ account: viewAccount(account, request.now, store.catalogue) })),
);

const nearing = operation(listNearingUsers, (request) => {
  const { query, now, deadline } = request;
  const { nearing: share } = query;
  const list = { userId: String(share), query };
  return answerPage(
    listNearingUsers,
    list,
    async (page) => {
      const users = await listNearing(store, share, page, now, deadline);
      await recordRead(listNearingUsers, request, undefined, { nearing: share });
      return users;
    },
    shownNearing,
  );
});

function shownNearing({ account, limits }: NearingUser) {
  const { userId, plan, periodEnd } = account;
  return { userId, plan, periodEndsAt: toIso(periodEnd), limits: [...limits] };
}

const userLedger = operation(contracts.getUserLedger, (request) => {
  const { userId, now, deadline } = request;
  return answerPage(
    contracts.getUserLedger,
    request,
    async (page) => {
      if ((await readStoredAccount(store, userId, deadline))?.kind !== 'account') {
        throw new ProblemError(notFound('user'));
      }
      const entries = await listLedger(store, userId, page, now, deadline);
      await recordRead(contracts.getUserLedger, request, userId);
      return entries;
    },
    ({ at, ...entry }) => ({ ...entry, at: toIso(at) }),
  );
});

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
  const outcome = await addCredits(store, request, { ...body, actor });
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

function userExport(belongingsOf: BelongingsOf): Operation {
  return operation(contracts.exportUser, async (request) => {
    const { userId, deadline } = request;
    return answerPage(
      contracts.exportUser,
      request,
      async (page) => {
        if ((await readStoredAccount(store, userId, deadline)) === null) {
          throw new ProblemError(notFound('user'));
        }
        const exported = await exportUser(store, userId, page, belongingsOf, deadline);
        await recordRead(contracts.exportUser, request, userId);
        return exported;
      },
      (item) => item,
    );
  });
}

/** The audit trail records it first: nobody could record it afterwards. */
async function erase(
  { userId, actor, requestId, now, deadline }: RequestOf<typeof contracts.eraseUser>,
  app: ErasedApp,
): Promise<Answer<typeof contracts.eraseUser.answers> | Problem> {
  const stored = await readStoredAccount(store, userId, deadline);
  if (stored === null) {
    return notFound('user');
  }
  const id = `UserErased:${requestId}`;
  const atStripe = whomStripeKnows(stored);
  await appendAudit(store, { id, at: now, type: 'UserErased', actor, userId, data: atStripe }, deadline);
  const stripe = atStripe.customerId === null && atStripe.subscriptionId === null ? {} : { stripe: atStripe };
  const { outcome } = await eraseUser(store, userId, now, deadline, app);
  switch (outcome) {
    case 'user_missing':
      return notFound('user');
    case 'erased':
      // Last: a request that broke off is repeated by somebody who can still name them.
      await pool?.deleteUser(userId);
      return { status: 200, body: { erased: true, ...stripe } };
    case 'unfinished':
      return { status: 202, headers: { location: pathOf(userId) }, body: { erased: false, ...stripe } };
  }
}

/** Whom Stripe goes on charging until somebody cancels there. */
function whomStripeKnows(stored: AccountState): { customerId: string | null; subscriptionId: string | null } {
  return stored.kind === 'erased'
    ? { customerId: null, subscriptionId: null }
    : {
        customerId: stored.customerId,
        subscriptionId: isLive(stored.subscription) ? stored.subscription.id : null,
      };
}

type ListAuditEvents = ReturnType<typeof contracts.listAuditEventsOf>;

function auditTrail(contract: ListAuditEvents): Operation {
  return operation(contract, async (request) => {
    const { date, type, user: userId, ...query } = request.query;
    // A position in one trail means nothing in another.
    const list = { userId: JSON.stringify([date, type, userId]), query };
    return answerPage(
      contract,
      list,
      async (page) => {
        const records = await listAuditRecords(store, trailOf(request.query), page, request.deadline);
        await recordRead(contract, request, userId, { date, type });
        return records;
      },
      shownRecord,
    );
  });
}

function trailOf({ date: day, type, user: userId }: RequestOf<ListAuditEvents>['query']): AuditQuery {
  const ofType = type === undefined ? {} : { type };
  const ofDay = day === undefined ? {} : { day };
  return userId === undefined ? { day: day ?? '', ...ofType } : { userId, ...ofDay, ...ofType };
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

const catalogue = operation(contracts.getCatalogueInForce, async ({ deadline }) => {
  const [recorded, diff] = await Promise.all([recordedCatalogue(store, deadline), lastDiff(store, deadline)]);
  return {
    status: 200,
    body: {
      since: recorded === null ? null : toIso(recorded.since),
      version: recorded?.version ?? null,
      fingerprint: recorded?.fingerprint ?? null,
      catalogue: { ...(recorded?.file ?? CATALOGUE_FILE) },
      lastDiff: diff === null ? null : { ...diff, at: toIso(diff.at) },
    },
  };
});

const checks = operation(contracts.getChecks, async ({ deadline }) => {
  const last = await lastCheck(store, deadline);
  return { status: 200, body: { stripe: last === null ? null : { ...last, at: toIso(last.at) } } };
});

/** What depends on the app that is on top of the core. */
interface Administration extends ErasedApp {
  auditTypes: readonly string[];
}

export function adminOperations({ auditTypes, ...app }: Administration): Operation[] {
  return [
    nearing,
    operation(contracts.eraseUser, (request) => erase(request, app)),
    userLedger,
    ledgerProof,
    adjustment,
    userExport(app.belongingsOf),
    auditTrail(contracts.listAuditEventsOf(auditTypes)),
    rollovers,
    catalogue,
    checks,
  ];
}

const operations = adminOperations({
  auditTypes: AUDIT_TYPES,
  settle: () => Promise.resolve(true),
  belongingsOf: noBelongings,
});

export const handler = httpHandler([usageStats, user, ...operations], null, hasSecondFactor);

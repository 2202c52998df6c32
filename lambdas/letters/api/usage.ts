import { listClosedPeriods } from '../../adapters/dynamodb/accounts.ts';
import { readAccount } from '../../commands/read-account.ts';
import { createStore } from '../../adapters/dynamodb/store.ts';
import { getEntitlements } from '../domain/entitlements.ts';
import { getUsageByPeriod } from '../domain/history.ts';
import {
  forecastUsage,
  getRemainingQuota,
  getUserMonthlyUsageSummary,
  isNearingQuota,
} from '../domain/summaries.ts';
import { requiredVariable } from '../../wiring/environment.ts';
import * as contracts from '../http/contracts/usage.ts';
import { httpHandler } from '../../http/handler.ts';
import { operation } from '../../http/operation.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

const entitlements = operation(contracts.getEntitlements, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  return { status: 200, body: getEntitlements(account, now) };
});

const summary = operation(contracts.getUsage, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  return { status: 200, body: getUserMonthlyUsageSummary(account) };
});

const remaining = operation(contracts.getRemaining, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  return { status: 200, body: getRemainingQuota(account) };
});

const history = operation(contracts.getHistory, async ({ userId, now, deadline, query }) => {
  // The account comes first, so that a period that closes between the two reads is in both of them.
  const { account, closed } = await readAccount(store, userId, now, deadline);
  const stored = await listClosedPeriods(store, userId, query.periods, deadline);
  const newestStored = stored[0]?.periodStart ?? -Infinity;
  const notStored = closed.filter(({ periodStart }) => periodStart > newestStored).toReversed();
  const kept = [...notStored, ...stored].filter(({ periodStart }) => periodStart < account.periodStart);
  return { status: 200, body: { periods: getUsageByPeriod(account, kept, query.periods) } };
});

const nearingQuota = operation(contracts.getNearingQuota, async ({ userId, now, deadline, query }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  return { status: 200, body: isNearingQuota(account, query.threshold) };
});

const forecast = operation(contracts.getForecast, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  return { status: 200, body: forecastUsage(account, now) };
});

export const handler = httpHandler([entitlements, summary, remaining, history, nearingQuota, forecast]);

import { listPastPeriods } from '../../commands/list-past-periods.ts';
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
  const periods = await listPastPeriods(store, userId, query.periods, now, deadline);
  return { status: 200, body: { periods: getUsageByPeriod(periods) } };
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

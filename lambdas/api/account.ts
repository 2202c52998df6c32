import { createStore } from '../adapters/dynamodb/store.ts';
import { type CommandContext } from '../commands/command-context.ts';
import { listPastPeriods } from '../commands/list-past-periods.ts';
import { readAccount } from '../commands/read-account.ts';
import { type AccountView, inOrder, viewAccount } from '../domain/account-view.ts';
import { viewCatalogue } from '../domain/catalogue-view.ts';
import { forecast } from '../domain/forecast.ts';
import { toIso } from '../domain/instants.ts';
import * as contracts from '../http/contracts/account.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';
import { requiredVariable } from '../wiring/environment.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

async function show({
  userId,
  now,
  deadline,
}: Pick<CommandContext, 'userId' | 'now' | 'deadline'>): Promise<{ status: 200; body: AccountView }> {
  const { account } = await readAccount(store, userId, now, deadline);
  return { status: 200, body: viewAccount(account, now, store.catalogue) };
}

const own = operation(contracts.getAccount, show);

const ofUser = operation(contracts.getUserAccount, show);

const history = operation(contracts.getAccountHistory, async ({ userId, now, deadline, query }) => {
  const periods = await listPastPeriods(store, userId, query.periods, now, deadline);
  return {
    status: 200,
    body: {
      periods: periods.map(({ periodStart, periodEnd, ...figures }) => ({
        startsAt: toIso(periodStart),
        endsAt: toIso(periodEnd),
        ...figures,
      })),
    },
  };
});

const pace = operation(contracts.getAccountForecast, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  const ordered = Object.fromEntries(inOrder(account.meters, store.catalogue.meters));
  const meters = forecast({ ...account, meters: ordered }, now).map(({ runsOutAt, ...each }) => ({
    ...each,
    runsOutAt: runsOutAt === null ? null : toIso(runsOutAt),
  }));
  return { status: 200, body: { meters } };
});

const catalogue = operation(contracts.getCatalogue, () => ({
  status: 200,
  body: viewCatalogue(store.catalogue),
}));

export const handler = httpHandler([own, ofUser, history, pace, catalogue]);

import { readAccount } from '../commands/read-account.ts';
import { listLedger } from '../commands/list-ledger.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { toIso } from '../domain/instants.ts';
import { getCreditsSummary } from '../domain/credits-summary.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/credits.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerPage } from '../http/paging.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

const summary = operation(contracts.getCredits, async ({ userId, now, deadline }) => {
  const { account } = await readAccount(store, userId, now, deadline);
  return { status: 200, body: getCreditsSummary(account) };
});

const ledger = operation(contracts.getLedger, (request) => {
  const { userId, now, deadline } = request;
  return answerPage(
    contracts.getLedger,
    request,
    (page) => listLedger(store, userId, page, now, deadline),
    ({ at, ...entry }) => ({ ...entry, at: toIso(at) }),
  );
});

export const handler = httpHandler([summary, ledger]);

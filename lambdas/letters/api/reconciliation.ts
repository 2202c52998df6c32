import { createStore } from '../../adapters/dynamodb/store.ts';
import { callFunction, connectFunction } from '../../adapters/functions.ts';
import { createSecretReader } from '../../adapters/secrets.ts';
import { recordStart } from '../../commands/record-start.ts';
import { toIso } from '../../domain/instants.ts';
import { httpHandler } from '../../http/handler.ts';
import { type Answer, operation, type RequestOf } from '../../http/operation.ts';
import { requiredVariable } from '../../wiring/environment.ts';
import * as contracts from '../http/contracts/reconciliation.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

/** How long the reconciler may work while a request waits for it, and how long the request waits. */
const RECONCILE_MS = 12_000;
const RECONCILER_TIMEOUT_MS = 18_000;

const store = createStore(requiredVariable('table'), catalogueInForce());
const reconciler = connectFunction(requiredVariable('reconcilerArn'), RECONCILER_TIMEOUT_MS);

async function run({
  now,
  requestId,
  deadline,
}: RequestOf<typeof contracts.postReconciliation>): Promise<
  Answer<typeof contracts.postReconciliation.answers>
> {
  const runAt = toIso(now);
  const data = { job: 'reconcile-deliveries', runAt };
  await recordStart(store, { id: requestId, at: now, data }, deadline);
  const report = await callFunction(reconciler, { now: runAt, timeMs: RECONCILE_MS });
  return { status: 200, body: contracts.ReconciliationReport.parse(report) };
}

export const handler = httpHandler(
  [operation(contracts.postReconciliation, run), operation(contracts.getReconciliation, run)],
  createSecretReader(requiredVariable('cronSecretId')),
);

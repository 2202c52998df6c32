import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import { recordCatalogue } from '../adapters/dynamodb/catalogue-records.ts';
import { connectTable } from '../adapters/dynamodb/store.ts';
import { deadlineIn } from '../runtime/deadline.ts';
import { publishFigures } from '../runtime/figures.ts';
import { createLogger } from '../runtime/logger.ts';
import { requiredVariable } from '../wiring/environment.ts';
import { METRICS, RECONCILER_METRICS } from '../wiring/metrics.ts';

const DEADLINE_MS = 15_000;

const table = connectTable(requiredVariable('table'));
const stage = requiredVariable('stage');
const logger = createLogger('record-catalogue');

/**
 * CloudFormation calls it when a deployment brings another catalogue, and when a deployment that fails brings the former
 * one back. Its answer is the instant from which the catalogue holds. CloudFormation waits until it has an answer, so a
 * failure is one too.
 */
export async function handler(event: CloudFormationCustomResourceEvent): Promise<void> {
  try {
    const Data = await record(event);
    if (event.RequestType === 'Create') {
      // Or the alarms of a new stack would ring before its first runs: from here on those are awaited.
      publishFigures(stage, [
        [METRICS.runs, 1],
        [RECONCILER_METRICS.runs, 1],
      ]);
    }
    await answer(event, { Status: 'SUCCESS', Data });
  } catch (error) {
    logger.error('The catalogue could not be recorded.', { error });
    await answer(event, {
      Status: 'FAILED',
      Reason: `The catalogue could not be recorded: ${String(error)}`,
    });
  }
}

async function record({
  RequestType,
  ResourceProperties: { file, hash },
}: CloudFormationCustomResourceEvent): Promise<{ Since?: string }> {
  if (RequestType === 'Delete') {
    return {};
  }
  const snapshot = { file: String(file), hash: String(hash) };
  return { Since: String(await recordCatalogue(table, snapshot, Date.now(), deadlineIn(DEADLINE_MS))) };
}

type Outcome =
  | Pick<CloudFormationCustomResourceResponse & { Status: 'SUCCESS' }, 'Status' | 'Data'>
  | Pick<CloudFormationCustomResourceResponse & { Status: 'FAILED' }, 'Status' | 'Reason'>;

async function answer(event: CloudFormationCustomResourceEvent, outcome: Outcome): Promise<void> {
  const { ResponseURL, StackId, RequestId, LogicalResourceId } = event;
  const body = { ...outcome, PhysicalResourceId: LogicalResourceId, StackId, RequestId, LogicalResourceId };
  // As bytes, so that it has no content type: the address is signed for none.
  const { ok, status } = await fetch(ResponseURL, { method: 'PUT', body: Buffer.from(JSON.stringify(body)) });
  if (!ok) {
    throw new Error(`CloudFormation has answered ${String(status)}.`);
  }
}

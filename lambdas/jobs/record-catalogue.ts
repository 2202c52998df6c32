import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import { recordCatalogue } from '../adapters/dynamodb/catalogue-records.ts';
import { connectTable } from '../adapters/dynamodb/store.ts';
import { answerCloudFormation } from '../runtime/custom-resource.ts';
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
 * one back. Its answer is the instant from which the catalogue holds.
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
    await answerCloudFormation(event, { Status: 'SUCCESS', Data });
  } catch (error) {
    logger.error('The catalogue could not be recorded.', { error });
    await answerCloudFormation(event, {
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

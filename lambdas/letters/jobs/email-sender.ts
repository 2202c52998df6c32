import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createStore } from '../../adapters/dynamodb/store.ts';
import { connectEventBus } from '../../adapters/eventbridge/publish.ts';
import { connectSes } from '../adapters/senders/ses.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import { BATCHES_AT_ONCE } from '../wiring/senders.ts';
import { createLogger } from '../../runtime/logger.ts';
import { queueAt, sendDueDeliveries } from '../commands/send-due-deliveries.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

const sender = {
  store: createStore(requiredVariable('table'), catalogueInForce()),
  bus: connectEventBus(requiredVariable('eventBus')),
  channel: 'email',
  send: connectSes({
    from: requiredVariable('emailFrom'),
    configurationSet: optionalVariable('emailConfigurationSet'),
    batchesAtOnce: Number(optionalVariable('batchesAtOnce') ?? BATCHES_AT_ONCE),
  }),
  queue: queueAt(optionalVariable('dueQueueUrl')),
  logger: createLogger('email-sender'),
} as const;

/** Sends the e-mails that are due, through Amazon SES. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return sendDueDeliveries(sender, event);
}

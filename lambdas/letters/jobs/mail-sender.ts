import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createStore } from '../../adapters/dynamodb/store.ts';
import { connectEventBus } from '../../adapters/eventbridge/publish.ts';
import { connectLob, createLobKeyReader, LOB_API_URL } from '../adapters/senders/lob.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import { createLogger } from '../../runtime/logger.ts';
import { queueAt, sendDueDeliveries } from '../commands/send-due-deliveries.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

const sender = {
  store: createStore(requiredVariable('table'), catalogueInForce()),
  bus: connectEventBus(requiredVariable('eventBus')),
  channel: 'mail',
  send: connectLob({
    apiUrl: optionalVariable('lobApiUrl') ?? LOB_API_URL,
    keys: createLobKeyReader(requiredVariable('mailSecretId')),
    from: requiredVariable('mailFrom'),
  }),
  queue: queueAt(optionalVariable('dueQueueUrl')),
  logger: createLogger('mail-sender'),
} as const;

/** Sends the physical mails that are due, through Lob. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return sendDueDeliveries(sender, event);
}

import { Logger } from '@aws-lambda-powertools/logger';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createStore } from '../adapters/dynamodb/store.ts';
import { connectEventBus } from '../adapters/eventbridge/publish.ts';
import { connectSes } from '../adapters/senders/ses.ts';
import { requiredVariable } from '../environment.ts';
import { sendDueDeliveries } from './due-deliveries.ts';

const sender = {
  store: createStore(requiredVariable('table')),
  bus: connectEventBus(requiredVariable('eventBus')),
  channel: 'email',
  send: connectSes(requiredVariable('emailFrom')),
  logger: new Logger({ serviceName: 'email-sender' }),
} as const;

/** Sends the e-mails that are due, through Amazon SES. */
export async function handler(event: SQSEvent): Promise<SQSBatchResponse> {
  return sendDueDeliveries(sender, event);
}

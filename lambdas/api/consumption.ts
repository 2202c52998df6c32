import { createStore } from '../adapters/dynamodb/store.ts';
import { trackConsumption } from '../commands/track-consumption.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/consumption.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';

const store = createStore(requiredVariable('table'));

const consume = operation(contracts.consumeUsage, async (request) => {
  const { letters = 0, emails = 0, mails = 0 } = request.body.consume;
  const outcome = await trackConsumption(store, request, { letters, emails, mails });
  return answerWrite(outcome, request.now, 200, (consumption) => ({ body: consumption }));
});

export const handler = httpHandler([consume]);

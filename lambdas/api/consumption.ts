import { createStore } from '../adapters/dynamodb/store.ts';
import { type Counts } from '../domain/usage.ts';
import { trackConsumption } from '../commands/track-consumption.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/consumption.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

const consume = operation(contracts.consumeUsage, async (request) => {
  const { consume = {}, release = {} } = request.body;
  const outcome = await trackConsumption(store, request, {
    consume: given(consume),
    release: given(release),
  });
  return answerWrite(outcome, request.now, 200, (consumption) => ({ body: consumption }));
});

/** Schemas leave room for what is undefined, although JSON does not. */
function given(counts: Readonly<Record<string, number | undefined>>): Counts {
  const entries = Object.entries(counts).filter((each): each is [string, number] => each[1] !== undefined);
  return Object.fromEntries(entries);
}

export const handler = httpHandler([consume]);

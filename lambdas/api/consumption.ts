import { createStore } from '../adapters/dynamodb/store.ts';
import { type Counts } from '../domain/usage.ts';
import { trackConsumption } from '../commands/track-consumption.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/consumption.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite, REPLAYED } from '../http/outcomes.ts';
import { cannotGiveBack, notFound } from '../http/problems.ts';
import { giveBackUsage } from '../commands/give-back-usage.ts';
import { type RecordedConsumption } from '../domain/changes.ts';
import { toIso } from '../domain/instants.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

const consume = operation(contracts.consumeUsage, async (request) => {
  const { consume = {}, release = {} } = request.body;
  const outcome = await trackConsumption(store, request, {
    consume: given(consume),
    release: given(release),
  });
  return answerWrite(outcome, request.now, 200, ({ id, consumed, released, credits }) => ({
    body: { id, consumed, released, credits },
  }));
});

/** Schemas leave room for what is undefined, although JSON does not. */
function given(counts: Readonly<Record<string, number | undefined>>): Counts {
  const entries = Object.entries(counts).filter((each): each is [string, number] => each[1] !== undefined);
  return Object.fromEntries(entries);
}

const giveBack = operation(contracts.giveBackUsage, async ({ params, userId, now, deadline }) => {
  const outcome = await giveBackUsage(store, { userId, id: params.id, now, deadline });
  switch (outcome.outcome) {
    case 'missing':
      return notFound('usage');
    case 'refused':
      return cannotGiveBack(outcome);
    case 'replayed':
      return { status: 200, headers: REPLAYED, body: shown(outcome.consumption) };
    case 'given_back':
      return { status: 200, body: shown(outcome.consumption) };
  }
});

function shown({ id, consumed, credits, givenBackAt }: RecordedConsumption) {
  return { id, consumed, credits, givenBackAt: toIso(givenBackAt ?? 0) };
}

export const handler = httpHandler([consume, giveBack]);

import { deleteLetterAndCancel } from '../letters/commands/delete-letter.ts';
import { listRecords } from '../adapters/dynamodb/lists.ts';
import { LETTERS } from '../letters/adapters/letter-item.ts';
import { deleteLetter, getLetter } from '../letters/adapters/records.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { trackLetterCreation } from '../letters/commands/create-letter.ts';
import { toIso } from '../domain/instants.ts';
import { type Letter } from '../letters/domain/letters.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../letters/http/contracts/letters.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { nextCursor, pageOptions } from '../http/paging.ts';
import { notFound } from '../http/problems.ts';
import { letterHasOpenDeliveries } from '../letters/http/problems.ts';

const store = createStore(requiredVariable('table'));

const create = operation(contracts.createLetter, async (request) => {
  const outcome = await trackLetterCreation(store, request, request.body);
  return answerWrite(outcome, request.now, 201, (letter) => ({
    headers: { location: `/letters/${letter.id}` },
    body: shown(letter),
  }));
});

const list = operation(contracts.listLetters, async (request) => {
  const { userId, deadline } = request;
  const { items, next } = await listRecords(
    store,
    userId,
    LETTERS,
    pageOptions(contracts.listLetters, request),
    deadline,
  );
  return {
    status: 200,
    body: { items: items.map(shown), nextCursor: nextCursor(contracts.listLetters, userId, next) },
  };
});

const get = operation(contracts.getLetter, async ({ userId, params, deadline }) => {
  const found = await getLetter(store, userId, params.id, deadline);
  return found === null
    ? notFound('letter')
    : { status: 200, body: { ...shown(found.letter), body: found.body } };
});

const remove = operation(contracts.deleteLetter, async ({ userId, params, query, now, deadline }) => {
  const removing = query.cancelDeliveries ? deleteLetterAndCancel : deleteLetter;
  const deletion = await removing(store, userId, params.id, now, deadline);
  switch (deletion.outcome) {
    case 'deleted':
      return { status: 204 };
    case 'missing':
      return notFound('letter');
    case 'has_open_deliveries':
      return letterHasOpenDeliveries(deletion.openDeliveries);
  }
});

/** A deleted letter is shown in one place only: as the answer to a repetition of the request that made it. */
function shown({ id, title, createdAt, deletedAt }: Letter): {
  id: string;
  title: string;
  createdAt: string;
  deletedAt?: string;
} {
  return {
    id,
    title,
    createdAt: toIso(createdAt),
    ...(deletedAt === null ? {} : { deletedAt: toIso(deletedAt) }),
  };
}

export const handler = httpHandler([create, list, get, remove]);

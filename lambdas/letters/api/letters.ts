import { deleteLetterAndCancel } from '../commands/delete-letter.ts';
import { listRecords } from '../../adapters/dynamodb/lists.ts';
import { LETTERS } from '../adapters/letter-item.ts';
import { deleteLetter } from '../commands/delete-letter.ts';
import { getLetter } from '../adapters/records.ts';
import { createStore } from '../../adapters/dynamodb/store.ts';
import { trackLetterCreation } from '../commands/create-letter.ts';
import { toIso } from '../../domain/instants.ts';
import { LARGE_TEXTS_PER_MINUTE, type Letter } from '../domain/letters.ts';
import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/letters.ts';
import { httpHandler } from '../../http/handler.ts';
import { operation } from '../../http/operation.ts';
import { answerWrite } from '../../http/outcomes.ts';
import { answerPage } from '../../http/paging.ts';
import { notFound } from '../../http/problems.ts';
import { letterHasOpenDeliveries, tooManyLargeTexts } from '../http/problems.ts';
import { catalogueInForce } from '../../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());

const configured = optionalVariable('largeTextsPerMinute');
const largePerMinute = configured === null ? LARGE_TEXTS_PER_MINUTE : Number(configured);

const create = operation(contracts.createLetter, async (request) => {
  const outcome = await trackLetterCreation(store, request, request.body, largePerMinute);
  if (outcome.outcome === 'too_many') {
    return tooManyLargeTexts(outcome.limit, outcome.resetsAt, request.now);
  }
  return answerWrite(outcome, request.now, 201, (letter) => ({
    headers: { location: `/letters/${letter.id}` },
    body: shown(letter),
  }));
});

const list = operation(contracts.listLetters, (request) =>
  answerPage(
    contracts.listLetters,
    request,
    (page) => listRecords(store, request.userId, LETTERS, page, request.deadline),
    shown,
  ),
);

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

/** Only the answer to a repeated request shows a deleted letter. */
function shown({ id, title, createdAt, deletedAt }: Letter) {
  const deletion = deletedAt === null ? {} : { deletedAt: toIso(deletedAt) };
  return { id, title, createdAt: toIso(createdAt), ...deletion };
}

export const handler = httpHandler([create, list, get, remove]);

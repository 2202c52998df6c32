import { claimGift } from '../commands/claim-gift.ts';
import { createGift } from '../commands/create-gift.ts';
import { GIFTS } from '../adapters/dynamodb/gift-item.ts';
import { listRecords } from '../adapters/dynamodb/lists.ts';
import { createStore } from '../adapters/dynamodb/store.ts';
import { codeOfGift, hashOfCode } from '../commands/gift-codes.ts';
import { createSecretReader } from '../adapters/secrets.ts';
import { endOf, type Gift } from '../domain/gifts.ts';
import { type Instant, toIso } from '../domain/instants.ts';
import { requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/gifts.ts';
import { httpHandler } from '../http/handler.ts';
import { operation } from '../http/operation.ts';
import { answerWrite } from '../http/outcomes.ts';
import { answerPage } from '../http/paging.ts';
import { codeForgotten, notEnoughToGive, notFound, refusedClaim, tooManyGuesses } from '../http/problems.ts';
import { catalogueInForce } from '../wiring/catalogue.ts';

const store = createStore(requiredVariable('table'), catalogueInForce());
const readSecret = createSecretReader(requiredVariable('giftSecretId'));

const gift = operation(contracts.createGift, async (request) => {
  const { userId, id, now, body } = request;
  const code = codeOfGift(await readSecret(), userId, id);
  const codeHash = hashOfCode(code);
  const outcome = await createGift(store, request, { count: body.count, codeHash });
  if (outcome.outcome === 'below_balance') {
    return notEnoughToGive(outcome.takeable);
  }
  if (outcome.outcome === 'replayed' && outcome.record.codeHash !== codeHash) {
    // The secret has changed since.
    return codeForgotten(outcome.record.expiresAt);
  }
  return answerWrite(outcome, now, 201, (record) => ({
    body: {
      id,
      status: endOf(record, now).status,
      code,
      count: record.count,
      expiresAt: toIso(record.expiresAt),
    },
  }));
});

const list = operation(contracts.listGifts, (request) =>
  answerPage(
    contracts.listGifts,
    request,
    (page) => listRecords(store, request.userId, GIFTS, page, request.deadline),
    (record) => shown(record, request.now),
  ),
);

/** Never the code: who sees the list need not know it. */
function shown(record: Gift, now: Instant) {
  const { id, count, createdAt, expiresAt } = record;
  const end = endOf(record, now);
  return {
    id,
    status: end.status,
    count,
    createdAt: toIso(createdAt),
    expiresAt: toIso(expiresAt),
    ...(end.status === 'open' ? {} : { endedAt: toIso(end.endedAt) }),
    ...(end.status === 'returned' ? { because: end.because } : {}),
  };
}

const claim = operation(contracts.claimGift, async (request) => {
  const { now, params } = request;
  const outcome = await claimGift(store, request, hashOfCode(params.code));
  switch (outcome.outcome) {
    case 'unknown':
      return notFound('gift');
    case 'too_many_guesses':
      return tooManyGuesses(outcome.limit, outcome.resetsAt, now);
    case 'refused':
      return refusedClaim(outcome.reason);
    case 'created':
    case 'replayed':
    case 'idempotency_conflict':
      return answerWrite(outcome, now, 200, ({ count }) => ({ body: { count } }));
  }
});

export const handler = httpHandler([list, gift, claim]);

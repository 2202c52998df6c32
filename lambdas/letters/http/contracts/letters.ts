import * as z from 'zod/mini';
import { NO_INPUT } from '../../../http/contract.ts';
import { LARGE_TEXT_BYTES } from '../../domain/letters.ts';
import { contract } from '../contract.ts';
import { flagParameter, Id, Instant, line, lines, named, page, PageQuery } from '../../../http/schemas.ts';

const exampleId = '3f2a9c5d8e7b41f0a6c4d2e1b0f98a76';

const MAX_TEXT_BYTES = 64 * 1024;
/** A client may escape each character: six times the bytes of an ASCII text, and room for a title and for white space. */
const MAX_LETTER_BYTES = 7 * MAX_TEXT_BYTES;

const NewLetter = named('NewLetter', z.strictObject({ title: line(200), body: lines(MAX_TEXT_BYTES) }), {
  example: { title: 'To myself in ten years', body: 'Dear me,\nI hope that you still write.' },
});

const exampleLetter = {
  id: exampleId,
  title: 'To myself in ten years',
  createdAt: '2026-11-24T09:00:00.000Z',
};

/** A letter without its text, as lists and the creating request show it. */
const Letter = named(
  'Letter',
  z.object({ id: z.string(), title: z.string(), createdAt: Instant, deletedAt: z.optional(Instant) }),
  {
    description:
      'A letter without its text. `deletedAt` stands only in the answer to a repeated request whose letter has been deleted since; its title is empty then.',
    example: exampleLetter,
  },
);

const LetterWithBody = named(
  'LetterWithBody',
  z.object({ id: z.string(), title: z.string(), body: z.string(), createdAt: Instant }),
  {
    example: { ...exampleLetter, body: 'Dear me,\nI hope that you still write.' },
  },
);

const LetterPage = named('LetterPage', page(Letter), {
  example: { items: [exampleLetter], nextCursor: null },
});

const LetterPath = z.strictObject({ id: Id });

export const createLetter = contract('POST /letters', {
  ...NO_INPUT,
  operationId: 'createLetter',
  summary: 'Create a letter',
  description: `Stores the letter and counts it in the open period, both or neither. Its text has at most ${MAX_TEXT_BYTES} bytes of UTF-8, however they are escaped; a longer one is \`too_large\`. The body of the request has at most ${MAX_LETTER_BYTES} bytes. Users can send a few texts of more than ${LARGE_TEXT_BYTES} bytes a minute; the next one is \`rate_limited\`.`,
  body: NewLetter,
  maxBodyBytes: MAX_LETTER_BYTES,
  idempotencyKey: 'optional',
  answers: { 201: { description: 'The letter', schema: Letter, hasLocation: true } },
  problems: ['quota_exceeded', 'rate_limited'],
});

export const listLetters = contract('GET /letters', {
  ...NO_INPUT,
  operationId: 'listLetters',
  summary: 'List letters',
  description: 'Newest first.',
  query: PageQuery,
  answers: { 200: { description: 'A page of letters', schema: LetterPage } },
  problems: [],
});

export const getLetter = contract('GET /letters/{id}', {
  ...NO_INPUT,
  operationId: 'getLetter',
  summary: 'Read a letter',
  description: 'With its text.',
  params: LetterPath,
  answers: { 200: { description: 'The letter', schema: LetterWithBody } },
  problems: ['not_found'],
});

export const deleteLetter = contract('DELETE /letters/{id}', {
  ...NO_INPUT,
  operationId: 'deleteLetter',
  summary: 'Delete a letter',
  description:
    'Deletes a letter that has no open deliveries. What has been counted stays counted: deleting does not free quota. With `cancelDeliveries=true` its scheduled deliveries are cancelled first, and their credits go back as by `DELETE /deliveries/{id}`, or within minutes their charges to a card. A letter with deliveries on their way, or whose payment is pending, is not deleted until these have ended (409; the others are cancelled all the same), and takes no new ones. After a 503, repeat the request: it goes on.',
  params: LetterPath,
  query: z.strictObject({ cancelDeliveries: flagParameter() }),
  answers: { 204: { description: 'It is deleted' } },
  problems: ['not_found', 'illegal_transition'],
});

export const LETTER_CONTRACTS = [createLetter, listLetters, getLetter, deleteLetter];

import * as z from 'zod/mini';
import { contract, NO_INPUT } from '../contract.ts';
import { named } from '../schemas.ts';

/** Pages and probes may have any query, for example to get past a cache. Nothing looks at it. */
export const OPEN_INPUT = { ...NO_INPUT, query: z.object({}) };

export const getHealth = contract('GET /health', {
  ...OPEN_INPUT,
  operationId: 'getHealth',
  summary: 'Whether the API answers',
  description: 'Answers when the API does.',
  answers: {
    200: {
      description: 'It answers',
      schema: named('Health', z.object({ status: z.literal('ok'), stage: z.string() }), {
        example: { status: 'ok', stage: 'prod' },
      }),
    },
  },
  problems: [],
});

export const getOpenApi = contract('GET /openapi.json', {
  ...OPEN_INPUT,
  operationId: 'getOpenApi',
  summary: 'This document',
  description: 'The API as an OpenAPI 3.1 document.',
  answers: { 200: { description: 'The document', mediaTypes: ['application/json'] } },
  problems: [],
});

export const getRoot = contract('GET /', {
  ...OPEN_INPUT,
  operationId: 'openDocs',
  summary: 'Leads to /docs',
  description: 'For people who open the address of the API in a browser.',
  answers: { 302: { description: 'To the page', hasLocation: true } },
  problems: [],
});

export const getDocs = contract('GET /docs', {
  ...OPEN_INPUT,
  operationId: 'getDocs',
  summary: 'This document as a page',
  description: 'Swagger UI, served from here.',
  answers: { 200: { description: 'The page', mediaTypes: ['text/html'] } },
  problems: [],
});

export const getDocsFile = contract('GET /docs/{file}', {
  ...OPEN_INPUT,
  operationId: 'getDocsFile',
  summary: 'A part of the page',
  description: 'A script, a style sheet or an icon.',
  params: z.strictObject({ file: z.string() }),
  answers: {
    200: { description: 'The file', mediaTypes: ['text/javascript', 'text/css', 'image/png'] },
  },
  problems: ['not_found'],
});

export const DOCS_CONTRACTS = [getHealth, getOpenApi, getRoot, getDocs, getDocsFile];

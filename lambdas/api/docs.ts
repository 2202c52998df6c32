import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/docs.ts';
import { docsFile, docsPage, PAGE_HEADERS } from '../http/docs-files.ts';
import { httpHandler } from '../http/handler.ts';
import { openApiDocument } from '../http/openapi.ts';
import { operation } from '../http/operation.ts';
import { API } from '../letters/http/api.ts';
import { notFound } from '../http/problems.ts';

const stage = requiredVariable('stage');

/** The document changes with the code only. */
const document = Buffer.from(JSON.stringify(openApiDocument(API, optionalVariable('publicUrl') ?? '/')));

/** Browsers may keep a file for an hour. It changes with a deployment only. */
const KEPT_FOR_AN_HOUR = { 'cache-control': 'public, max-age=3600' };

const health = operation(contracts.getHealth, () => ({
  status: 200,
  body: { status: 'ok' as const, stage },
}));

const openApi = operation(contracts.getOpenApi, () => ({
  status: 200,
  file: { mediaType: 'application/json', content: document },
}));

const root = operation(contracts.getRoot, () => ({ status: 302, headers: { location: 'docs' } }));

const page = operation(contracts.getDocs, () => ({
  status: 200,
  headers: PAGE_HEADERS,
  file: docsPage(),
}));

const file = operation(contracts.getDocsFile, async ({ params }) => {
  const found = await docsFile(params.file);
  return found === null ? notFound('file') : { status: 200, headers: KEPT_FOR_AN_HOUR, file: found };
});

export const handler = httpHandler([health, openApi, root, page, file]);

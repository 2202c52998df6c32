import { optionalVariable, requiredVariable } from '../wiring/environment.ts';
import * as contracts from '../http/contracts/docs.ts';
import { docsFile, docsPage, PAGE_HEADERS } from '../http/docs-files.ts';
import { httpHandler } from '../http/handler.ts';
import { coreApi } from '../http/api.ts';
import { type Api, openApiDocument } from '../http/openapi.ts';
import { type Operation, operation } from '../http/operation.ts';
import { notFound } from '../http/problems.ts';

const stage = requiredVariable('stage');

/** Browsers may keep a file for an hour. It changes with a deployment only. */
const KEPT_FOR_AN_HOUR = { 'cache-control': 'public, max-age=3600' };

const health = operation(contracts.getHealth, () => ({
  status: 200,
  body: { status: 'ok' as const, stage },
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

/**
 * @param api what the document tells of; asked once, since it changes with the code only
 * @param pages those of an app on the core
 */
export function docs(api: () => Api, ...pages: Operation[]) {
  let content: Buffer | undefined;
  const openApi = operation(contracts.getOpenApi, () => {
    content ??= Buffer.from(JSON.stringify(openApiDocument(api(), optionalVariable('publicUrl') ?? '/')));
    return { status: 200, file: { mediaType: 'application/json', content } };
  });
  return httpHandler([health, openApi, root, page, file, ...pages]);
}

export const handler = docs(coreApi);

/** The files behind `/docs`. Swagger UI comes from here, so that users need not trust another host. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type File } from './operation.ts';

const INITIALIZER = 'swagger-initializer.js';

/** What `/docs/{file}` serves of Swagger UI, by media type. */
const SWAGGER_FILES: ReadonlyMap<string, string> = new Map([
  ['swagger-ui.css', 'text/css'],
  ['swagger-ui-bundle.js', 'text/javascript'],
  ['favicon-32x32.png', 'image/png'],
]);

/** Relative links, so that the page works under any prefix. */
const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Postage API</title>
    <link rel="icon" href="docs/favicon-32x32.png">
    <link rel="stylesheet" href="docs/swagger-ui.css">
  </head>
  <body>
    <div id="api"></div>
    <script src="docs/swagger-ui-bundle.js"></script>
    <script src="docs/${INITIALIZER}"></script>
  </body>
</html>
`;

const INITIALIZER_SCRIPT = `window.ui = SwaggerUIBundle({ url: 'openapi.json', dom_id: '#api', deepLinking: true });\n`;

/** Scripts and requests from here only. Swagger UI sets styles inline, and its images are data URLs. */
export const PAGE_HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

export function docsPage(): File {
  return { mediaType: 'text/html; charset=utf-8', content: Buffer.from(PAGE) };
}

/** A file of the page; null for any other name. */
export async function docsFile(name: string): Promise<File | null> {
  if (name === INITIALIZER) {
    return { mediaType: 'text/javascript; charset=utf-8', content: Buffer.from(INITIALIZER_SCRIPT) };
  }
  const mediaType = SWAGGER_FILES.get(name);
  return mediaType === undefined ? null : { mediaType, content: await readFile(pathOf(name)) };
}

/** The stack copies it beside the bundle. On a laptop it is where npm has installed it. */
function pathOf(name: string): string {
  const beside = fileURLToPath(new URL(name, import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(import.meta.resolve(`swagger-ui-dist/${name}`));
}

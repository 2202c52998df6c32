/** The page under `/app/`, as a bucket behind a distribution serves it in AWS. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  cacheControl,
  mediaType,
  PAGE_CONFIG as CONFIG,
  PAGE_PATH as BASE,
} from '../lambdas/wiring/page-files.ts';
import { contentSecurityPolicy, type PageOrigins } from '../web/headers.ts';
import { isBuilt, pageFolder } from '../web/page-folder.ts';
import { fileAt } from '../web/page-paths.ts';
import type { PageConfig } from '../web/src/page-config.ts';
import { type Answer, answerJson } from './answers.ts';
import { answerHtml } from './html.ts';
import type { PageRequest } from './page-request.ts';

const run = promisify(execFile);
const zip = promisify(gzip);

/** What the page is told of this machine. It is asked for with each load of the page. */
export type PageConfigSource = () => Promise<PageConfig>;

export interface LocalPage {
  answer: (request: PageRequest) => Promise<Answer | null>;
  /** Begins to build it, if nobody has yet. */
  build: () => void;
}

export function openPage(
  origins: PageOrigins,
  config: PageConfigSource,
  onError: (error: unknown) => void,
): LocalPage {
  let folder: string | null = null;
  let building: Promise<void> | null = null;
  let failure: unknown = null;
  const build = (): void => {
    folder ??= pageFolder();
    if (building === null && !isBuilt(folder)) {
      building = buildInBackground().catch((error: unknown) => {
        failure = error;
        onError(error);
      });
    }
  };
  const answer = async ({ method, path, headers }: PageRequest): Promise<Answer | null> => {
    if (method !== 'GET' || !`${path}/`.startsWith(BASE)) {
      return null;
    }
    if (!path.startsWith(BASE)) {
      return { status: 301, headers: { location: BASE }, body: '' };
    }
    const file = fileAt(decodeURIComponent(path.slice(BASE.length)));
    if (file === CONFIG) {
      return answerJson(200, await config());
    }
    build();
    if (folder === null || !isBuilt(folder)) {
      return failure === null ? unfinished() : unbuildable();
    }
    return compressed(await fileIn(folder, file, origins), headers['accept-encoding']);
  };
  return { answer, build };
}

/** In a process of its own: the API answers meanwhile. */
async function buildInBackground(): Promise<void> {
  await run(process.execPath, [fileURLToPath(new URL('../web/build.ts', import.meta.url))]);
}

async function fileIn(folder: string, file: string, origins: PageOrigins): Promise<Answer> {
  try {
    const body = await readFile(join(folder, file));
    return { status: 200, headers: headersOf(file, origins), body };
  } catch {
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found' };
  }
}

/** As a distribution does. */
async function compressed(answer: Answer, accepted: string | string[] | undefined): Promise<Answer> {
  if (answer.status !== 200 || !String(accepted).includes('gzip')) {
    return answer;
  }
  const headers = { ...answer.headers, 'content-encoding': 'gzip', vary: 'accept-encoding' };
  return { ...answer, headers, body: await zip(answer.body) };
}

function headersOf(file: string, origins: PageOrigins): Record<string, string> {
  return {
    'content-type': mediaType(file),
    'cache-control': cacheControl(file),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'content-security-policy': contentSecurityPolicy(origins),
  };
}

const SOON_SECONDS = 1;

function unfinished(): Answer {
  const { headers, ...page } = answerHtml(
    503,
    'The page is being built',
    '<p>This takes a few seconds after a change. It shows here by itself.</p>',
  );
  return {
    ...page,
    headers: { ...headers, refresh: String(SOON_SECONDS), 'retry-after': String(SOON_SECONDS) },
  };
}

function unbuildable(): Answer {
  return answerHtml(
    500,
    'The page could not be built',
    '<p>The terminal says why. <code>npm run web:build</code> tries again.</p>',
  );
}

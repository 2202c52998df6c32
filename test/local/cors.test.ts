/** Pages on other origins call the API, by hand and in a browser. */
import { createServer } from 'node:http';
import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';
import { closeServer, listenLocally } from '../../local/http-server.ts';
import { type Postage, startPostage } from '../support/server.ts';

/** An owner's page, and one of somebody else's. */
const pages = [createServer(answerPage), createServer(answerPage)] as const;
let own = '';
let foreign = '';
let postage: Postage;

function answerPage(_: unknown, response: { end: (text: string) => void }): void {
  response.end('<!doctype html><title>A page</title>');
}

beforeAll(async () => {
  own = (await listenLocally(pages[0], 0)).url;
  foreign = (await listenLocally(pages[1], 0)).url;
  postage = await startPostage({ origins: [own] });
});

afterAll(async () => {
  await postage.stop();
  await Promise.all(pages.map(closeServer));
});

function preflight(origin: string): Promise<Response> {
  const headers = { origin, 'access-control-request-method': 'POST' };
  return fetch(`${postage.url}/letters`, { method: 'OPTIONS', headers });
}

function corsOf(answer: Response): Record<string, string> {
  return Object.fromEntries([...answer.headers].filter(([name]) => name.startsWith('access-control-')));
}

describe('a preflight', () => {
  it('of an origin on the list is answered with what its pages may do', async () => {
    const answer = await preflight(own);
    expect(answer.status).toBe(204);
    expect(corsOf(answer)).toEqual({
      'access-control-allow-origin': own,
      'access-control-allow-methods': 'GET,POST,DELETE',
      'access-control-allow-headers': 'authorization,content-type,idempotency-key',
      'access-control-expose-headers': 'retry-after,idempotent-replayed,location,link',
      'access-control-max-age': '3600',
    });
  });

  it('of a foreign origin gets nothing that would let a browser go on', async () => {
    expect(corsOf(await preflight(foreign))).toEqual({});
    expect(corsOf(await preflight(`${own}.example.com`))).toEqual({});
  });
});

describe('an answer', () => {
  it.each(['/health', '/letters', '/nowhere'])(
    'from %s may be read by a page of the list alone',
    async (path) => {
      const headersFor = async (origin: string) =>
        corsOf(await fetch(postage.url + path, { headers: { origin } }));
      expect(await headersFor(own)).toMatchObject({ 'access-control-allow-origin': own });
      expect(await headersFor(foreign)).toEqual({});
    },
  );
});

const PATH = '/usr/bin/chromium';
const hasBrowser = existsSync(PATH);
if (!hasBrowser) {
  process.stderr.write(`Skipped: no page calls from a browser, because there is no ${PATH}.\n`);
}

(hasBrowser ? describe : describe.skip)('in a browser', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: PATH, args: ['--no-sandbox'] });
  });

  afterAll(() => browser.close());

  /** What a page on the origin gets when it writes a letter twice under one key. */
  async function writeFrom(origin: string): Promise<unknown> {
    const page = await browser.newPage();
    await page.goto(origin);
    const token = await postage.token('ada');
    const got: unknown = await page.evaluate(
      async ([url, bearer]) => {
        const write = () =>
          fetch(`${String(url)}/letters`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${String(bearer)}`,
              'content-type': 'application/json',
              'idempotency-key': 'from-a-page',
            },
            body: JSON.stringify({ title: 'Hello', body: 'Are you well?' }),
          });
        try {
          await write();
          const { status, headers } = await write();
          return { status, replayed: headers.get('idempotent-replayed') };
        } catch (error) {
          return String(error);
        }
      },
      [postage.url, token],
    );
    await page.close();
    return got;
  }

  it('a page on another origin writes a letter, and reads the headers that tell of a repetition', async () => {
    expect(await writeFrom(own)).toEqual({ status: 201, replayed: 'true' });
  });

  it('a page on a foreign origin is refused', async () => {
    expect(await writeFrom(foreign)).toMatch(/Failed to fetch/);
  });
});

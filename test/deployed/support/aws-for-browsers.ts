import { request as send } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Page, Request, Route } from 'playwright-core';

/**
 * AWS's own addresses, as MiniStack answers for them: a distribution, and a user pool's document and pages. The page is
 * tried at the addresses that it would have in AWS, and whatever else a browser asks for stays unanswered.
 */

export interface AwsAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

interface Asked {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer | null;
}

/** MiniStack knows a distribution by the name that is asked for. */
export async function askAws(
  url: string,
  { method = 'GET', headers = {}, body = null }: Asked = {},
): Promise<AwsAnswer> {
  const { host, pathname, search } = new URL(url);
  const { hostname, port } = new URL(String(process.env['AWS_ENDPOINT_URL']));
  const there = isDistribution(url)
    ? { host, 'x-forwarded-proto': 'https' }
    : { host: `${hostname}:${port}` };
  const path = `${pathname}${search}`;
  const request = send({ hostname, port, method, path, headers: { ...headers, ...there } });
  const response = new Promise<AwsAnswer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (message) => {
      const pairs = Object.entries(message.headers).map(([name, value]) => [name, String(value)] as const);
      buffer(message).then(
        (content) =>
          resolve({ status: message.statusCode ?? 0, headers: Object.fromEntries(pairs), body: content }),
        reject,
      );
    });
  });
  request.end(body ?? undefined);
  return response;
}

/** @param signInUrl of the pool's pages */
export async function routeToAws(page: Page, signInUrl: string): Promise<void> {
  await page.context().route('**', async (route) => {
    const request = route.request();
    await (isOfAws(request.url(), signInUrl) ? fulfill(route, request, signInUrl) : route.abort());
  });
}

async function fulfill(route: Route, request: Request, signInUrl: string): Promise<void> {
  const answer = await askAws(request.url(), {
    method: request.method(),
    headers: await request.allHeaders(),
    body: request.postDataBuffer(),
  });
  const { location, ...headers } = answer.headers;
  if (location !== undefined && request.resourceType() === 'document') {
    // A browser that a test answers follows no redirect to an address that is answered too.
    const target = new URL(location, request.url()).href.replaceAll('&', '&amp;');
    const body = `<!doctype html><meta http-equiv="refresh" content="0;url=${target}">`;
    await route.fulfill({ contentType: 'text/html', body });
    return;
  }
  const isCognito = !isDistribution(request.url());
  await route.fulfill({
    status: answer.status,
    headers: isCognito ? { ...headers, 'access-control-allow-origin': '*' } : headers,
    body: isCognito ? asInAws(answer.body, signInUrl) : answer.body,
  });
}

/** MiniStack's document names its own address, where AWS's names the domain of the pool. */
function asInAws(body: Buffer, signInUrl: string): Buffer {
  const here = String(process.env['AWS_ENDPOINT_URL']);
  return Buffer.from(body.toString().replaceAll(`"${here}/oauth2/`, `"${signInUrl}/oauth2/`));
}

function isDistribution(url: string): boolean {
  return new URL(url).hostname.endsWith('.cloudfront.net');
}

function isOfAws(url: string, signInUrl: string): boolean {
  return (
    isDistribution(url) ||
    url.startsWith(signInUrl) ||
    /^https:\/\/cognito-idp\.[a-z0-9-]+\.amazonaws\.com\//.test(url)
  );
}

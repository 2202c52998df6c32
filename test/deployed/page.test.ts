import { beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { ask, expectAnswer } from '../e2e/support/http.ts';
import { readOutputs } from '../e2e/support/stack.ts';
import { describeInBrowser, FLOW_MS, useBrowser, violationsOn } from '../web/support/browser.ts';
import { askAws, routeToAws } from './support/aws-for-browsers.ts';
import { makeSomebody, poolOutputs, signIn } from './support/cognito.ts';

/**
 * The page as the stack serves it: from the bucket, through the distribution with its function and headers, which MiniStack
 * runs. Users sign in at the pages of the stack's Cognito pool.
 */

const STACK = String(process.env['POSTAGE_COGNITO_STACK']);
const outputsOfPage = z.extend(poolOutputs, {
  ApiUrl: z.string(),
  PageUrl: z.string(),
  SignInUrl: z.string(),
});

let outputs: z.infer<typeof outputsOfPage>;

beforeAll(async () => {
  outputs = await readOutputs(STACK, outputsOfPage);
});

const pageConfig = z.object({ apiUrl: z.string(), clientId: z.string(), signOutUrl: z.string() });

describe('the distribution', () => {
  const at = (path: string) => askAws(`${outputs.ApiUrl}${path}`);

  it.each(['/', '/app'])('leads from %s to the page', async (path) => {
    const { status, headers } = await at(path);
    expect([status, headers['location']]).toEqual([302, '/app/']);
  });

  it.each(['', 'credits', 'dashboard/users/ada@example.com'])('serves the page at /app/%s', async (place) => {
    const { status, headers, body } = await at(`/app/${place}`);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining(` ${outputs.SignInUrl} `),
    });
    expect(body.toString()).toContain('<div id="page">');
  });

  it('lets browsers keep what never changes', async () => {
    const [, script = ''] = /src="(\/app\/assets\/[^"]+\.js)"/.exec(String((await at('/app/')).body)) ?? [];
    const { status, headers } = await at(script);
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    });
  });

  it('tells the page of the stack', async () => {
    const config = z.parse(pageConfig, JSON.parse(String((await at('/app/config.json')).body)));
    expect(config).toEqual({
      apiUrl: '/',
      clientId: outputs.PeopleClientId,
      signOutUrl: `${outputs.SignInUrl}/logout?client_id=${outputs.PeopleClientId}&logout_uri=${outputs.PageUrl}`,
    });
  });

  it('serves the API everywhere else, and leaves its refusals as they are', async () => {
    expect((await at('/health')).status).toBe(200);
    const refused = await at('/account');
    expect(refused.status).toBe(401);
    expect(JSON.parse(String(refused.body))).toEqual({ message: 'Unauthorized' });
    expect((await at('/nowhere')).status).toBe(404);
    const missing = await at('/app/assets/gone-1.js');
    expect(missing.status).toBe(403);
    expect(missing.headers['content-type']).not.toMatch(/html/);
  });
});

describeInBrowser('the page in a browser', () => {
  const browser = useBrowser();

  it(
    'shows users who have signed in at the pool what they have used',
    async () => {
      const person = await makeSomebody(outputs);
      const token = await signIn(outputs, person);
      const letter = { token, json: { title: 'To me', body: 'Still there?' }, key: 'from-elsewhere' };
      expectAnswer(
        await ask({ url: String(process.env['POSTAGE_COGNITO_URL']) }, 'POST /letters', letter),
        201,
      );

      const page = await browser.open();
      // MiniStack answers each file, beside the rest of the stack.
      page.setDefaultTimeout(FLOW_MS / 2);
      await routeToAws(page, outputs.SignInUrl);
      await page.goto(`${outputs.ApiUrl}/`);
      await page.waitForURL(outputs.PageUrl);
      await page.getByRole('banner').getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(`${outputs.SignInUrl}/**`);
      await page.getByLabel('Username').fill(person.username);
      await page.getByLabel('Password').fill(person.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.waitForURL(outputs.PageUrl);

      await page.getByText('1 of 5 letters used').first().waitFor();
      expect(await violationsOn(page)).toEqual([]);

      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('banner').getByRole('button', { name: 'Sign in' }).waitFor();
      expect(page.url()).toBe(outputs.PageUrl);
    },
    FLOW_MS,
  );
});

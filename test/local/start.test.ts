import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sdkFor } from 'stripe-stand-in';
import { parseInstant, parsePort } from '../../local/command-line.ts';
import { type Command, descendantsOf, runCommand, untilGone } from '../support/command.ts';

const hasEngine = (process.env['DYNAMODB_ENDPOINT'] ?? '') === '';
const dataDir = mkdtempSync(join(tmpdir(), 'postage-start-'));
const commands: Command[] = [];

afterAll(async () => {
  for (const command of commands) {
    command.kill('SIGKILL');
    await command.ended;
  }
  rmSync(dataDir, { recursive: true });
});

const variables = { POSTAGE_TABLE: `postage-test-${randomUUID()}` };

function start(...args: string[]): Command {
  return startWith({}, ...args);
}

function startWith(more: Record<string, string>, ...args: string[]): Command {
  const command = runCommand('start', args, { ...variables, ...more });
  commands.push(command);
  return command;
}

interface Started {
  url: string;
  dynamodb: string;
  table: string;
  issuer: string;
  cronSecret: string;
  stripe: { url: string; secretKey: string; webhookSecret: string } | null;
  tokens: Record<string, string>;
}

async function startedAsJson(command: Command): Promise<Started> {
  const line = await command.firstLine;
  if (line === null) {
    throw new Error((await command.ended).stderr);
  }
  return JSON.parse(line) as Started;
}

async function getJson(url: string, token: string): Promise<unknown> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return answer.json();
}

describe('npm start', () => {
  const args = ['--port', '0', '--json', '--data', dataDir];
  let command: Command;
  let started: Started;
  let startedInMs: number;

  beforeAll(async () => {
    const startedAt = performance.now();
    command = start(...args);
    started = await startedAsJson(command);
    startedInMs = Math.round(performance.now() - startedAt);
  });

  it('prints one line of JSON with all that a script needs', async () => {
    console.info(`npm start was ready after ${startedInMs} ms.`);
    expect(started).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      dynamodb: expect.stringMatching(/^http/),
      table: variables.POSTAGE_TABLE,
      issuer: started.url,
      cronSecret: expect.stringMatching(/^[\w-]{32}$/),
      sentFolder: expect.stringMatching(/\/sent$/),
      stripe: {
        url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        secretKey: expect.stringMatching(/^sk_test_\w+$/),
        webhookSecret: expect.stringMatching(/^whsec_\w+$/),
      },
      tokens: {
        'demo-free': expect.any(String),
        'demo-pro': expect.any(String),
        'demo-enterprise': expect.any(String),
        'demo-service': expect.any(String),
      },
    });
    expect(await fetch(`${started.url}/health`)).toMatchObject({ status: 200 });
  });

  it('has a Stripe at its address, with the key that it tells, and webhooks that arrive', async () => {
    const { url = '', secretKey = '' } = started.stripe ?? {};
    const sdk = sdkFor({ url, secretKey });
    const { data } = await sdk.prices.list();
    expect(data.map(({ id }) => id)).toContain('price_pro_month');
    const { id: customer } = await sdk.customers.create({
      metadata: { userId: 'by-hand' },
      payment_method: 'pm_card_visa',
      invoice_settings: { default_payment_method: 'pm_card_visa' },
    });
    await sdk.subscriptions.create({ customer, items: [{ price: 'price_pro_month' }] });
    expect(await fetch(`${started.url}/dev/stripe/flush`, { method: 'POST' })).toMatchObject({ status: 200 });
    const answer = await fetch(`${started.url}/dev/token?sub=by-hand`);
    const { access_token: token } = (await answer.json()) as { access_token: string };
    expect(await getJson(`${started.url}/entitlements`, token)).toMatchObject({ plan: 'pro' });
  });

  it.each([
    ['demo-free', 'none', [5, 3]],
    ['demo-pro', 'pro', [1, 2, 0]],
    ['demo-enterprise', 'enterprise', [1, 2, 0]],
  ])('has the demo user %s of the plan %s with a history', async (user, plan, letters) => {
    const token = started.tokens[user] ?? '';
    expect(await getJson(`${started.url}/entitlements`, token)).toMatchObject({ plan });
    const history = await getJson(`${started.url}/usage/history`, token);
    const { periods } = history as { periods: { lettersCreated: number }[] };
    expect(periods.map(({ lettersCreated }) => lettersCreated)).toEqual(letters);
  });

  it('tells a second one that the port is taken', async () => {
    const { port } = new URL(started.url);
    const { code, stderr } = await start('--port', port).ended;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Port ${port} is taken; choose another with --port.\n`,
    });
  });

  (hasEngine ? it : it.skip)('tells a second one that the data are in use', async () => {
    const { code, stderr } = await start('--port', '0', '--data', dataDir).ended;
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Another process is using the data in ${dataDir}. Stop it, or choose another --data.\n`,
    });
  });

  it('keeps data, keys, secrets and the clock over a restart', async () => {
    const token = started.tokens['demo-pro'] ?? '';
    await fetch(`${started.url}/letters`, {
      method: 'POST',
      headers: { authorization: token, 'content-type': 'application/json' },
      body: '{"title":"Kept","body":"Hello"}',
    });
    const ahead = new Date(Date.now() + 3_600_000).toISOString();
    await fetch(`${started.url}/dev/clock`, { method: 'POST', body: JSON.stringify({ now: ahead }) });
    const letters = await getJson(`${started.url}/letters`, token);
    const keys = await getJson(`${started.url}/.well-known/jwks.json`, '');
    command.kill('SIGINT');
    const { code, stdout } = await command.ended;
    expect({ code, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, lines: 1 });

    command = start(...args);
    const again = await startedAsJson(command);
    expect(again.cronSecret).toBe(started.cronSecret);
    expect(await getJson(`${again.url}/.well-known/jwks.json`, '')).toEqual(keys);
    expect(await getJson(`${again.url}/letters`, again.tokens['demo-pro'] ?? '')).toEqual(letters);
    expect(JSON.stringify(letters)).toContain('Kept');
    const { now } = (await getJson(`${again.url}/dev/clock`, '')) as { now: string };
    expect(Date.parse(now)).toBeGreaterThanOrEqual(Date.parse(ahead));
  });
});

describe('npm start leaves nothing running', () => {
  it('after SIGTERM, and has told briefly how to call it', async () => {
    const command = start('--port', '0');
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec((await command.firstLine) ?? '')?.[0] ?? '';
    const children = descendantsOf(command.pid);
    expect(children.length > 0).toBe(hasEngine);
    command.kill('SIGTERM');
    const { code, stdout } = await command.ended;
    expect(code).toBe(0);
    expect(await untilGone(children)).toEqual([]);
    await expect(fetch(url)).rejects.toThrow();
    expect(stdout).toContain(`${url}/docs`);
    expect(stdout).toContain(`URL=${url}\n  eval "$(curl -s $URL/dev/env)"`);
    expect(stdout).not.toMatch(/eyJ|sk_test/);
  });

  it('after Ctrl-C twice, in the middle of a request that never ends', async () => {
    const command = start('--port', '0', '--json');
    const { url } = await startedAsJson(command);
    const children = descendantsOf(command.pid);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    socket.write('POST /letters HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{');
    await wait(100);
    command.kill('SIGINT');
    await wait(50);
    command.kill('SIGINT');
    expect((await command.ended).code).toBe(130);
    expect(await untilGone(children)).toEqual([]);
    socket.destroy();
  });

  it('after SIGKILL, and had no demo users when it was told so', async () => {
    const command = start('--port', '0', '--json', '--no-demo');
    const { tokens } = await startedAsJson(command);
    expect(Object.keys(tokens)).toEqual(['demo-service']);
    const children = descendantsOf(command.pid);
    command.kill('SIGKILL');
    await command.ended;
    expect(await untilGone(children)).toEqual([]);
  });
});

describe('the command line of npm start', () => {
  it('tells its options', async () => {
    const { code, stdout } = await start('--help').ended;
    expect(code).toBe(0);
    for (const option of ['--port', '--data', '--no-demo', '--json', '--help', 'DYNAMODB_ENDPOINT']) {
      expect(stdout).toContain(option);
    }
  });

  it.each([
    ['an unknown option', ['--prot', '1'], 2, "Unknown option '--prot'"],
    ['an argument', ['3001'], 2, "Unexpected argument '3001'"],
    ['a port that is none', ['--port', 'http'], 1, '--port must be a number from 0 to 65535'],
  ])('refuses %s, and says why in a line', async (_, options, expectedCode, message) => {
    const { code, stderr, stdout } = await start(...options).ended;
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('npm start without what it needs', () => {
  it.each([
    [
      'an address that is none',
      'nonsense',
      'DYNAMODB_ENDPOINT must be an address, such as http://127.0.0.1:8000, and is "nonsense".',
    ],
    ['an address without http://', 'localhost:8000', 'and is "localhost:8000".'],
    [
      'an address where nothing answers',
      'http://127.0.0.1:1',
      'cannot be reached at http://127.0.0.1:1. (Error: connect ECONNREFUSED',
    ],
  ])('says in a line that DYNAMODB_ENDPOINT is %s', async (_, endpoint, message) => {
    const { code, stderr } = await startWith({ DYNAMODB_ENDPOINT: endpoint }, '--port', '0').ended;
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it('says in a line that --data is no directory', async () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    const { code, stderr } = await start('--port', '0', '--data', file).ended;
    expect(code).toBe(1);
    expect(stderr).toContain(`No data can be kept in ${file}. (Error: EEXIST`);
    expect(stderr).not.toContain('    at ');
  });
});

describe('a value on a command line', () => {
  it.each(['', '-1', '65536', '3e3', '1.5', ' 1', '0x10'])('"%s" is no port', (text) => {
    expect(() => parsePort(text)).toThrow('--port must be a number from 0 to 65535');
  });

  it.each(['0', '3000', '65535'])('"%s" is a port', (text) => {
    expect(parsePort(text)).toBe(Number(text));
  });

  it.each(['', 'tomorrow', '2027-01-31', '2027-01-31T00:00:00', '2027-02-30T00:00:00Z'])(
    '"%s" is no instant',
    (text) => {
      expect(() => parseInstant('--at', text)).toThrow('--at must be an instant with its zone');
    },
  );

  it('an instant may have any zone', () => {
    expect(parseInstant('--at', '2027-01-31T01:00:00+01:00')).toBe(Date.UTC(2027, 0, 31));
  });
});

describe('npm start with the keys of a sandbox at Stripe', () => {
  const KEY = { STRIPE_SECRET_KEY: 'sk_test_1' };
  const REST = { STRIPE_WEBHOOK_SECRET: 'whsec_1' };

  it('uses them in place of the stand-in, and tells them to nobody', async () => {
    const command = runCommand('start', ['--port', '0', '--json', '--no-demo'], {
      ...variables,
      ...KEY,
      ...REST,
    });
    commands.push(command);
    const { url, stripe } = await startedAsJson(command);
    expect(stripe).toBeNull();
    const forShell = await (await fetch(`${url}/dev/env`)).text();
    expect(forShell).toContain('CRON_SECRET=');
    expect(forShell).not.toContain('STRIPE');
    command.kill('SIGTERM');
    const { stdout, stderr } = await command.ended;
    expect(stdout + stderr).not.toMatch(/sk_test_1|whsec_1/);
  });

  it.each([
    ['of the live mode', { ...REST, STRIPE_SECRET_KEY: 'sk_live_1' }, /never moves real money/],
    ['without the rest', KEY, /needs STRIPE_WEBHOOK_SECRET/],
  ])('refuses keys %s', async (_, keys, message) => {
    const command = runCommand('start', ['--port', '0'], { ...variables, ...keys });
    commands.push(command);
    const { code, stderr } = await command.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});

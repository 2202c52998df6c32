import { LETTERS } from '../support/catalogues.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { createStore } from '../../lambdas/adapters/dynamodb/store.ts';
import { type Command, runCommand } from '../support/command.ts';
import { LOCAL_AWS } from '../support/table.ts';

const parent = mkdtempSync(join(tmpdir(), 'postage-rollover-'));
const dataDir = join(parent, 'data');
const table = `postage-test-${randomUUID()}`;
const variables = { POSTAGE_TABLE: table };

let postage: Command;
let started: { url: string; dynamodb: string };

async function startOnData(): Promise<void> {
  postage = runCommand('start', ['--port', '0', '--json', '--data', dataDir], variables);
  started = JSON.parse((await postage.firstLine) ?? '{}') as typeof started;
}

async function stop(): Promise<void> {
  postage.kill('SIGINT');
  await postage.ended;
}

function rollover(...args: string[]): Command['ended'] {
  return runCommand('rollover', args, variables).ended;
}

async function json(path: string, request: RequestInit = {}): Promise<Record<string, unknown>> {
  return (await fetch(started.url + path, request)).json() as Promise<Record<string, unknown>>;
}

beforeAll(startOnData);

afterAll(async () => {
  await stop();
  rmSync(parent, { recursive: true });
});

const IN_A_YEAR = new Date(Date.now() + 366 * 86_400_000).toISOString();

describe('npm run rollover', () => {
  it('rolls the accounts of a running npm start, shows how far it is, and changes nothing the second time', async () => {
    const first = await rollover('--data', dataDir, '--at', IN_A_YEAR);
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^2 accounts: 2 rolled over, 0 failed, in \d+\.\d s\.\n$/),
    });
    expect(first.stderr).toContain(`2 accounts are due by ${IN_A_YEAR}.`);
    expect(first.stderr).toContain('2 of 2 accounts');
    expect(first.stderr).toContain(`npm start at ${started.url}: 2 accounts`);
    // The clock has been moved, and the tokens of before have expired by it.
    const token = (await json('/dev/token?sub=demo-pro'))['access_token'];
    const { periods } = await json('/usage/history?periods=24', {
      headers: { authorization: String(token) },
    });
    expect(periods).toContainEqual(
      expect.objectContaining({ lettersCreated: 1, emailsSent: 1, mailCreditsUsed: 1 }),
    );
    expect(await rollover('--data', dataDir, '--at', IN_A_YEAR)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 accounts'),
    });
    const { createdAt } = await json('/letters', {
      method: 'POST',
      headers: { authorization: String(token), 'content-type': 'application/json' },
      body: '{"title":"After it","body":"Hello"}',
    });
    expect(Date.parse(String(createdAt))).toBeGreaterThanOrEqual(Date.parse(IN_A_YEAR));
  });

  it('takes the local now when it is told no time', async () => {
    const { stderr } = await rollover('--dynamodb', started.dynamodb);
    expect(stderr).toContain(`0 accounts are due by ${IN_A_YEAR.slice(0, 10)}`);
  });

  it('ends with 1 when an account could not be rolled over', async () => {
    const store = createStore(table, LETTERS, { endpoint: started.dynamodb, ...LOCAL_AWS });
    const corrupt = {
      pk: { S: 'USER#corrupt' },
      sk: { S: 'ACCOUNT' },
      dueShard: { S: 'ROLL#0' },
      dueAt: { N: '1' },
    };
    await store.client.send(new PutItemCommand({ TableName: table, Item: corrupt }));
    store.client.destroy();
    const { code, stdout } = await rollover('--dynamodb', started.dynamodb);
    expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringContaining('0 rolled over, 1 failed') });
  });

  it('rolls the data of an npm start that is not running', async () => {
    await stop();
    const later = new Date(Date.parse(IN_A_YEAR) + 366 * 86_400_000).toISOString();
    expect(await rollover('--data', dataDir, '--at', later)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('3 accounts: 2 rolled over, 1 failed'),
      stderr: expect.stringContaining('3 of 3 accounts'),
    });
    await startOnData();
  });

  it('tells its options', async () => {
    const { code, stdout } = await rollover('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--at TIME');
  });

  it.each([
    ['an unknown option', ['--when', '1'], 2, "Unknown option '--when'"],
    ['data that are not there', ['--data', join(parent, 'nowhere')], 1, 'There is no data in'],
    ['a DynamoDB that does not answer', ['--dynamodb', 'http://127.0.0.1:9'], 1, 'cannot be reached'],
  ])('refuses %s', async (_, args, expectedCode, message) => {
    const { code, stdout, stderr } = await rollover(...args);
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

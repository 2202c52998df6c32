import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { recordedCatalogue } from '../../lambdas/adapters/dynamodb/catalogue-records.ts';
import { connectTable } from '../../lambdas/adapters/dynamodb/store.ts';
import { type Command, run, runCommand } from '../support/command.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';

const folder = mkdtempSync(join(tmpdir(), 'postage-config-'));
const dataDir = join(folder, 'data');
const variables = { POSTAGE_TABLE: `postage-test-${randomUUID()}` };
const commands: Command[] = [];

/** An app for a map, with calls and no credits. */
const fileWith = (calls: number) => `
import { defineCatalogue, usd } from '#catalogue';

export const catalogue = defineCatalogue({
  meters: { calls: { title: ['call', 'calls'] } },
  plans: [
    { id: 'free', title: 'Free', limits: { calls: ${String(calls)} } },
    { id: 'plus', title: 'Plus', limits: { calls: 'unlimited' }, prices: { month: usd(500) } },
  ],
  graceDays: 7,
  trialDays: 0,
});
export const letters = null;
export const stages = { dev: { disposable: true, appUrl: 'http://localhost:3000' } };
`;

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function start(...args: string[]): Command {
  const command = runCommand('start', args, variables);
  commands.push(command);
  return command;
}

interface Started {
  url: string;
  dynamodb: string;
  table: string;
  tokens: Record<string, string>;
}

async function started(command: Command): Promise<Started> {
  const line = await command.firstLine;
  if (line === null) {
    throw new Error((await command.ended).stderr);
  }
  return JSON.parse(line) as Started;
}

afterAll(async () => {
  for (const command of commands) {
    command.kill('SIGKILL');
    await command.ended;
  }
  rmSync(folder, { recursive: true });
});

describe('npm start refuses, in a line that names the file', () => {
  it.each<[string, string | null, RegExp]>([
    ['a file that is not there', null, /^There is no such file\.$/],
    ['a folder', '', /^There is no such file\.$/],
    [
      'a file that is no TypeScript',
      'export const catalogue = {\n  plans: [\n',
      /^This can't be loaded\. SyntaxError: .+ \(line \d\)$/,
    ],
    [
      'a file that imports what there is not',
      "import { nothing } from '#catalogue';\nexport { nothing };",
      /^This can't be loaded\. SyntaxError: .+'nothing'/,
    ],
    [
      'a file that throws',
      "throw new Error('No stage today.');",
      /^This can't be loaded\. Error: No stage today\.$/,
    ],
    [
      'a file without a catalogue',
      'export const letters = null;\nexport const stages = {};',
      /^catalogue: This is missing\.$/,
    ],
    [
      'a catalogue without a plan',
      `${fileWith(1)}\ncatalogue.plans = [];`,
      /^plans: There is no plan\. The first one is everybody’s who has no subscription\.$/,
    ],
  ])('%s', async (_, text, message) => {
    const file = join(folder, `${randomUUID()}.ts`);
    if (text === '') {
      mkdirSync(file);
    } else if (text !== null) {
      writeFileSync(file, text);
    }
    const { code, stdout, stderr } = await start('--port', '0', '--config', file).ended;
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const [line = '', ...others] = stderr.trimEnd().split('\n');
    expect(others).toEqual([]);
    expect(line).toMatch(new RegExp(`^${file}: `));
    expect(line.slice(file.length + 2)).toMatch(message);
  });

  it('a stage that the file does not list', async () => {
    const file = write('stages.ts', fileWith(1));
    const { code, stderr } = await start('--port', '0', '--config', file, '--stage', 'live').ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'The file has no stage "live". It has dev.\n' });
  });

  it('and every mistake of a catalogue, each in a line of its own', async () => {
    const file = write('mistakes.ts', fileWith(-1).replace("{ calls: 'unlimited' }", '{ fax: 1 }'));
    const { code, stderr } = await start('--port', '0', '--config', file).ended;
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        `${file}: plans.free.limits.calls: This must be 'unlimited' or a whole number from 0 to 1000000000.\n` +
        `${file}: plans.plus.limits.fax: There is no meter or level "fax".\n`,
    });
  });
});

describe('the synthesis', () => {
  it('refuses a file in the same words', async () => {
    const file = write('no-plan.ts', `${fileWith(1)}\ncatalogue.plans = [];`);
    const { code, stderr } = await run(process.execPath, ['bin/app.ts'], {
      POSTAGE_CONFIG: file,
    }).ended;
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `${file}: plans: There is no plan. The first one is everybody’s who has no subscription.\n`,
    });
  });
});

describe('npm start with a catalogue of one’s own', () => {
  let command: Command;
  let postage: Started;

  beforeAll(async () => {
    command = start('--port', '0', '--json', '--data', dataDir, '--config', write('map.ts', fileWith(2)));
    postage = await started(command);
  });

  async function call(
    method: string,
    path: string,
    body: object,
    headers: Record<string, string>,
  ): Promise<unknown> {
    const answer = await fetch(`${postage.url}${path}`, {
      method,
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });
    return { status: answer.status, ...((await answer.json()) as object) };
  }

  const use = (userId: string, key: string): Promise<unknown> =>
    call(
      'POST',
      `/users/${userId}/usage`,
      { consume: { calls: 1 } },
      {
        authorization: `Bearer ${postage.tokens['demo-service'] ?? ''}`,
        'idempotency-key': key,
      },
    );

  async function recorded(): Promise<Awaited<ReturnType<typeof recordedCatalogue>>> {
    const table = connectTable(postage.table, { endpoint: postage.dynamodb, ...LOCAL_AWS });
    try {
      return await recordedCatalogue(table, plentyOfTime());
    } finally {
      table.client.destroy();
    }
  }

  it('counts what it names, and has neither letters nor demo users', async () => {
    expect(Object.keys(postage.tokens)).toEqual(['demo-service']);
    expect(await use('ada', '1')).toMatchObject({ status: 200 });
    expect(await use('ada', '2')).toMatchObject({ status: 200 });
    expect(await use('ada', '3')).toMatchObject({ status: 402, code: 'quota_exceeded', limit: 2 });
    expect(await fetch(`${postage.url}/letters`)).toMatchObject({ status: 404 });
  });

  it('G14: holds from its first start, and another one from its own', async () => {
    const first = await recorded();
    expect(first?.since).toBeLessThanOrEqual(Date.now());
    expect(first?.file.plans[0].limits).toEqual({ calls: 2 });

    const subscription = { plan: 'plus', interval: 'month', anchor: new Date().toISOString() };
    expect(await call('PUT', '/dev/accounts/bob', subscription, {})).toMatchObject({ plan: 'plus' });
    for (const [calls, isSame] of [
      [2, true],
      [3, false],
    ] as const) {
      command.kill('SIGTERM');
      await command.ended;
      const file = write(`map-${String(calls)}.ts`, fileWith(calls));
      command = start('--port', '0', '--json', '--data', dataDir, '--config', file);
      postage = await started(command);
      expect((await recorded())?.since === first?.since).toBe(isSame);
    }
    expect(await use('ada', '4')).toMatchObject({ status: 402, limit: 2 });
    expect(await use('eve', '1')).toMatchObject({ status: 200 });
  });

  it('is what npm run rollover takes, whatever the owner’s own file says', async () => {
    const at = new Date(Date.now() + 40 * 86_400_000).toISOString();
    const { code, stdout } = await runCommand('rollover', ['--data', dataDir, '--at', at], variables).ended;
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^1 accounts: 1 rolled over/),
    });
  });
});

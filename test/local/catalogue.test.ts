import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { lastDiff, recordCatalogue } from '../../lambdas/adapters/dynamodb/catalogue-records.ts';
import { connectTable } from '../../lambdas/adapters/dynamodb/store.ts';
import { itemBytes } from '../../lambdas/adapters/dynamodb/item-size.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { type CatalogueFile } from '../../lambdas/domain/catalogue.ts';
import { snapshotOf } from '../../lambdas/wiring/catalogue-snapshot.ts';
import { catalogue as LETTERS } from '../../examples/letters/postage.config.ts';
import { type Command, runCommand } from '../support/command.ts';
import { LOCAL_AWS, plentyOfTime } from '../support/table.ts';

const FILE: CatalogueFile = LETTERS;
const SHIPPED = 'examples/letters/postage.config.ts';
const folder = mkdtempSync(join(tmpdir(), 'postage-catalogue-'));
let postage: Command;
let started: { url: string; dynamodb: string; table: string };

/** An owner's file with the letters app's catalogue, changed. */
function fileWith(name: string, catalogue: CatalogueFile): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `export const catalogue = ${JSON.stringify(catalogue)};
export { letters, stages } from ${JSON.stringify(join(process.cwd(), SHIPPED))};\n`,
  );
  return file;
}

const [FREE, ...SOLD] = FILE.plans;
const MORE: CatalogueFile = {
  ...FILE,
  plans: [
    { ...FREE, limits: { ...FREE.limits, letters: 9 } },
    ...SOLD.map((plan) => (plan.id === 'pro' ? { ...plan, credits: 5 } : plan)),
  ],
};
const WITHOUT_PRO: CatalogueFile = { ...FILE, plans: [FREE, ...SOLD.filter(({ id }) => id !== 'pro')] };

function catalogue(...args: string[]): Command['ended'] {
  const location = ['--dynamodb', started.dynamodb, '--table', started.table];
  return runCommand('catalogue', [...args, ...location]).ended;
}

async function dev(method: string, path: string, body: object): Promise<void> {
  const answer = await fetch(`${started.url}${path}`, { method, body: JSON.stringify(body) });
  expect(answer.ok).toBe(true);
}

// Beside the three accounts that npm start brings: two subscribers, and two without a subscription.
beforeAll(async () => {
  const variables = { POSTAGE_TABLE: `postage-test-${randomUUID()}`, DYNAMODB_ENDPOINT: '' };
  postage = runCommand('start', ['--port', '0', '--json'], variables);
  const line = await postage.firstLine;
  if (line === null) {
    throw new Error((await postage.ended).stderr);
  }
  started = JSON.parse(line) as typeof started;
  for (const [user, plan] of Object.entries({ ada: 'pro', bob: 'pro', grace: 'none', linus: 'none' })) {
    const subscription = plan === 'none' ? {} : { interval: 'month', anchor: new Date().toISOString() };
    await dev('PUT', `/dev/accounts/${user}`, { plan, ...subscription });
  }
});

afterAll(async () => {
  postage.kill('SIGINT');
  await postage.ended;
  rmSync(folder, { recursive: true });
});

describe('npm run catalogue', () => {
  it('check: finds nothing where the catalogue has all that accounts have, and tells the price first', async () => {
    const { code, stdout, stderr } = await catalogue('check', '--config', SHIPPED);
    expect(stdout).toMatch(
      /^\d+ accounts checked; the largest takes \d+ bytes\.\nThe catalogue has every plan/,
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /reading \d+ items takes about \d+ read units, \$0\.\d{4} if a million costs \$0\.125/,
    );
    expect(stderr).toMatch(/\d+ of \d+ items/);
  });

  it('check: names plans and meters that accounts have and the file lacks', async () => {
    const { code, stdout } = await catalogue('check', '--config', fileWith('no-pro.ts', WITHOUT_PRO));
    expect(stdout).toMatch(/^ {2}plan pro: \d accounts \((ada|bob), /m);
    expect(code).toBe(1);
    const calls = await catalogue('check', '--config', 'examples/calls/postage.config.ts');
    expect(calls.stdout).toMatch(/^ {2}meter letters: \d+ accounts \(/m);
    expect(calls.code).toBe(1);
  });

  it('check: tells the mistakes of the file by entry', async () => {
    const file = fileWith('wrong.ts', { ...FILE, graceDays: -1 });
    const { code, stdout, stderr } = await catalogue('check', '--config', file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('graceDays');
  });

  it('diff: tells what accounts gain and lose, and when; it adds up by plan', async () => {
    const { code, stdout } = await catalogue('diff', '--config', fileWith('more.ts', MORE));
    expect(code).toBe(0);
    const table = connectTable(started.table, { endpoint: started.dynamodb, ...LOCAL_AWS });
    expect(await lastDiff(table, plentyOfTime())).toMatchObject({ accounts: 7, gaining: 6, losing: 0 });
    table.client.destroy();
    expect(stdout).toMatch(/^pro: 3 accounts, of which 3 change and 0 do not\.$/m);
    expect(stdout).toMatch(
      /^ {2}next period \(.+\): gain: credits per period: 2 → 5: 3 accounts \((\S+, )+\S+\)$/m,
    );
    expect(stdout).toMatch(/^ {2}by apply: gain 9 credits in all: 3 accounts/m);
    expect(stdout).toMatch(/^none: (\d+) accounts, of which \1 change and 0 do not\.$/m);
    expect(stdout).toMatch(/^ {2}next period \(.+\): gain: letters: 5 → 9: \d+ accounts/m);
    const same = await catalogue('diff', '--config', SHIPPED);
    expect(same.stdout).toMatch(/^pro: 3 accounts, of which 0 change and 3 do not\.$/m);
  });

  it('apply: wants the file deployed first', async () => {
    const { code, stdout, stderr } = await catalogue('apply', '--yes', '--config', fileWith('more.ts', MORE));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^The file is not the catalogue that was deployed at .+Deploy it first/);
  });

  it('apply: changes nothing without --yes, then each account once, and lists what failed', async () => {
    const table = connectTable(started.table, { endpoint: started.dynamodb, ...LOCAL_AWS });
    await recordCatalogue(table, snapshotOf(MORE), Date.now(), plentyOfTime());
    const args = ['apply', '--config', fileWith('more.ts', MORE)];
    for (const dry of [[], ['--yes', '--dry-run']]) {
      const { code, stdout } = await catalogue(...args, ...dry);
      expect(code).toBe(0);
      expect(stdout).toMatch(/by apply: gain: credits per period: 2 → 5: 3 accounts/);
      expect(stdout).toContain('Nothing was changed.');
    }
    const first = await catalogue(...args, '--yes');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toMatch(/^The catalogue was carried out on 7 accounts; on 0 it had been/);
    const second = await catalogue(...args, '--yes');
    expect(second.stdout).toMatch(/^The catalogue was carried out on 0 accounts; on 7 it had been/);

    await table.client.send(
      new UpdateItemCommand({
        TableName: started.table,
        Key: toWire({ pk: 'USER#bob', sk: 'ACCOUNT' }),
        UpdateExpression: 'SET included = :text',
        ExpressionAttributeValues: { ':text': { S: 'two' } },
      }),
    );
    table.client.destroy();
    for (const words of [['check'], ['diff'], ['apply', '--yes']]) {
      const failed = await catalogue(...words, '--config', fileWith('more.ts', MORE));
      expect(failed.code).toBe(1);
      expect(failed.stdout).toMatch(
        /1 account failed:\n {2}bob: The attribute included .+ is missing or wrong\.\n$/,
      );
    }
  });

  it('tells its options', async () => {
    const { code, stdout } = await runCommand('catalogue', ['--help']).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('npm run catalogue -- apply');
  });

  it.each([
    ['no word', [], 1, 'Say one of check, diff, apply.'],
    ['two words', ['check', 'diff'], 1, 'Say one of check, diff, apply.'],
    ['an unknown word', ['undo'], 1, 'Say one of check, diff, apply.'],
    ['an unknown option', ['check', '--force'], 2, "Unknown option '--force'"],
    ['--yes without apply', ['diff', '--yes'], 1, '--dry-run and --yes belong to apply.'],
    [
      'a file that is not there',
      ['check', '--config', 'nowhere.ts'],
      2,
      'nowhere.ts: There is no such file.',
    ],
    [
      'a table that is not there',
      ['check', '--config', SHIPPED, '--table', 'nobody'],
      1,
      'cannot be reached',
    ],
  ])('refuses %s', async (_, args, expectedCode, message) => {
    const { code, stdout, stderr } = await runCommand('catalogue', ['--dynamodb', started.dynamodb, ...args])
      .ended;
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

describe('the size of an item', () => {
  it('is what DynamoDB charges for', () => {
    expect(itemBytes(toWire({ pk: 'é' }))).toBe(2 + 2);
    expect(itemBytes(toWire({ n: 12_300 }))).toBe(1 + 3);
    expect(itemBytes(toWire({ n: 0 }))).toBe(1 + 1);
    expect(itemBytes(toWire({ l: [1, null] }))).toBe(1 + 3 + 2 + 1 + 2);
    expect(itemBytes(toWire({ m: { ab: true } }))).toBe(1 + 3 + 1 + 2 + 1);
  });
});

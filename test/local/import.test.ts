import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkFile } from '../../local/import-file.ts';
import { LETTERS } from '../support/catalogues.ts';
import { type Command, runCommand } from '../support/command.ts';
import { ENTERPRISE, PRO, usePayments } from '../support/payments.ts';
import { storedAccount } from '../support/users.ts';

const suite = usePayments('2026-03-10T12:00:00.000Z');
const folder = mkdtempSync(join(tmpdir(), 'postage-import-'));
const FILE = join(folder, 'users.csv');
const HEADER = 'user,customer,balance,used_letters,used_emails,used_mails';

beforeAll(() => {
  writeFileSync(FILE, `${HEADER}\nada,,0,0,0,0\n`);
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** With the key of the stand-in for Stripe, unless told otherwise. */
function importFile(args: readonly string[], variables: Record<string, string> = {}): Command['ended'] {
  const { url, secretKey } = suite.at().standIn;
  return runCommand('import', ['--dynamodb', suite.endpoint(), '--table', suite.store().table, ...args], {
    STRIPE_SECRET_KEY: secretKey,
    POSTAGE_STRIPE_API_URL: url,
    ...variables,
  }).ended;
}

async function givenSubscriber(price: string): Promise<string> {
  const { id } = await suite.stripe().customers.create({
    payment_method: 'pm_card_visa',
    invoice_settings: { default_payment_method: 'pm_card_visa' },
  });
  await suite.stripe().subscriptions.create({ customer: id, items: [{ price }] });
  return id;
}

describe('npm run import', () => {
  it('shows first what it would do, then imports each user once, and tells of each plan', async () => {
    const users = [0, 1, 2, 3].map(() => randomUUID());
    const [pro, enterprise] = [await givenSubscriber(PRO), await givenSubscriber(ENTERPRISE)];
    const lines = [
      `${users[0] ?? ''},${pro},4,2,1`,
      `${users[1] ?? ''},${enterprise},0,0,0`,
      `${users[2] ?? ''},,0,3,0`,
    ];
    const file = join(folder, 'three.csv');
    writeFileSync(
      file,
      ['user,customer,balance,used_letters,used_mails', ...lines, `${users[3] ?? ''},cus_nobody,0,0,0`].join(
        '\n',
      ),
    );
    const dry = await importFile([file]);
    expect(dry.code).toBe(1);
    expect(dry.stdout).toMatch(/: 4 users, 3 of them with a customer at Stripe. .+ import:[0-9a-f]{16}\.$/m);
    expect(dry.stdout).toContain('The file lacks used_emails: they count as 0.\n');
    expect(dry.stdout).toContain('To be imported: 3; imported before: 0; left alone: 0; failed: 1.\n');
    expect(dry.stdout).toContain('Nothing was changed. With --yes it is.\n');
    const both = await importFile([file, '--yes', '--dry-run']);
    expect(both.stdout).toBe(dry.stdout);

    const first = await importFile([file, '--yes']);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/4 of 4 users/);
    expect(first.stdout).toContain('\nImported: 3; imported before: 0; left alone: 0; failed: 1.\n');
    expect(first.stdout).toMatch(
      /^ {2}enterprise: 1 \(1 active\)\n {2}none: 1 \(1 none\)\n {2}pro: 1 \(1 active\)$/m,
    );
    expect(first.stdout).toMatch(/^ {2}line 5, \S+: Stripe does not know/m);
    expect(await storedAccount(suite.store(), users[0] ?? '')).toMatchObject({
      plan: 'pro',
      meters: { letters: { used: 2 }, mails: { used: 1 } },
    });
    const second = await importFile([file, '--yes']);
    expect(second.stdout).toContain('\nImported: 0; imported before: 3; left alone: 0; failed: 1.\n');

    const other = join(folder, 'other.csv');
    writeFileSync(
      other,
      ['user,customer,balance', ...users.slice(0, 2).map((user) => `${user},,0`)].join('\n'),
    );
    const { code, stdout } = await importFile([other, '--yes'], { STRIPE_SECRET_KEY: '' });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 accounts \(\S+, \S+\) had an account before this import\.$/m);
  });

  it('tells all mistakes of the file by line and column, and writes nothing', async () => {
    const file = join(folder, 'wrong.csv');
    const user = randomUUID();
    writeFileSync(file, `${HEADER}\n${user},,0,0,0,0\n${user},sub_1,-1,0,0,0\n${user},,0,0,0,0\n`);
    const { code, stdout } = await importFile([file, '--yes']);
    expect(code).toBe(1);
    expect(stdout.replaceAll(file, 'wrong.csv')).toBe(
      `wrong.csv: line 3: customer: It must be the id of a customer at Stripe, cus_…, or nothing, and is "sub_1".
wrong.csv: line 3: balance: It must be a whole number from 0 to 1000000000, and is "-1".
wrong.csv: line 4: user: "${user}" stands on line 2 too.
Nothing was changed.
`,
    );
    await expect(storedAccount(suite.store(), user)).rejects.toThrow();
  });

  it('takes no balance where the catalogue has no credits', async () => {
    const file = join(folder, 'balance.csv');
    writeFileSync(file, 'user,customer,balance\nada,,0\nbob,,3\n');
    expect((await checkFile(file, { ...LETTERS, credit: null })).mistakes).toEqual([
      {
        line: 3,
        column: 'balance',
        message: 'The catalogue has no credits, so it must be 0, and is "3".',
      },
    ]);
    expect((await checkFile(file, LETTERS)).mistakes).toEqual([]);
  });

  it('stops at a key that Stripe refuses, and says how to go on', async () => {
    const file = join(folder, 'key.csv');
    writeFileSync(file, `user,customer,balance\n${randomUUID()},cus_1,0\n`);
    const { code, stderr } = await importFile([file, '--yes'], { STRIPE_SECRET_KEY: 'sk_test_wrong' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^The import has stopped: .+ Start it again with the same file/m);
    expect(stderr).not.toContain('    at ');
  });

  it('tells its options', async () => {
    const { code, stdout } = await runCommand('import', ['--help']).ended;
    expect(code).toBe(0);
    expect(stdout).toContain('npm run import -- users.csv');
  });

  it.each<[string, string[], Record<string, string>, number, string]>([
    ['no file', [], {}, 1, 'Name the file of users.'],
    ['two files', [FILE, FILE], {}, 1, 'Name the file of users.'],
    ['a file that is not there', ['nowhere.csv'], {}, 1, 'nowhere.csv: There is no such file.'],
    [
      'a file that is not there, before it looks for a table',
      ['nowhere.csv', '--table', 'nobody'],
      {},
      1,
      'nowhere.csv: There is no such file.',
    ],
    ['an unknown option', [FILE, '--force'], {}, 2, "Unknown option '--force'"],
    ['an instant that is none', [FILE, '--as-of', 'today'], {}, 1, '--as-of must be an instant'],
    ['an instant that is not yet', [FILE, '--as-of', '2199-01-31T00:00:00Z'], {}, 1, 'has not come yet'],
    [
      'what is no key',
      [FILE],
      { STRIPE_SECRET_KEY: 'pk_test_1' },
      1,
      'STRIPE_SECRET_KEY must be a secret or',
    ],
    ['a table that is not there', [FILE, '--table', 'nobody'], {}, 1, 'cannot be reached'],
  ])('refuses %s', async (_, args, variables, expectedCode, message) => {
    const { code, stdout, stderr } = await importFile(args, variables);
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

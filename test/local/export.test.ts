import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { addCredits } from '../../lambdas/commands/add-credits.ts';
import { trackConsumption } from '../../lambdas/commands/track-consumption.ts';
import { createTable } from '../../local/create-table.ts';
import { runCommand } from '../support/command.ts';
import { useTable } from '../support/table.ts';
import { putTombstone, request, someUser, storedAccount, using } from '../support/users.ts';

const table = useTable();
const folder = mkdtempSync(join(tmpdir(), 'postage-export-'));

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('npm run export', () => {
  it('writes a file from which the import makes the accounts anew in another table', async () => {
    const store = table.store();
    const [plain, rich, erased] = [someUser(), `with"quote,comma|${someUser()}`, someUser()];
    await trackConsumption(store, request(plain, Date.now()), using({ letters: 3 }));
    await trackConsumption(store, request(rich, Date.now()), using({ letters: 1 }));
    await addCredits(store, request(rich, Date.now()), { amount: 7, actor: 'admin', reason: 'Sorry.' });
    await putTombstone(store, erased);
    const file = join(folder, 'users.csv');
    const at = (name: string): string[] => ['--dynamodb', table.endpoint(), '--table', name];
    const exported = await runCommand('export', [file, ...at(store.table)]).ended;
    expect(exported.code).toBe(0);
    expect(exported.stdout).toContain('2 accounts. Not in it: 1 erased users, and 0 credits');
    expect(readFileSync(file, 'utf8')).toMatch(
      /^user,customer,balance,used_letters,used_emails,used_mails\n/,
    );

    const again = await runCommand('export', [file, ...at(store.table)]).ended;
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('is there already')]);

    const other = { ...store, table: `${store.table}-anew` };
    await createTable(store.client, other.table);
    const imported = await runCommand('import', [file, ...at(other.table), '--yes']).ended;
    expect(imported.stdout).toContain('Imported: 2; imported before: 0; left alone: 0; failed: 0.\n');
    for (const userId of [plain, rich]) {
      const [before, after] = [await storedAccount(store, userId), await storedAccount(other, userId)];
      expect(after.meters).toEqual(before.meters);
      expect(after.credits.purchased).toBe(before.credits.purchased);
    }
  });
});

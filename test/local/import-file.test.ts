import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { catalogueOf } from '../../lambdas/domain/catalogue.ts';
import { catalogue as pictures } from '../../examples/pictures/postage.config.ts';
import { DuplicateFinder } from '../../local/import-duplicates.ts';
import { checkFile, type CheckedFile, type ImportedUser, usersIn } from '../../local/import-file.ts';

const PICTURES = catalogueOf(pictures, 0);
const folder = mkdtempSync(join(tmpdir(), 'postage-import-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

let files = 0;
function fileOf(contents: string | Buffer): string {
  files += 1;
  const path = join(folder, `users-${String(files)}.csv`);
  writeFileSync(path, contents);
  return path;
}

async function check(contents: string | Buffer): Promise<CheckedFile> {
  return checkFile(fileOf(contents), PICTURES);
}

async function usersOf(file: CheckedFile): Promise<ImportedUser[]> {
  const users: ImportedUser[] = [];
  for await (const user of usersIn(file, PICTURES)) {
    users.push(user);
  }
  return users;
}

const HEADER = 'user,customer,balance,used_images,held_seats';

describe('a file of users', () => {
  it('is read whole, whatever the order of its columns, its line ends and its quotes', async () => {
    const file = await check(
      '\uFEFFheld_seats,customer,used_images,user,balance\r\n2,cus_1,7,ada,3\n\n0,,0,"gr""ace",0\r\n',
    );
    expect(file).toMatchObject({
      users: 2,
      customers: 1,
      lacking: ['used_large_images'],
      mistakes: [],
      otherMistakes: 0,
    });
    expect(await usersOf(file)).toEqual([
      { line: 2, userId: 'ada', customerId: 'cus_1', balance: 3, used: { images: 7 }, held: { seats: 2 } },
      { line: 4, userId: 'gr"ace', customerId: null, balance: 0, used: {}, held: {} },
    ]);
  });

  it('may lack counts, and says which', async () => {
    const file = await check('user,customer,balance\nada,,1\n');
    expect(file).toMatchObject({ lacking: ['used_images', 'used_large_images', 'held_seats'], mistakes: [] });
  });

  it('has a fingerprint of its contents alone', async () => {
    const [one, same, other] = await Promise.all(
      ['ada', 'ada', 'bob'].map((user) => check(`${HEADER}\n${user},,0,0,0\n`)),
    );
    expect(one?.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(same?.fingerprint).toBe(one?.fingerprint);
    expect(other?.fingerprint).not.toBe(one?.fingerprint);
  });

  const LONG = 'x'.repeat(20_000);

  it.each<[string, string | Buffer, [number, string | null, string][]]>([
    ['nothing at all', '', [[1, null, 'The file names no user.']]],
    ['no user', `${HEADER}\n`, [[1, null, 'The file names no user.']]],
    [
      'other columns',
      'user,customer,used_imges,user\nada,,0,bob\n',
      [
        [1, 'balance', 'The column is missing.'],
        [
          1,
          'used_imges',
          'There is no such column. The catalogue’s are user, customer, balance, used_images',
        ],
        [1, 'user', 'The column is there twice.'],
      ],
    ],
    [
      'semicolons',
      'user;customer;balance\nada;;0\n',
      [
        [1, 'user', 'The column is missing.'],
        [1, 'customer', 'The column is missing.'],
        [1, 'balance', 'The column is missing.'],
        [1, 'user;customer;balance', 'There is no such column.'],
      ],
    ],
    ['too few values', `${HEADER}\nada,,0\n`, [[2, null, 'The line has 3 values for 5 columns.']]],
    ['too many values', `${HEADER}\nada,,0,0,0,0\n`, [[2, null, 'The line has 6 values for 5 columns.']]],
    ['no user on a line', `${HEADER}\n,,0,0,0\n`, [[2, 'user', 'It must be 1 to 128 printable ASCII']]],
    ['a user with a space', `${HEADER}\nada l,,0,0,0\n`, [[2, 'user', 'and is "ada l".']]],
    [
      'a user that is no UTF-8',
      Buffer.from(`${HEADER}\n\xff,,0,0,0\n`, 'latin1'),
      [[2, 'user', 'It must be']],
    ],
    [
      'a subscription for a customer',
      `${HEADER}\nada,sub_1,0,0,0\n`,
      [[2, 'customer', 'cus_…, or nothing, and is "sub_1".']],
    ],
    [
      'no number',
      `${HEADER}\nada,,,0,0\n`,
      [[2, 'balance', 'a whole number from 0 to 1000000000, and is empty.']],
    ],
    [
      'numbers that are none',
      `${HEADER}\nada,,-1,1.5,1e3\n`,
      [
        [2, 'balance', 'and is "-1".'],
        [2, 'used_images', 'and is "1.5".'],
        [2, 'held_seats', 'and is "1e3".'],
      ],
    ],
    [
      'a number that is too large',
      `${HEADER}\nada,,1000000001,0,0\n`,
      [[2, 'balance', 'and is "1000000001".']],
    ],
    [
      'a user and a customer twice',
      `${HEADER}\nada,cus_1,0,0,0\nbob,cus_1,0,0,0\nada,,0,0,0\nada,,0,0,0\n`,
      [
        [3, 'customer', '"cus_1" stands on line 2 too.'],
        [4, 'user', '"ada" stands on line 2 too.'],
        [5, 'user', '"ada" stands on line 2 too.'],
      ],
    ],
    [
      'a mistake of each kind',
      `${HEADER}\nada,,x,0,0\nada,,0,0,0\nbob,,0,0,0\nbob,,0,0,0\n`,
      [
        [2, 'balance', 'and is "x".'],
        [5, 'user', '"bob" stands on line 4 too.'],
      ],
    ],
    [
      'a line that is too long',
      `${HEADER}\nada,,0,0,0\n${LONG},,0,0,0\n`,
      [[3, null, 'The line has more than 16384 bytes. Nothing after it was read.']],
    ],
    ['a first line that is too long', LONG, [[1, null, 'The line has more than 16384 bytes.']]],
    ['too many columns', ','.repeat(20_000), [[1, null, 'The line has more than 16384 bytes.']]],
    ['an open quote', `${HEADER}\n"ada,,0,0,0\n`, [[2, null, 'A quote is opened and never closed.']]],
    [
      'an open quote before much else',
      `${HEADER}\n"ada,,0,0,0\n${'bob,,0,0,0\n'.repeat(3_000)}`,
      [[1491, null, 'A quote is opened far above, and not closed until here.']],
    ],
    [
      'a quote in a value',
      `${HEADER}\na"da,,0,0,0\n`,
      [[2, null, 'A quote stands in the middle of a value.']],
    ],
    [
      'something after a quote',
      `${HEADER}\n"a"da,,0,0,0\n`,
      [[2, null, 'Something stands between a closing quote']],
    ],
  ])('is refused by line and column: %s', async (_, contents, expected) => {
    const { mistakes } = await check(contents);
    expect(mistakes).toEqual(
      expected.map(([line, column, message]) => ({
        line,
        column,
        message: expect.stringContaining(message),
      })),
    );
  });

  it('tells a hundred mistakes and counts the others, and shows no more than the beginning of a value', async () => {
    const lines = Array.from({ length: 150 }, (_, index) => `u${String(index)},,${'9'.repeat(500)},0,0`);
    const { mistakes, otherMistakes } = await check([HEADER, ...lines].join('\n'));
    expect(mistakes).toHaveLength(100);
    expect(mistakes[99]).toMatchObject({ line: 101 });
    expect(otherMistakes).toBe(50);
    expect(mistakes[0]?.message.length).toBeLessThan(200);
  });

  it('is there, and stays the same while it is read', async () => {
    await expect(checkFile(join(folder, 'nowhere.csv'), PICTURES)).rejects.toThrow('There is no such file.');
    await expect(checkFile(folder, PICTURES)).rejects.toThrow('There is no such file.');
    const file = await check(`${HEADER}\nada,,0,0,0\n`);
    await expect(usersOf({ ...file, changedAt: file.changedAt - 1 })).rejects.toThrow('was changed while');
  });

  it('of any text is read or refused, and never fails otherwise', async () => {
    const value = fc.constantFrom('ada', '"', ',', '\n', '\r\n', '0', 'cus_1', '\u0000', 'é', ' ', '""', '1');
    const text = fc.array(value, { maxLength: 40 }).map((parts) => `${HEADER}\n${parts.join('')}`);
    await fc.assert(
      fc.asyncProperty(text, async (contents) => {
        const file = await check(contents);
        if (file.mistakes.length === 0) {
          const users = await usersOf(file);
          expect(users).toHaveLength(file.users);
          expect(new Set(users.map(({ userId }) => userId)).size).toBe(users.length);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('of a hundred thousand users takes little memory', async () => {
    const path = join(folder, 'large.csv');
    const lines = Array.from(
      { length: 100_000 },
      (_, index) => `user-${String(index)},cus_${String(index)},0,0,0`,
    );
    writeFileSync(path, [HEADER, ...lines, 'user-7,,0,0,0'].join('\n'));
    const { users, mistakes } = await checkFile(path, PICTURES);
    expect(users).toBe(100_001);
    expect(mistakes).toMatchObject([{ line: 100_002, message: '"user-7" stands on line 9 too.' }]);
  });
});

describe('what was added twice', () => {
  it('is found, and little else', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 }), { maxLength: 3_000 }), (values) => {
        const finder = new DuplicateFinder();
        values.forEach((value) => {
          finder.add(value);
        });
        const twice = new Set(values.filter((value, index) => values.indexOf(value) !== index));
        const suspects = finder.suspects();
        expect(suspects.size).toBe(Math.min(twice.size, 100));
        if (twice.size <= 100) {
          expect(new Set(values.filter((value) => suspects.has(value)))).toEqual(twice);
        }
      }),
      { numRuns: 50 },
    );
  });
});

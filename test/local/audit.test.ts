import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { eraseUser } from '../support/as-deployed.ts';
import { active, at } from '../support/accounts.ts';
import { type Command, runCommand } from '../support/command.ts';
import { LOCAL_AWS, plentyOfTime, useTable } from '../support/table.ts';
import { givenPlan, givenSubscriberWithLetter, request, scheduleMail, someUser } from '../support/users.ts';

const table = useTable();
const NOW = '2026-03-10';
const PRO = active({ plan: 'pro', anchor: '2026-03-01' });
const ACCOUNTS = 60;

function audit(...args: string[]): Command['ended'] {
  return runCommand('audit', args).ended;
}

function auditTable(): Command['ended'] {
  return audit('--dynamodb', table.endpoint(), '--table', table.store().table);
}

/** Sets an attribute of an account to another value, behind everybody's back. */
async function tamper(userId: string, name: string, value: number | string): Promise<void> {
  await table.store().client.send(
    new UpdateItemCommand({
      TableName: table.store().table,
      Key: { pk: { S: `USER#${userId}` }, sk: { S: 'ACCOUNT' } },
      UpdateExpression: 'SET #name = :value',
      ExpressionAttributeNames: { '#name': name },
      ExpressionAttributeValues: {
        ':value': typeof value === 'number' ? { N: String(value) } : { S: value },
      },
    }),
  );
}

// Subscribers, of whom one has sent a mail and one has been erased after sending one.
beforeAll(async () => {
  const store = table.store();
  await Promise.all(Array.from({ length: ACCOUNTS - 2 }, () => givenPlan(store, someUser(), PRO, NOW)));
  for (const isErased of [false, true]) {
    const { userId, letterId } = await givenSubscriberWithLetter(store, PRO, NOW);
    await scheduleMail(store, request(userId, NOW), letterId);
    if (isErased) {
      await eraseUser(store, userId, at(NOW), plentyOfTime());
    }
  }
});

describe('npm run audit', () => {
  it('G4: proves every account, those of erased users too, and shows how far it is', async () => {
    const { code, stdout, stderr } = await auditTable();
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${ACCOUNTS} ledgers hold, 0 do not; erased users: 1.\n`,
    });
    expect(stderr).toContain(`${table.store().table} at ${table.endpoint()}: counting the accounts.`);
    // The tombstone is met as well.
    expect(stderr).toContain(`${ACCOUNTS + 1} of ${ACCOUNTS + 1} accounts`);
  });

  it('G4: ends with 1, and names those whose books do not hold, and why', async () => {
    const wrong = someUser();
    const corrupt = someUser();
    for (const userId of [wrong, corrupt]) {
      await givenPlan(table.store(), userId, PRO, NOW);
    }
    await tamper(wrong, 'used', 1);
    await tamper(corrupt, 'included', 'two');
    const { code, stdout } = await auditTable();
    expect(code).toBe(1);
    expect(stdout.split('\n').sort()).toEqual(
      [
        `USER#${wrong}: available, by counters is 2 and should be 1; used is 1 and should be 0`,
        `USER#${corrupt}: The attribute included of the item USER#${corrupt} ACCOUNT is missing or wrong.`,
        `${ACCOUNTS} ledgers hold, 2 do not; erased users: 1.`,
        '',
      ].sort(),
    );
  });

  it('reaches a table in AWS with the region and the credentials of the environment', async () => {
    const { credentials, region } = LOCAL_AWS;
    const { ended } = runCommand('audit', ['--table', table.store().table], {
      AWS_ENDPOINT_URL_DYNAMODB: table.endpoint(),
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      DYNAMODB_ENDPOINT: '',
    });
    expect((await ended).stdout).toContain(`${ACCOUNTS} ledgers hold`);
  });

  it('takes the npm start that is running', async () => {
    const variables = { POSTAGE_TABLE: `postage-test-${randomUUID()}`, DYNAMODB_ENDPOINT: '' };
    const postage = runCommand('start', ['--port', '0', '--json'], variables);
    try {
      await postage.firstLine;
      const { stdout } = await runCommand('audit', [], { DYNAMODB_ENDPOINT: '' }).ended;
      expect(stdout).toMatch(/\d+ ledgers hold, /);
    } finally {
      postage.kill('SIGINT');
      await postage.ended;
    }
  });

  it('tells its options', async () => {
    const { code, stdout } = await audit('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--table TABLE');
  });

  it.each([
    ['an unknown option', ['--fix'], 2, "Unknown option '--fix'"],
    ['an address that is none', ['--dynamodb', 'here'], 1, '--dynamodb must be an address'],
    ['a DynamoDB that does not answer', ['--dynamodb', 'http://127.0.0.1:9'], 1, 'cannot be reached'],
  ])('refuses %s', async (_, args, expectedCode, message) => {
    const { code, stdout, stderr } = await audit(...args);
    expect({ code, stdout }).toEqual({ code: expectedCode, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });
});

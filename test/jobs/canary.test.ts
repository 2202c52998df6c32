import '../support/silent-functions.ts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readAccount } from '../../lambdas/commands/read-account.ts';
import { VARIABLES } from '../../lambdas/wiring/environment.ts';
import { LOCAL_AWS, plentyOfTime, useTable } from '../support/table.ts';

const table = useTable();
let handler: (event: unknown) => Promise<void>;
let statuses: Record<string, number> = {};

const api = createServer(({ url = '' }, response) => {
  response.writeHead(statuses[url] ?? 500).end();
});

beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_REGION: LOCAL_AWS.region,
    AWS_ACCESS_KEY_ID: LOCAL_AWS.credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_AWS.credentials.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: table.endpoint(),
    [VARIABLES.table]: table.store().table,
    [VARIABLES.catalogueSince]: '0',
    [VARIABLES.publicUrl]: `http://127.0.0.1:${String((api.address() as AddressInfo).port)}`,
  });
  ({ handler } = await import('../../lambdas/jobs/canary.ts'));
});

afterAll(() => {
  api.close();
});

const WELL = { '/catalogue': 200, '/account': 401 };

describe('the canary', () => {
  it('uses what everybody may use and gives it back, more often than the free plan allows', async () => {
    statuses = WELL;
    for (let minute = 0; minute < 8; minute += 1) {
      const now = `2026-03-10T09:0${String(minute)}:00Z`;
      await handler({ now });
      // Lambda may call it again.
      await handler({ now });
    }
    const { account } = await readAccount(
      table.store(),
      'postage-canary',
      Date.parse('2026-03-10T10:00Z'),
      plentyOfTime(),
    );
    expect(account.meters['letters']).toMatchObject({ used: 0 });
  });

  it.each([
    ['answers with an error', { ...WELL, '/catalogue': 503 }, 'GET /catalogue answers 503'],
    ['lets anybody in', { ...WELL, '/account': 200 }, 'GET /account answers 200 and should answer 401'],
  ])('fails when the API %s', async (_, given, message) => {
    statuses = given;
    await expect(handler({ now: '2026-03-10T11:00:00Z' })).rejects.toThrow(message);
  });
});

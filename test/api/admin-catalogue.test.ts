import { beforeAll, describe, expect, it } from '@jest/globals';
import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { recordCatalogue, recordDiff } from '../../lambdas/adapters/dynamodb/catalogue-records.ts';
import { toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import { toIso } from '../../lambdas/domain/instants.ts';
import { snapshotOf } from '../../lambdas/wiring/catalogue-snapshot.ts';
import { catalogue } from '../../examples/letters/postage.config.ts';
import { type Administrator, administratorOf } from '../support/admin.ts';
import { usePostage } from '../support/server.ts';
import { plentyOfTime } from '../support/table.ts';

const postage = usePostage();
let admin: Administrator;

beforeAll(async () => {
  admin = await administratorOf(postage());
});

describe('the catalogue in force', () => {
  it('is the one that was recorded last, with the figures of the last comparison', async () => {
    const { store, clock } = postage();
    const now = clock.now();
    const { hash: fingerprint } = snapshotOf(catalogue);
    const shown = await admin.get('/catalogue');
    expect(shown).toEqual({ since: expect.any(String), version: 1, fingerprint, catalogue, lastDiff: null });

    const found = { accounts: 5, gaining: 3, losing: 1 };
    await recordDiff(store, { at: now, ...found }, plentyOfTime());
    const next = { ...catalogue, graceDays: 14 };
    const since = await recordCatalogue(store, snapshotOf(next), now, plentyOfTime());
    expect(await admin.get('/catalogue')).toEqual({
      since: toIso(since),
      version: 2,
      fingerprint: snapshotOf(next).hash,
      catalogue: next,
      lastDiff: { at: toIso(now), ...found },
    });
  });

  it('is the one that is deployed where none was recorded', async () => {
    const { client, table } = postage().store;
    for (const sk of ['00000001', '00000002']) {
      const Key = toWire({ pk: 'CATALOGUE#DEPLOYED', sk });
      await client.send(new DeleteItemCommand({ TableName: table, Key }));
    }
    const none = { since: null, version: null, fingerprint: null };
    expect(await admin.get('/catalogue')).toMatchObject({ ...none, catalogue });
  });
});

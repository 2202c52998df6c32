import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { catalogue } from '../../examples/letters/postage.config.ts';
import {
  lastDiff,
  recordCatalogue,
  recordDiff,
  recordedCatalogue,
} from '../../lambdas/adapters/dynamodb/catalogue-records.ts';
import { CorruptItemError, toWire } from '../../lambdas/adapters/dynamodb/items.ts';
import type { Table } from '../../lambdas/adapters/dynamodb/store.ts';
import type { CatalogueFile } from '../../lambdas/domain/catalogue.ts';
import type { Instant } from '../../lambdas/domain/instants.ts';
import { snapshotOf } from '../../lambdas/wiring/catalogue-snapshot.ts';
import { createTable } from '../../local/create-table.ts';
import { at } from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';

const MONDAY = at('2026-11-30');
const TUESDAY = at('2026-12-01');
const OTHER: CatalogueFile = { ...catalogue, graceDays: 14 };

const suite = useTable();
let table: Table;

beforeEach(async () => {
  table = { client: suite.store().client, table: `postage-test-${randomUUID()}` };
  await createTable(table.client, table.table);
});

function record(file: CatalogueFile, now: Instant): Promise<Instant> {
  return recordCatalogue(table, snapshotOf(file), now, plentyOfTime());
}

describe('G14: a catalogue holds', () => {
  it('from its first deployment, whatever is deployed again', async () => {
    expect(await record(catalogue, MONDAY)).toBe(MONDAY);
    expect(await record(catalogue, TUESDAY)).toBe(MONDAY);
  });

  it('from its first deployment, although its file says more of what goes without saying', async () => {
    await record(catalogue, MONDAY);
    const letters = { ...catalogue.meters.letters, credits: undefined };
    expect(
      await record({ ...catalogue, levels: {}, meters: { ...catalogue.meters, letters } }, TUESDAY),
    ).toBe(MONDAY);
  });

  it('from the instant at which it comes back, after another', async () => {
    await record(catalogue, MONDAY);
    await record(OTHER, MONDAY + 1);
    expect(await record(catalogue, TUESDAY)).toBe(TUESDAY);
  });

  it('from later than the one before, whatever the clock says', async () => {
    await record(catalogue, TUESDAY);
    expect(await record(OTHER, MONDAY)).toBe(TUESDAY + 1);
  });

  it('from one instant, however many record it at once', async () => {
    await record(OTHER, MONDAY);
    const instants = await Promise.all(
      Array.from({ length: 10 }, (_, index) => record(catalogue, TUESDAY + index)),
    );
    expect(new Set(instants).size).toBe(1);
  });

  it('after the other, where two are recorded at once', async () => {
    const instants = await Promise.all([record(catalogue, MONDAY), record(OTHER, MONDAY)]);
    expect(instants.toSorted()).toEqual([MONDAY, MONDAY + 1]);
  });
});

describe('the catalogue in force', () => {
  it('is none before a deployment', async () => {
    expect(await recordedCatalogue(table, plentyOfTime())).toBeNull();
  });

  it('is the one that was recorded last, with its instant', async () => {
    await record(catalogue, MONDAY);
    const first = { file: catalogue, since: MONDAY, version: 1, fingerprint: snapshotOf(catalogue).hash };
    expect(await recordedCatalogue(table, plentyOfTime())).toEqual(first);
    await record(OTHER, TUESDAY);
    const second = { file: OTHER, since: TUESDAY, version: 2, fingerprint: snapshotOf(OTHER).hash };
    expect(await recordedCatalogue(table, plentyOfTime())).toEqual(second);
  });

  it('is the last of more than ten', async () => {
    for (let graceDays = 0; graceDays <= 11; graceDays += 1) {
      await record({ ...catalogue, graceDays }, MONDAY + graceDays);
    }
    expect(await recordedCatalogue(table, plentyOfTime())).toMatchObject({ file: { graceDays: 11 } });
  });

  it('is told to be unreadable when it is', async () => {
    await record(catalogue, MONDAY);
    const item = {
      pk: 'CATALOGUE#DEPLOYED',
      sk: '00000002',
      number: 2,
      since: TUESDAY,
      file: '{}',
      hash: '',
    };
    await table.client.send(new PutItemCommand({ TableName: table.table, Item: toWire(item) }));
    await expect(recordedCatalogue(table, plentyOfTime())).rejects.toThrow(CorruptItemError);
  });
});

describe('the last comparison of catalogues', () => {
  it('is none before there is one, then the last, and no catalogue', async () => {
    expect(await lastDiff(table, plentyOfTime())).toBeNull();
    await record(catalogue, MONDAY);
    for (const at of [MONDAY, TUESDAY]) {
      const found = { at, accounts: 3, gaining: 2, losing: 1 };
      await recordDiff(table, found, plentyOfTime());
      expect(await lastDiff(table, plentyOfTime())).toEqual(found);
    }
    expect(await recordedCatalogue(table, plentyOfTime())).toMatchObject({ version: 1 });
  });
});

import { beforeAll, describe, expect, it } from '@jest/globals';
import { recordCheck } from '../../lambdas/adapters/dynamodb/check-records.ts';
import { toIso } from '../../lambdas/domain/instants.ts';
import { type Administrator, administratorOf } from '../support/admin.ts';
import { usePostage } from '../support/server.ts';
import { plentyOfTime } from '../support/table.ts';

const postage = usePostage();
let admin: Administrator;

beforeAll(async () => {
  admin = await administratorOf(postage());
});

describe('what the last check has found', () => {
  it('is nothing before the first one', async () => {
    expect(await admin.get('/checks')).toEqual({ stripe: null });
  });

  it('is shown with how to mend it, a hundred at most', async () => {
    const { store, clock } = postage();
    const at = clock.now();
    const differences = Array.from({ length: 101 }, (_, index) => ({
      says: `The price price_${String(index)} is archived.`,
      mend: 'npm run stripe -- setup: It activates it.',
    }));
    await recordCheck(store, { at, differences }, plentyOfTime());
    expect(await admin.get('/checks')).toEqual({
      stripe: { at: toIso(at), differences: differences.slice(0, 100) },
    });
    await recordCheck(store, { at: at + 1, differences: [] }, plentyOfTime());
    expect(await admin.get('/checks')).toEqual({ stripe: { at: toIso(at + 1), differences: [] } });
  });
});

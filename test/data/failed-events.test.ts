import { describe, expect, it } from '@jest/globals';
import {
  forgetFailedEvent,
  keepFailedEvent,
  type KeptEvent,
  readFailedEvent,
} from '../../lambdas/adapters/dynamodb/failed-events.ts';
import { at } from '../support/accounts.ts';
import { plentyOfTime, useTable } from '../support/table.ts';

const table = useTable();
const EVENT: KeptEvent = {
  id: 'evt_1',
  type: 'invoice.paid',
  reason: 'tries_used_up',
  failedAt: at('2026-02-10'),
  body: '{}',
};

describe('an event that has been sent again', () => {
  it('G12: stays if it has failed again meanwhile, and is forgotten otherwise', async () => {
    const store = table.store();
    await keepFailedEvent(store, EVENT, plentyOfTime());
    const again = { ...EVENT, failedAt: EVENT.failedAt + 1 };
    await keepFailedEvent(store, again, plentyOfTime());
    await forgetFailedEvent(store, EVENT, plentyOfTime());
    expect(await readFailedEvent(store, EVENT.id, plentyOfTime())).toEqual(again);
    await forgetFailedEvent(store, again, plentyOfTime());
    expect(await readFailedEvent(store, EVENT.id, plentyOfTime())).toBeNull();
    // Another administrator has sent it again as well.
    await forgetFailedEvent(store, again, plentyOfTime());
  });
});

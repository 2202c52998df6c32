import { consumptionItem, parseConsumption } from '../adapters/dynamodb/consumption-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { PLANS } from '../domain/plans.ts';
import { type Consumption, type Use } from '../domain/usage.ts';
import { type CommandContext } from './command-context.ts';
import { decidingWrite, type WriteOutcome } from './deciding-write.ts';

/** Counts what an app that keeps its letters elsewhere has done for a user: all of it or nothing. @throws BusyError */
export async function trackConsumption(
  store: Store,
  context: CommandContext,
  use: Use,
): Promise<WriteOutcome<Consumption>> {
  const { userId, id, fingerprint } = context;
  const consumption = { id, consumed: use };
  return decidingWrite(store, {
    ...context,
    use,
    plans: PLANS,
    source: `usage:${id}`,
    alongside: [],
    payAsYouGo: null,
    record: (createdAt) => ({
      item: consumptionItem(userId, consumption, createdAt, fingerprint),
      others: [],
      kept: consumption,
    }),
    parse: parseConsumption,
  });
}

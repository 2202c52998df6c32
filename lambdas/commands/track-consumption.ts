import { consumptionItem, parseConsumption } from '../adapters/dynamodb/consumption-item.ts';
import { type Store } from '../adapters/dynamodb/store.ts';
import { type Consumption, levelsIn, type Use } from '../domain/usage.ts';
import { type CommandContext } from './command-context.ts';
import { decidingWrite, type WriteOutcome } from './deciding-write.ts';

/** Counts what the owner's backend reports for a user: all of it or nothing. @throws BusyError */
export async function trackConsumption(
  store: Store,
  context: CommandContext,
  use: Use,
): Promise<WriteOutcome<Consumption>> {
  const { userId, id, fingerprint } = context;
  return decidingWrite(store, {
    ...context,
    use,
    source: `usage:${id}`,
    alongside: [],
    payAsYouGo: null,
    record: (createdAt, { credits }) => {
      const levels = levelsIn(use, store.catalogue);
      const consumption = { id, consumed: use.consume, released: use.release, credits, levels };
      const item = consumptionItem(userId, consumption, createdAt, fingerprint);
      return { item, others: [], kept: consumption };
    },
    parse: parseConsumption,
  });
}

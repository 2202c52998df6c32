import { type Deadline } from '../../domain/deadline.ts';
import { type Instant } from '../../domain/instants.ts';
import { queryDue } from './due-index.ts';
import { ItemReader, keyOf, type WireItem } from './items.ts';
import { dueShard } from './keys.ts';
import { type Store } from './store.ts';
import { TABLE_SCHEMA } from './table-schema.ts';

interface DueKey {
  key: WireItem;
  /** Unique in the table. */
  name: string;
  dueAt: Instant;
}

/** What has been read of one shard and not been taken yet, and where its next page begins; null after the last one. */
interface Shard {
  partition: string;
  found: DueKey[];
  next: WireItem | null | 'first page';
}

/** Keys per request to a shard. */
const PAGE_SIZE = 200;

/**
 * What is due in some shards of the index, the longest overdue first: a run that ends early leaves what can wait longest.
 * It costs a request per shard and one per page of what is due, however much more is scheduled.
 */
export class DueQueue {
  readonly #store: Store;
  readonly #now: Instant;
  readonly #shards: readonly Shard[];
  /** A key that moves in the index while it is read may be found twice. */
  readonly #taken = new Set<string>();

  constructor(store: Store, shards: readonly number[], now: Instant) {
    this.#store = store;
    this.#now = now;
    this.#shards = shards.map((shard) => ({ partition: dueShard(shard), found: [], next: 'first page' }));
  }

  /** The next keys in the order of lateness; none when nothing is due any more. @throws BusyError */
  async take(limit: number, deadline: Deadline): Promise<WireItem[]> {
    const taken: WireItem[] = [];
    while (taken.length < limit) {
      await this.#fill(deadline);
      const latest = this.#shardWithTheLatest();
      const due = latest?.found.shift();
      if (due === undefined) {
        break;
      }
      if (!this.#taken.has(due.name)) {
        this.#taken.add(due.name);
        taken.push(due.key);
      }
    }
    return taken;
  }

  /** What stands first in a shard is only known once a page of it has been read. */
  async #fill(deadline: Deadline): Promise<void> {
    const empty = this.#shards.filter(({ found, next }) => found.length === 0 && next !== null);
    await Promise.all(empty.map((shard) => this.#read(shard, deadline)));
  }

  async #read(shard: Shard, deadline: Deadline): Promise<void> {
    const { items, next } = await queryDue(
      this.#store,
      {
        partition: shard.partition,
        now: this.#now,
        after: shard.next === 'first page' ? null : shard.next,
        limit: PAGE_SIZE,
      },
      deadline,
    );
    shard.found.push(...items.map(toDueKey));
    shard.next = next;
  }

  #shardWithTheLatest(): Shard | undefined {
    const dueAtOf = ({ found }: Shard): Instant => found[0]?.dueAt ?? Infinity;
    return this.#shards.reduce((latest, shard) => (dueAtOf(shard) < dueAtOf(latest) ? shard : latest));
  }
}

function toDueKey(item: WireItem): DueKey {
  const reader = ItemReader.fromWire(item);
  return {
    key: keyOf(item),
    name: `${reader.string('pk')} ${reader.string('sk')}`,
    dueAt: reader.integer(TABLE_SCHEMA.dueIndex.sortKey),
  };
}

import { type Deadline } from '../../domain/deadline.ts';
import { sortKeyOf, toWire, type WireItem } from './items.ts';
import { auditKey } from './keys.ts';
import { type Page, type PageRequest } from './lists.ts';
import { queryPartition } from './partitions.ts';
import { type Store } from './store.ts';
import { AUDIT_SHARDS } from './table-schema.ts';

export interface AuditDayRequest extends PageRequest {
  day: string;
  /** Passes over records of any other type. */
  type?: string | undefined;
  /** A page ends after reading so many records, however few of them are of the type. */
  mostRead: number;
}

/** One of the partitions of a day. */
interface Shard {
  pk: string;
  /** Its records down to this sort key have been read. */
  readTo: string;
  isAtEnd: boolean;
}

/** A record that has been read and not been shown yet. */
interface Read {
  shard: Shard;
  sk: string;
  item: WireItem;
}

/** Sort keys begin with an instant, so this one comes after all of them. */
const END_OF_DAY = '~';

/**
 * A page of the records of a day, newest first, merged from the shards in which they lie. Each begins its sort key with
 * its instant, so a position means the same in all shards.
 *
 * Nothing is shown that an unread record could come before. A shard that has nothing left to show is read on:
 *
 *     shard 0:  12:04  12:01 | 11:57         read down to 12:01
 *     shard 1:  12:03  11:58 | 11:50         read down to 11:58
 *                                            shown: 12:04, 12:03, 12:01; then shard 0 is read on
 *
 * So a page reads what it shows and a few records of each shard.
 *
 * @throws BusyError
 */
export async function listAuditDay(
  store: Store,
  { day, type, limit, after, mostRead }: AuditDayRequest,
  deadline: Deadline,
): Promise<Page<WireItem>> {
  let open = Array.from({ length: AUDIT_SHARDS }, (_, shard): Shard => ({
    pk: auditKey(day, shard),
    readTo: after ?? END_OF_DAY,
    isAtEnd: false,
  }));
  const atOnce = Math.ceil((type === undefined ? limit : mostRead) / AUDIT_SHARDS);
  const shown: Read[] = [];
  let unshown: Read[] = [];
  for (let read = 0; ;) {
    const bound =
      open
        .map(({ readTo }) => readTo)
        .toSorted()
        .at(-1) ?? '';
    const isNext = ({ sk }: Read): boolean => sk >= bound;
    shown.push(...unshown.filter(isNext).sort((one, other) => (one.sk < other.sk ? 1 : -1)));
    unshown = unshown.filter((each) => !isNext(each));
    if (shown.length > limit || open.length === 0) {
      return pageOf(shown, limit);
    }
    if (read >= mostRead) {
      return { items: shown.map(({ item }) => item), next: bound };
    }
    const waiting = new Set(unshown.map(({ shard }) => shard));
    const due = open.filter((shard) => !waiting.has(shard));
    const portions = await Promise.all(
      due.map((shard) => readOn(store, shard, { type, limit: atOnce }, deadline)),
    );
    unshown.push(...portions.flat());
    read += due.length * atOnce;
    open = open.filter(({ isAtEnd }) => !isAtEnd);
  }
}

function pageOf(shown: readonly Read[], limit: number): Page<WireItem> {
  const next = shown.length > limit ? shown[limit - 1]?.sk : undefined;
  return { items: shown.slice(0, limit).map(({ item }) => item), next: next ?? null };
}

async function readOn(
  store: Store,
  shard: Shard,
  { type, limit }: { type: string | undefined; limit: number },
  deadline: Deadline,
): Promise<Read[]> {
  const { pk, readTo } = shard;
  const after = readTo === END_OF_DAY ? null : toWire({ pk, sk: readTo });
  const { items, next } = await queryPartition(store, pk, { type, after, limit, isReversed: true }, deadline);
  shard.isAtEnd = next === null;
  shard.readTo = next === null ? '' : sortKeyOf(next);
  return items.map((item) => ({ shard, sk: sortKeyOf(item), item }));
}

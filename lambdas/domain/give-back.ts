import { type Account, dayOf } from './account.ts';
import { type Catalogue } from './catalogue.ts';
import { type RecordedConsumption } from './changes.ts';
import { type Instant, utcDay } from './instants.ts';
import { type ReturnChange, returnToAccount, type StoredPeriod } from './returns.ts';
import { type LimitedCount } from './terms.ts';

export type GiveBackDecision =
  | ({ outcome: 'given_back' } & ReturnChange)
  /** It released something. */
  | { outcome: 'refused'; reason: 'released' }
  /** Less is held of a level than it consumed. */
  | { outcome: 'refused'; reason: 'not_held'; level: string; held: number };

/**
 * Gives a consumption back, since the work behind it has failed: what its meters counted, while its period is open; a count
 * of the day on that day only; its credits in any case, as many as it cost; and its levels, if as many are held.
 * The caller has seen that it was not given back before.
 *
 * @param stored the stored period that holds the consumption; null when there is none
 */
export function giveBack(
  account: Account,
  { id, consumed, released, credits: count, levels: leveled, createdAt: spentAt }: RecordedConsumption,
  stored: StoredPeriod | null,
  now: Instant,
  catalogue: Catalogue,
): GiveBackDecision {
  if (Object.keys(released).length > 0) {
    return { outcome: 'refused', reason: 'released' };
  }
  const returned = { count, spentAt, because: 'failed', source: `usage:${id}` } as const;
  const change = returnToAccount(account, returned, stored, now, catalogue);
  const { meters, levels, usesByDay, periodStart } = change.account;
  // An id may have become a level, or a meter, since: what was counted as the one is not given back as the other.
  const ofLevels = Object.fromEntries(Object.entries(consumed).filter(([each]) => leveled.includes(each)));
  const ofMeters = Object.fromEntries(Object.entries(consumed).filter(([each]) => !leveled.includes(each)));
  for (const [level, taken] of Object.entries(ofLevels)) {
    const held = levels[level]?.used ?? 0;
    if (held < taken) {
      return { outcome: 'refused', reason: 'not_held', level, held };
    }
  }
  const isSameDay = utcDay(spentAt) === utcDay(now);
  return {
    outcome: 'given_back',
    ...change,
    account: {
      ...change.account,
      meters: spentAt >= periodStart ? less(meters, ofMeters) : meters,
      levels: less(levels, ofLevels),
      usesByDay: isSameDay ? lessOfDay(usesByDay, ofMeters, now) : usesByDay,
    },
  };
}

/** Lowers counts, and none of them below nothing: a smaller one may have come with another period. */
function less<Count extends LimitedCount>(
  counts: Readonly<Record<string, Count>>,
  taken: RecordedConsumption['consumed'],
): Record<string, Count> {
  const lowered = Object.entries(counts).map(([id, count]): [string, Count] => [
    id,
    { ...count, used: Math.max(0, count.used - (taken[id] ?? 0)) },
  ]);
  return Object.fromEntries(lowered);
}

function lessOfDay(
  usesByDay: Account['usesByDay'],
  taken: RecordedConsumption['consumed'],
  now: Instant,
): Account['usesByDay'] {
  const days = new Map(Object.entries(taken).map(([id, count]) => [dayOf(id, now), count]));
  const lowered = Object.entries(usesByDay).map(([day, count]): [string, number] => [
    day,
    Math.max(0, count - (days.get(day) ?? 0)),
  ]);
  return Object.fromEntries(lowered);
}

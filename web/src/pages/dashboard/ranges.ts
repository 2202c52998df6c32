/** Ranges of UTC days, both ends included. */
export interface Range {
  start: string;
  end: string;
}

const DAY_MS = 86_400_000;
const MOST_PARTS = 12;

export function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

function instantOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function daysIn({ start, end }: Range): number {
  return Math.round((instantOf(end) - instantOf(start)) / DAY_MS) + 1;
}

export function lastDays(now: number, days: number): Range {
  return { start: dayOf(now - (days - 1) * DAY_MS), end: dayOf(now) };
}

/** As many days, just before. */
export function rangeBefore(range: Range): Range {
  const start = instantOf(range.start);
  return { start: dayOf(start - daysIn(range) * DAY_MS), end: dayOf(start - DAY_MS) };
}

/** At most twelve parts of the same length, but for the first, which may be shorter. */
export function partsOf(range: Range): Range[] {
  const days = daysIn(range);
  if (!(days > 0)) {
    return [];
  }
  const length = Math.ceil(days / Math.min(days, MOST_PARTS));
  const parts: Range[] = [];
  for (let last = instantOf(range.end); last >= instantOf(range.start); last -= length * DAY_MS) {
    const first = Math.max(last - (length - 1) * DAY_MS, instantOf(range.start));
    parts.unshift({ start: dayOf(first), end: dayOf(last) });
  }
  return parts;
}

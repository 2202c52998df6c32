/** Ranges of UTC days, both ends included. */
export interface Range {
  start: string;
  end: string;
}

const DAY_MS = 86_400_000;
const MOST_PARTS = 12;
/** While a year is typed, it is one of the first centuries. */
const EARLIEST = '2000-01-01';

export function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}

function instantOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function isDay(text: string): boolean {
  const instant = instantOf(text);
  return !Number.isNaN(instant) && dayOf(instant) === text;
}

/** Whether it is a range of days up to today. What stands in an address may be anything. */
export function isRange({ start, end }: Range, today: string): boolean {
  return isDay(start) && isDay(end) && EARLIEST <= start && start <= end && end <= today;
}

/** Whether it is a month that has begun. */
export function isMonth(text: string, today: string): boolean {
  const first = `${text}-01`;
  return isRange({ start: first, end: first }, today);
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

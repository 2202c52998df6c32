/** Promises at a wall-clock time: what a clock on the wall of a zone shows, whatever its offset will be by then. */
import { DAY_MS, type Instant } from './instants.ts';

export interface WallTime {
  /** `2031-03-30T02:30:00` */
  local: string;
  /** By its name in the IANA time zone database, `Europe/Berlin`. */
  zone: string;
}

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/;

/** Whether a text is a time on a real calendar day. */
export function isLocalTime(local: string): boolean {
  const wall = LOCAL.test(local) ? Date.parse(`${local}Z`) : Number.NaN;
  return !Number.isNaN(wall) && new Date(wall).toISOString().startsWith(local);
}

/** Whether the runtime knows the zone. An offset such as `+01:00` is none: it has no rules. */
export function isZone(zone: string): boolean {
  try {
    clockOf(zone);
    return /^[A-Za-z]/.test(zone);
  } catch {
    return false;
  }
}

/**
 * The instant of a wall-clock time by the rules that this runtime knows. Of a time that the clock shows twice, the earlier
 * one; for a time that it skips, the first instant after the gap.
 *
 * @throws RangeError for an unknown zone
 */
export function instantOf({ local, zone }: WallTime): Instant {
  const wall = Date.parse(`${local}Z`);
  const clock = clockOf(zone);
  // No zone is further than 14 hours from UTC, so a change that matters lies between these two.
  const [before, after] = [offsetAt(clock, wall - DAY_MS), offsetAt(clock, wall + DAY_MS)];
  const shown = [wall - before, wall - after].filter((at) => at + offsetAt(clock, at) === wall);
  return shown.length > 0 ? Math.min(...shown) : endOfGap(clock, wall - after, wall - before, before);
}

/** The first instant at which the offset is no longer that of before; it lies in (from, to]. */
function endOfGap(clock: Intl.DateTimeFormat, from: Instant, to: Instant, before: number): Instant {
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(clock, middle) === before) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return high;
}

/** Making one takes as long as a hundred questions to it. */
const CLOCKS = new Map<string, Intl.DateTimeFormat>();

function clockOf(zone: string): Intl.DateTimeFormat {
  const known = CLOCKS.get(zone);
  if (known !== undefined) {
    return known;
  }
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  CLOCKS.set(zone, clock);
  return clock;
}

/** How far the clock is ahead of UTC, in milliseconds. */
function offsetAt(clock: Intl.DateTimeFormat, at: Instant): number {
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return shown - Math.floor(at / 1_000) * 1_000;
}

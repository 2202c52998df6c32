/** Milliseconds since 1970-01-01T00:00:00.000Z. The domain knows no other form of time and never reads a clock. */
export type Instant = number;

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** ISO 8601 in UTC with milliseconds, the only form in which an instant leaves Postage. */
export function toIso(instant: Instant): string {
  return new Date(instant).toISOString();
}

/** The UTC day of an instant, `2026-11-24`. */
export function utcDay(instant: Instant): string {
  return toIso(instant).slice(0, 10);
}

export const MINUTE_MS = 60_000;

/** The first instant of the minute after this one. */
export function nextMinute(instant: Instant): Instant {
  return Math.floor(instant / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
}

/** The first instant of the UTC day after this one: when a daily limit works again. */
export function nextUtcDay(instant: Instant): Instant {
  return Math.floor(instant / DAY_MS) * DAY_MS + DAY_MS;
}

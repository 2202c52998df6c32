import { DAY_MS, type Instant } from './instants.ts';

/**
 * The anchor of everybody without a subscription. Its series of month starts is the UTC calendar month, so that
 * free and paid periods share one arithmetic.
 */
export const CALENDAR_ANCHOR: Instant = 0;

/**
 * The `index`-th boundary of an anchor's series, before the anchor when negative (G6).
 *
 * Counted from the anchor and not from the boundary before it: 31 January, 28 February, 31 March. A month without
 * the anchor's day has its boundary on its last day, at the anchor's time of day in UTC. This is Stripe's rule for
 * `billing_cycle_anchor` too.
 */
export function boundary(anchor: Instant, index: number): Instant {
  const date = new Date(anchor);
  const timeOfDay = anchor - Math.floor(anchor / DAY_MS) * DAY_MS;
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + index + 1, 0));
  const day = Math.min(date.getUTCDate(), lastDay.getUTCDate());
  return Date.UTC(lastDay.getUTCFullYear(), lastDay.getUTCMonth(), day) + timeOfDay;
}

/** The index of the last boundary at or before an instant. */
function indexAt(anchor: Instant, instant: Instant): number {
  const from = new Date(anchor);
  const to = new Date(instant);
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth();
  // Each calendar month holds exactly one boundary, so it is this month's or the one before.
  return boundary(anchor, months) <= instant ? months : months - 1;
}

/** The last boundary at or before an instant: the start of the period that holds it. */
export function boundaryAtOrBefore(anchor: Instant, instant: Instant): Instant {
  return boundary(anchor, indexAt(anchor, instant));
}

/** The first boundary after an instant: the end of the period that holds it. */
export function boundaryAfter(anchor: Instant, instant: Instant): Instant {
  return boundary(anchor, indexAt(anchor, instant) + 1);
}

export function isBoundary(anchor: Instant, instant: Instant): boolean {
  return boundaryAtOrBefore(anchor, instant) === instant;
}

/** The first start of a year after an instant: a yearly subscription is paid for up to there. */
export function yearAfter(anchor: Instant, instant: Instant): Instant {
  const years = Math.floor(indexAt(anchor, instant) / 12);
  return boundary(anchor, (years + 1) * 12);
}

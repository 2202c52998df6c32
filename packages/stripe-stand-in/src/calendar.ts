/** Seconds since 1970, as everywhere in Stripe's API. */
export type Seconds = number;

export const HOUR: Seconds = 3_600;
export const DAY: Seconds = 24 * HOUR;

export interface Cadence {
  interval: string;
  interval_count: number;
}

// Source: https://docs.stripe.com/billing/subscriptions/billing-cycle
/** The `index`-th start of a billing period, counted from the anchor: 31 January, 28 February, 31 March. */
function periodStart(anchor: Seconds, { interval, interval_count: every }: Cadence, index: number): Seconds {
  const steps = index * every;
  switch (interval) {
    case 'day':
      return anchor + steps * DAY;
    case 'week':
      return anchor + steps * 7 * DAY;
    case 'year':
      return addMonths(anchor, steps * 12);
    default:
      return addMonths(anchor, steps);
  }
}

/** The same day of a later month, or its last day when it is shorter. */
function addMonths(anchor: Seconds, months: number): Seconds {
  const date = new Date(anchor * 1_000);
  const day = date.getUTCDate();
  date.setUTCDate(1);
  date.setUTCMonth(date.getUTCMonth() + months);
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate();
  date.setUTCDate(Math.min(day, daysInMonth));
  return date.getTime() / 1_000;
}

/** The first period start of the anchor's series after an instant; an anchor in the future is one. */
export function periodEndAfter(anchor: Seconds, cadence: Cadence, instant: Seconds): Seconds {
  const longest = { day: DAY, week: 7 * DAY, month: 31 * DAY, year: 366 * DAY }[cadence.interval] ?? DAY;
  let index = Math.max(0, Math.floor((instant - anchor) / (longest * cadence.interval_count)));
  while (periodStart(anchor, cadence, index) <= instant) {
    index += 1;
  }
  return periodStart(anchor, cadence, index);
}

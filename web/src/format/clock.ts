/** What clocks show. The API alone decides when a wall-clock time is; here its reader learns of odd ones beforehand. */

const QUARTER_MS = 900_000;
/** No zone is further from UTC. */
const MOST_QUARTERS = 14 * 4;

/**
 * The instants at which the clocks of a zone show a local time, in milliseconds: one on most days, none when clocks skip
 * it, two when they go back over it.
 *
 * @param local `2031-03-30T02:30`
 */
export function shownAt(local: string, timeZone: string): number[] {
  const wall = Date.parse(`${local}Z`);
  if (Number.isNaN(wall)) {
    return [];
  }
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const text = local.replace('T', ' ');
  const steps = Array.from({ length: 2 * MOST_QUARTERS + 1 }, (_, step) => step - MOST_QUARTERS);
  return steps.map((step) => wall + step * QUARTER_MS).filter((at) => clock.format(at) === text);
}

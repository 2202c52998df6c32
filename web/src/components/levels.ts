/** How near a limit is. */
export type Level = 'fine' | 'near' | 'full';

const NEAR = 0.8;

/** Of nothing there is nothing to approach: a limit of 0 is reached with the first use only. */
export function levelOf(used: number, limit: number): Level {
  if (limit === 0) {
    return used > 0 ? 'full' : 'fine';
  }
  return used >= limit ? 'full' : used >= limit * NEAR ? 'near' : 'fine';
}

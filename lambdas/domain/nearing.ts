/** Who is near a limit, as the stream notes it: a hint at accounts worth looking at, which decide when they are listed. */
import { type Account, type AccountState } from './account.ts';
import { percentOf } from './account-view.ts';
import { type Change } from './changes.ts';
import { THRESHOLD_PERCENTS } from './events.ts';
import { type Instant } from './instants.ts';
import { type LimitedUse, limitedUses } from './limited-meters.ts';

/** A limit of a user's, and how much of it is used. */
export interface NearLimit {
  of: string;
  used: number;
  limit: number;
  percent: number;
}

/** The limits of an account of which at least a share is used, the nearest first. */
export function limitsNear(account: Account, share: number): NearLimit[] {
  return limitedUses(account)
    .filter((use) => isNear(use, share))
    .map(({ of, used, limit }) => ({ of, used, limit, percent: percentOf(used, limit) }))
    .sort((one, other) => other.used / other.limit - one.used / one.limit);
}

/** Nobody can use anything of a limit of zero, so nobody comes near it. */
function isNear({ used, limit }: LimitedUse, share: number): boolean {
  return limit > 0 && used >= limit * share;
}

/** The first of the thresholds, in percent. Nobody is noted before it. */
export const [FIRST_NOTED_PERCENT] = THRESHOLD_PERCENTS;

export type NotedPercent = (typeof THRESHOLD_PERCENTS)[number];

/** A user is noted once, by the highest threshold that they have reached. */
export interface NearingNote {
  percent: NotedPercent;
  /** When the note is of no use any more; null: a level is near its limit, and no period resets that. */
  until: Instant | null;
}

/** Null: the user is near no limit any more. */
export interface NearingStep {
  note: NearingNote | null;
  version: number;
}

/** What to note of a change of an account; null: nothing new. What a period's end has mended goes by itself. */
export function nearingStep({ before, after }: Change<'account'>): NearingStep | null {
  if (after === null) {
    return null;
  }
  const noted = before === null ? null : noteOf(before);
  const note = noteOf(after);
  if (note?.percent === noted?.percent && note?.until === noted?.until) {
    return null;
  }
  const isOver = note === null && after.kind === 'account' && (noted?.until ?? Infinity) <= after.periodStart;
  return isOver ? null : { note, version: after.version };
}

function noteOf(account: AccountState): NearingNote | null {
  if (account.kind === 'erased') {
    return null;
  }
  const uses = limitedUses(account);
  const percent = THRESHOLD_PERCENTS.findLast((each) => uses.some((use) => isNear(use, each / 100)));
  if (percent === undefined) {
    return null;
  }
  const isHeld = uses.some((use) => use.kind === 'levels' && isNear(use, FIRST_NOTED_PERCENT / 100));
  return { percent, until: isHeld ? null : account.periodEnd };
}

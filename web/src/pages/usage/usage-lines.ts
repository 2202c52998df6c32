/** What is said of a meter or level: every case by its own words, so that no limit is mistaken for another. */
import type { Schemas } from '../../api/schemas.ts';
import { type Level, levelOf } from '../../components/levels.ts';
import type { Format, Title } from '../../format/format.ts';
import { texts } from '../../texts/texts.ts';

type Limit = Schemas['Limit'];

export type UsageLine =
  | { kind: 'not in plan' }
  | { kind: 'unlimited'; says: string }
  | { kind: 'limited'; says: string; left: string; used: number; limit: number; level: Level };

interface Counted {
  used: number;
  limit: Limit | null;
  left: Limit;
}

interface Wording {
  of: (used: string, limit: string, many: string) => string;
  over: (used: string, many: string, limit: string) => string;
  unlimited: (used: string, many: string) => string;
}

const USED: Wording = { of: texts.usage.used, over: texts.usage.over, unlimited: texts.usage.unlimited };
const HELD: Wording = {
  of: texts.usage.held,
  over: texts.usage.overHeld,
  unlimited: texts.usage.unlimitedHeld,
};

export function usageLine(
  { used, limit, left }: Counted,
  title: Title,
  format: Format,
  about: 'used' | 'held',
): UsageLine {
  const wording = about === 'used' ? USED : HELD;
  if (limit === null) {
    return { kind: 'not in plan' };
  }
  const usedText = format.count(used);
  if (limit === 'unlimited') {
    const word = used === 1 ? title.one : title.many;
    return { kind: 'unlimited', says: wording.unlimited(usedText, word) };
  }
  const limitText = format.count(limit);
  const says =
    used > limit
      ? wording.over(usedText, title.many, limitText)
      : wording.of(usedText, limitText, limit === 1 ? title.one : title.many);
  const rest = left === 'unlimited' ? limit : left;
  return {
    kind: 'limited',
    says,
    left: texts.usage.left(format.count(rest)),
    used,
    limit,
    level: levelOf(used, limit),
  };
}

import type { ReactNode } from 'react';
import { Link } from 'wouter';
import type { Schemas } from '../../api/schemas.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { levelOf } from '../../components/levels.ts';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

/** The one thing to know first: a failed payment, else the limit that is nearest. */
export function WorstNotice({ account }: { account: Schemas['Account'] }): ReactNode {
  const words = useWords();
  if (account.graceEndsAt !== undefined) {
    return (
      <Notice tone="bad" title={texts.plan.status.past_due}>
        <p>{texts.plan.grace(format.instant(account.graceEndsAt))}</p>
      </Notice>
    );
  }
  const nearest = nearestLimit(account);
  if (nearest === null) {
    return null;
  }
  const { id, used, limit, isLevel } = nearest;
  const isFull = levelOf(used, limit) === 'full';
  const { many } = words.titleOf(id);
  return (
    <Notice tone={isFull ? 'bad' : 'warn'} title={isFull ? texts.usage.reached : texts.usage.approaching}>
      <p>
        {(isLevel ? texts.usage.held : texts.usage.used)(format.count(used), format.count(limit), many)}.{' '}
        {isLevel
          ? texts.usage.reachedLevelHelp
          : texts.usage.reachedHelp(format.instant(account.period.endsAt))}
      </p>
      <div>
        <Link className="button button-small" href="/plans">
          {texts.usage.seePlans}
        </Link>
      </div>
    </Notice>
  );
}

interface Nearest {
  id: string;
  used: number;
  limit: number;
  /** Whether it comes back by itself, or has to be released. */
  isLevel: boolean;
}

function nearestLimit({ meters, levels }: Schemas['Account']): Nearest | null {
  const counted = [
    ...Object.entries(meters).map(([id, { used, limit }]) => ({ id, used, limit, isLevel: false })),
    ...Object.entries(levels).map(([id, { held, limit }]) => ({ id, used: held, limit, isLevel: true })),
  ];
  const limited = counted.flatMap(({ limit, ...rest }) =>
    typeof limit === 'number' && levelOf(rest.used, limit) !== 'fine' ? [{ ...rest, limit }] : [],
  );
  const share = ({ used, limit }: Nearest): number => (limit === 0 ? Infinity : used / limit);
  return limited.toSorted((one, other) => share(other) - share(one))[0] ?? null;
}

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
  const { id, used, limit } = nearest;
  const isFull = levelOf(used, limit) === 'full';
  const { many } = words.titleOf(id);
  return (
    <Notice tone={isFull ? 'bad' : 'warn'} title={isFull ? texts.usage.reached : texts.usage.approaching}>
      <p>
        {texts.usage.used(format.count(used), format.count(limit), many)}.{' '}
        {texts.usage.reachedHelp(format.instant(account.period.endsAt))}
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
}

function nearestLimit({ meters }: Schemas['Account']): Nearest | null {
  const limited = Object.entries(meters).flatMap(([id, { used, limit }]) =>
    typeof limit === 'number' && levelOf(used, limit) !== 'fine' ? [{ id, used, limit }] : [],
  );
  const share = ({ used, limit }: Nearest): number => (limit === 0 ? Infinity : used / limit);
  return limited.toSorted((one, other) => share(other) - share(one))[0] ?? null;
}

import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { type Catalogue, useCatalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { UsageBar } from '../../components/usage-bar.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { usageLine } from './usage-lines.ts';
import { UsageRow } from './usage-row.tsx';

type Account = Schemas['Account'];

/** The meters of the period, in the order of the catalogue. */
export function Meters({ account }: { account: Account }): ReactElement {
  const { data: catalogue } = useCatalogue();
  const words = useWords();
  return (
    <ul className="usage-rows">
      {inOrder(Object.entries(account.meters), catalogue?.meters).map(([id, meter]) => (
        <UsageRow
          key={id}
          name={words.titleOf(id).many}
          line={usageLine(meter, words.titleOf(id), format, 'used')}
          planWithIt={planWith(id, catalogue)}
          help={texts.usage.reachedHelp(format.instant(account.period.endsAt))}
        >
          {meter.limit !== null && meter.credits !== undefined && meter.credits > 0 && (
            <p className="soft small">{texts.usage.perUse(format.counted(meter.credits, words.credit))}</p>
          )}
          {meter.limit !== null && meter.today !== undefined && (
            <Today name={words.titleOf(id).many} today={meter.today} />
          )}
        </UsageRow>
      ))}
    </ul>
  );
}

/** What is held until it is released. */
export function Levels({ account }: { account: Account }): ReactElement {
  const { data: catalogue } = useCatalogue();
  const words = useWords();
  return (
    <ul className="usage-rows">
      {inOrder(Object.entries(account.levels), catalogue?.levels).map(([id, { held, ...limits }]) => (
        <UsageRow
          key={id}
          name={words.titleOf(id).many}
          line={usageLine({ used: held, ...limits }, words.titleOf(id), format, 'held')}
          planWithIt={planWith(id, catalogue)}
          help={texts.usage.reachedLevelHelp}
        />
      ))}
    </ul>
  );
}

interface TodayProps {
  name: string;
  today: { used: number; limit: number };
}

/** Today's share of what a day allows. */
function Today({ name, today: { used, limit } }: TodayProps): ReactElement {
  const say = used >= limit ? texts.usage.todayReached : texts.usage.today;
  const says = say(format.count(used), format.count(limit));
  return (
    <>
      <p className="soft small">{says}</p>
      <UsageBar label={texts.usage.todayOf(name)} used={used} limit={limit} says={says} />
    </>
  );
}

function inOrder<Entry extends readonly [string, unknown]>(
  entries: readonly Entry[],
  order: readonly { id: string }[] = [],
): Entry[] {
  const place = (id: string): number => {
    const index = order.findIndex((each) => each.id === id);
    return index === -1 ? order.length : index;
  };
  return entries.toSorted(([one], [other]) => place(one) - place(other));
}

function planWith(meter: string, catalogue: Catalogue | undefined): string | null {
  const plan = catalogue?.plans.find(({ limits }) => limits[meter] !== undefined && limits[meter] !== 0);
  return plan?.title ?? null;
}

import { type ReactElement, useState } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useHistory } from '../../api/reads.ts';
import { useCatalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { Choices } from '../../components/field.tsx';
import { FigureChart, type Series } from '../../components/figure-chart.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

type Period = Schemas['AccountHistory']['periods'][number];

const PERIODS = ['6', '12', '24'] as const;
const HEIGHT = 320;

/** The last periods as a chart of one meter, with a table of all beneath. */
export function History(): ReactElement {
  const [count, setCount] = useState<(typeof PERIODS)[number]>('6');
  const query = useHistory(Number(count));
  return (
    <Section
      title={texts.usage.history}
      aside={
        <Choices
          label={texts.usage.periods}
          value={count}
          onChange={setCount}
          options={PERIODS.map((each) => [each, texts.usage.periodCount(each)])}
        />
      }
    >
      <Loaded query={query} height={HEIGHT}>
        {({ periods }) =>
          periods.length === 0 ? (
            <p className="empty">{texts.usage.noHistory}</p>
          ) : (
            <PeriodChart periods={periods} />
          )
        }
      </Loaded>
    </Section>
  );
}

function PeriodChart({ periods }: { periods: readonly Period[] }): ReactElement {
  const { data: catalogue } = useCatalogue();
  const words = useWords();
  const meters = (catalogue?.meters ?? []).map(({ id }): Series<Period> => ({
    id,
    name: words.titleOf(id).many,
    valueOf: ({ used }) => used[id] ?? 0,
  }));
  const credits: Series<Period> = {
    id: 'credits',
    name: texts.usage.creditsUsed,
    valueOf: ({ creditsUsed }) => creditsUsed,
  };
  return (
    <FigureChart
      label={texts.usage.history}
      choose={texts.usage.meter}
      series={(catalogue?.credit ?? null) === null ? meters : [...meters, credits]}
      rows={periods.toReversed()}
      rowTitle={texts.usage.period}
      shortNameOf={({ startsAt }) => format.dayAndMonth(startsAt)}
      nameOf={({ startsAt, endsAt }) => format.period(startsAt, endsAt)}
    />
  );
}

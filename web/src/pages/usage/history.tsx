import { type ReactElement, useState } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useHistory } from '../../api/reads.ts';
import { useCatalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { BarChart } from '../../components/bar-chart.tsx';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Choices, Select } from '../../components/field.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

type Period = Schemas['AccountHistory']['periods'][number];

const PERIODS = ['6', '12', '24'] as const;
const HEIGHT = 320;
const CREDITS = 'credits';

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
  const meters = (catalogue?.meters ?? []).map(({ id }) => id);
  const shown = [...meters, ...((catalogue?.credit ?? null) === null ? [] : [CREDITS])];
  const [chosen, setChosen] = useState<string | null>(null);
  const meter = chosen ?? shown[0] ?? CREDITS;
  const usedOf = ({ used, creditsUsed }: Period): number =>
    meter === CREDITS ? creditsUsed : (used[meter] ?? 0);
  const columns: Column<Period>[] = [
    { title: texts.usage.period, cell: ({ startsAt, endsAt }) => format.period(startsAt, endsAt) },
    ...meters.map((id) => ({
      title: words.titleOf(id).many,
      cell: ({ used }: Period) => format.count(used[id] ?? 0),
      isNumber: true,
    })),
    {
      title: texts.usage.creditsUsed,
      cell: ({ creditsUsed }) => format.count(creditsUsed),
      isNumber: true,
    },
  ];
  return (
    <div className="chart">
      <div className="fields">
        <Select
          label={texts.usage.meter}
          value={meter}
          onChange={setChosen}
          options={shown.map((id) => [id, words.titleOf(id).many])}
        />
      </div>
      <BarChart
        label={texts.usage.chartOf(words.titleOf(meter).many)}
        points={periods
          .toReversed()
          .map((period) => ({ name: format.dayAndMonth(period.startsAt), value: usedOf(period) }))}
      />
      <details>
        <summary>{texts.usage.table}</summary>
        <DataTable
          label={texts.usage.history}
          rows={periods}
          columns={columns}
          keyOf={({ startsAt }) => startsAt}
        />
      </details>
    </div>
  );
}

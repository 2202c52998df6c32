import { type ReactElement, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useCatalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { BarChart } from '../../components/bar-chart.tsx';
import { Field, Select } from '../../components/field.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { NearingTable } from './nearing-table.tsx';
import { type Totals, useTotals, useTrend } from './owner-reads.ts';
import { lastDays, partsOf, type Range, rangeBefore } from './ranges.ts';

const { dashboard } = texts;
const HEIGHT = 120;
const CREDITS = 'credits';
const USERS = 'users';

/** Totals and trend over a range, which stands in the address. */
export function Overview(): ReactElement {
  const [today] = useState(() => lastDays(Date.now()));
  const [search, setSearch] = useSearchParams();
  const range = { start: search.get('start') ?? today.start, end: search.get('end') ?? today.end };
  const change = (changed: Partial<Range>): void => setSearch({ ...range, ...changed }, { replace: true });
  return (
    <>
      <div className="filters">
        <Field
          label={dashboard.from}
          type="date"
          value={range.start}
          max={range.end}
          onChange={(start) => change({ start })}
        />
        <Field
          label={dashboard.to}
          type="date"
          value={range.end}
          min={range.start}
          onChange={(end) => change({ end })}
        />
      </div>
      <Figures range={range} />
      <div className="columns">
        <div>
          <Trend range={range} />
        </div>
        <div>
          <Section title={dashboard.near} aside={<Link href="/dashboard/users">{dashboard.users}</Link>}>
            <NearingTable />
          </Section>
        </div>
      </div>
    </>
  );
}

function Figures({ range }: { range: Range }): ReactElement {
  const before = rangeBefore(range);
  const totals = useTotals(range);
  const earlier = useTotals(before);
  const names = useFigures();
  return (
    <Section
      title={dashboard.totals}
      aside={
        <span className="soft small">
          {dashboard.compared(`${format.calendarDay(before.start)} – ${format.calendarDay(before.end)}`)}
        </span>
      }
    >
      <Loaded query={totals} height={HEIGHT}>
        {(data) => (
          <dl className="figures">
            {names.map(({ id, name }) => (
              <div key={id} className="figure">
                <dt>{name}</dt>
                <dd>
                  <strong>{format.count(figureOf(data, id))}</strong>
                  <span className="soft small">
                    {earlier.data !== undefined && dashboard.before(format.count(figureOf(earlier.data, id)))}
                  </span>
                </dd>
              </div>
            ))}
          </dl>
        )}
      </Loaded>
    </Section>
  );
}

function Trend({ range }: { range: Range }): ReactElement {
  const parts = partsOf(range);
  const { points } = useTrend(parts);
  const names = useFigures();
  const [chosen, setChosen] = useState(USERS);
  const label = names.find(({ id }) => id === chosen)?.name ?? '';
  return (
    <Section title={dashboard.trend}>
      <div className="chart">
        <Select
          label={dashboard.trendOf}
          value={chosen}
          onChange={setChosen}
          options={names.map(({ id, name }) => [id, name])}
        />
        <BarChart
          label={label}
          points={parts.map((part, index) => {
            const totals = points[index];
            return {
              name: format.calendarDayAndMonth(part.start),
              value: totals === undefined ? 0 : figureOf(totals, chosen),
            };
          })}
        />
      </div>
    </Section>
  );
}

function useFigures(): { id: string; name: string }[] {
  const { data: catalogue } = useCatalogue();
  const words = useWords();
  return [
    { id: USERS, name: dashboard.activeUsers },
    ...(catalogue?.meters ?? []).map(({ id }) => ({ id, name: words.titleOf(id).many })),
    ...((catalogue?.credit ?? null) === null ? [] : [{ id: CREDITS, name: dashboard.creditsUsed }]),
  ];
}

function figureOf({ used, creditsUsed, uniqueUsers }: Totals, id: string): number {
  return id === USERS ? uniqueUsers : id === CREDITS ? creditsUsed : (used[id] ?? 0);
}

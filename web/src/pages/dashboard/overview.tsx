import { type ReactElement, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import { useCatalogue } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { FigureChart, type Series } from '../../components/figure-chart.tsx';
import { Choices, Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { NearingTable } from './nearing-table.tsx';
import { type Totals, useTotals, useTrend } from './owner-reads.ts';
import { dayOf, isRange, lastDays, partsOf, type Range, rangeBefore } from './ranges.ts';

const { dashboard } = texts;
const HEIGHT = 120;
const TREND_HEIGHT = 310;

const PRESETS = ['7', '30', '90'] as const;

/** Totals and trend over a range, which stands in the address. */
export function Overview(): ReactElement {
  const [now] = useState(() => Date.now());
  const [search, setSearch] = useSearchParams();
  const usual = lastDays(now, 30);
  const asked = { start: search.get('start') ?? usual.start, end: search.get('end') ?? usual.end };
  const isKnown = isRange(asked, usual.end);
  const range = isKnown ? asked : usual;
  return (
    <>
      {!isKnown && <Notice tone="warn" title={dashboard.noRange} />}
      <RangeForm
        key={`${range.start} ${range.end}`}
        range={range}
        now={now}
        onApply={(chosen) => setSearch({ ...chosen })}
      />
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

interface RangeFormProps {
  range: Range;
  now: number;
  onApply: (range: Range) => void;
}

/** A date is half typed for a while, so a range counts once its reader says so. */
function RangeForm({ range, now, onApply }: RangeFormProps): ReactElement {
  const [form, setForm] = useState(range);
  const preset = PRESETS.find((days) => {
    const { start, end } = lastDays(now, Number(days));
    return start === range.start && end === range.end;
  });
  return (
    <form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault();
        onApply(form);
      }}
    >
      <Choices
        label={dashboard.range}
        value={preset ?? ''}
        onChange={(days) => onApply(lastDays(now, Number(days)))}
        options={PRESETS.map((days) => [days, dashboard.lastDays(days)])}
      />
      <Field
        label={dashboard.from}
        type="date"
        value={form.start}
        max={form.end}
        onChange={(start) => setForm({ ...form, start })}
        isRequired
      />
      <Field
        label={dashboard.to}
        type="date"
        value={form.end}
        min={form.start}
        max={dayOf(now)}
        onChange={(end) => setForm({ ...form, end })}
        isRequired
      />
      <div>
        <button type="submit" className="button">
          {dashboard.apply}
        </button>
      </div>
    </form>
  );
}

function Figures({ range }: { range: Range }): ReactElement {
  const before = rangeBefore(range);
  const totals = useTotals(range);
  const earlier = useTotals(before);
  const figures = useFigures();
  return (
    <Section
      title={dashboard.totals}
      aside={<span className="soft small">{dashboard.compared(daysIn(before))}</span>}
    >
      <Loaded query={totals} height={HEIGHT}>
        {(data) => (
          <dl className="figures">
            {figures.map(({ id, name, valueOf }) => (
              <div key={id} className="figure">
                <dt>{name}</dt>
                <dd>
                  <strong>{format.count(valueOf(data))}</strong>
                  <span className="soft small">
                    {earlier.data !== undefined && dashboard.before(format.count(valueOf(earlier.data)))}
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
  const query = useTrend(parts);
  const series = useFigures();
  return (
    <Section title={dashboard.trend}>
      <Loaded query={query} height={TREND_HEIGHT}>
        {(points) => (
          <FigureChart
            label={dashboard.trend}
            choose={dashboard.trendOf}
            series={series}
            rows={points}
            rowTitle={dashboard.day}
            shortNameOf={({ start }) => format.calendarDayAndMonth(start)}
            nameOf={({ start, end }) => daysIn({ start, end })}
          />
        )}
      </Loaded>
    </Section>
  );
}

function daysIn({ start, end }: Range): string {
  const [first, last] = [format.calendarDay(start), format.calendarDay(end)];
  return first === last ? first : `${first} – ${last}`;
}

function useFigures(): Series<Totals>[] {
  const { data: catalogue } = useCatalogue();
  const words = useWords();
  return [
    { id: 'users', name: dashboard.activeUsers, valueOf: ({ uniqueUsers }) => uniqueUsers },
    ...(catalogue?.meters ?? []).map(({ id }) => ({
      id,
      name: words.titleOf(id).many,
      valueOf: ({ used }: Totals) => used[id] ?? 0,
    })),
    ...((catalogue?.credit ?? null) === null
      ? []
      : [{ id: 'credits', name: dashboard.creditsUsed, valueOf: ({ creditsUsed }: Totals) => creditsUsed }]),
  ];
}

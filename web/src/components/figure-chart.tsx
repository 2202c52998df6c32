import { type ReactElement, useState } from 'react';
import { format } from '../format/reader.ts';
import { texts } from '../texts/texts.ts';
import { BarChart } from './bar-chart.tsx';
import { type Column, DataTable } from './data-table.tsx';
import { Select } from './field.tsx';

export interface Series<Row> {
  id: string;
  name: string;
  valueOf: (row: Row) => number;
}

interface FigureChartProps<Row> {
  /** What the table shows. */
  label: string;
  choose: string;
  series: readonly Series<Row>[];
  /** From the oldest to the newest. */
  rows: readonly Row[];
  /** What each row is called, under its bar and in the table. */
  rowTitle: string;
  shortNameOf: (row: Row) => string;
  nameOf: (row: Row) => string;
}

/** One series at a time as bars, with a table of all beneath. */
export function FigureChart<Row>(props: FigureChartProps<Row>): ReactElement {
  const { label, choose, series, rows, rowTitle, shortNameOf, nameOf } = props;
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = series.find(({ id }) => id === chosen) ?? series[0];
  const columns: Column<Row>[] = [
    { title: rowTitle, cell: nameOf },
    ...series.map(({ name, valueOf }) => ({
      title: name,
      cell: (row: Row) => format.count(valueOf(row)),
      isNumber: true,
    })),
  ];
  return (
    <div className="chart">
      <Select
        label={choose}
        value={shown?.id ?? ''}
        onChange={setChosen}
        options={series.map(({ id, name }) => [id, name])}
      />
      <BarChart
        label={`${label}: ${shown?.name ?? ''}`}
        points={rows.map((row) => ({ name: shortNameOf(row), value: shown?.valueOf(row) ?? 0 }))}
      />
      <details>
        <summary>{texts.usage.table}</summary>
        <DataTable label={label} rows={rows.toReversed()} columns={columns} keyOf={nameOf} />
      </details>
    </div>
  );
}

import type { ReactElement } from 'react';
import type { Catalogue, CataloguePlan } from '../../catalogue/use-catalogue.ts';
import { useWords } from '../../catalogue/use-words.ts';
import type { Column } from '../../components/data-table.tsx';
import { DataTable } from '../../components/data-table.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

interface Line {
  name: string;
  of: (plan: CataloguePlan) => string;
}

/** Everything of every plan, side by side. */
export function Comparison({ catalogue }: { catalogue: Catalogue }): ReactElement {
  const words = useWords();
  const { plans: text } = texts;
  const counted = [...catalogue.meters, ...catalogue.levels].map(({ id, title }): Line => ({
    name: title.many,
    of: ({ limits }) => {
      const limit = limits[id];
      return limit === undefined
        ? text.notIncluded
        : limit === 'unlimited'
          ? text.unlimitedWord
          : format.count(limit);
    },
  }));
  const features = catalogue.features.map(({ id, title }): Line => ({
    name: title,
    of: (plan) => (plan.features.includes(id) ? text.included : text.notIncluded),
  }));
  const credits: Line[] =
    catalogue.credit === null
      ? []
      : [
          { name: words.credit.many, of: (plan) => format.count(plan.credits) },
          {
            name: text.carriedRow,
            of: ({ carryOver }) => (carryOver === null ? text.none : format.count(carryOver.cap)),
          },
          {
            name: text.extraRow,
            of: ({ extraCredit }) => (extraCredit === null ? text.none : format.money(extraCredit)),
          },
        ];
  const columns: Column<Line>[] = [
    { title: text.feature, cell: ({ name }) => name },
    ...catalogue.plans.map((plan) => ({ title: plan.title, cell: (line: Line) => line.of(plan) })),
  ];
  return (
    <details className="card comparison">
      <summary>{text.comparison}</summary>
      <DataTable
        label={text.comparison}
        rows={[...credits, ...counted, ...features]}
        columns={columns}
        keyOf={({ name }) => name}
      />
    </details>
  );
}

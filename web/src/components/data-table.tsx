import type { Key, ReactElement, ReactNode } from 'react';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ReactNode;
  isNumber?: boolean;
}

interface DataTableProps<Row> {
  /** What the table shows, for who cannot see what stands around it. */
  label: string;
  rows: readonly Row[];
  /** The first one names the row. */
  columns: readonly Column<Row>[];
  keyOf: (row: Row) => Key;
}

/**
 * A table that becomes a list of cards on a phone. The roles are written out because a browser forgets them with
 * another `display`.
 */
export function DataTable<Row>({ label, rows, columns, keyOf }: DataTableProps<Row>): ReactElement {
  return (
    <div className="table-box">
      <table className="table table-cards" role="table" aria-label={label}>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ title, isNumber }) => (
              <th
                key={title}
                role="columnheader"
                scope="col"
                className={isNumber === true ? 'number' : undefined}
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={keyOf(row)} role="row">
              {columns.map((column, index) => (
                <Cell key={column.title} row={row} column={column} isName={index === 0} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface CellProps<Row> {
  row: Row;
  column: Column<Row>;
  isName: boolean;
}

function Cell<Row>({ row, column, isName }: CellProps<Row>): ReactElement {
  const { title, cell, isNumber } = column;
  const className = isNumber === true ? 'number' : undefined;
  return isName ? (
    <th role="rowheader" scope="row" data-label={title}>
      {cell(row)}
    </th>
  ) : (
    <td role="cell" data-label={title} className={className}>
      {cell(row)}
    </td>
  );
}

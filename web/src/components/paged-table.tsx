import type { ReactElement } from 'react';
import { failureIn } from '../api/failure.ts';
import type { PagedQuery } from '../api/reads.ts';
import { texts } from '../texts/texts.ts';
import { type Column, DataTable } from './data-table.tsx';
import { FailureText } from './failure-text.tsx';
import { Notice } from './notice.tsx';
import { Loaded } from './section.tsx';

interface PagedTableProps<Item extends { id: string }> {
  label: string;
  query: PagedQuery<Item>;
  columns: readonly Column<Item>[];
  /** Where there is nothing: what to do next. */
  empty: string;
}

const HEIGHT = 180;

/** A list by pages. What comes new meanwhile takes nothing away, and nothing shows twice. */
export function PagedTable<Item extends { id: string }>(props: PagedTableProps<Item>): ReactElement {
  const { label, query, columns, empty } = props;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, error } = query;
  return (
    <Loaded query={query} height={HEIGHT}>
      {({ pages }) => {
        const rows = onceEach(pages.flatMap(({ items }) => items));
        return (
          <>
            {rows.length === 0 && !hasNextPage ? (
              <p className="empty">{empty}</p>
            ) : (
              <DataTable label={label} rows={rows} columns={columns} keyOf={({ id }) => id} />
            )}
            {isFetchNextPageError && !isFetchingNextPage && (
              <Notice tone="bad" title={texts.states.failed} isLive>
                <FailureText failure={failureIn(error)} />
              </Notice>
            )}
            {hasNextPage && (
              <div>
                <button
                  type="button"
                  className="button button-small"
                  aria-disabled={isFetchingNextPage}
                  onClick={() => (isFetchingNextPage ? undefined : void query.fetchNextPage())}
                >
                  {isFetchingNextPage ? texts.states.loadingOlder : texts.states.loadOlder}
                </button>
              </div>
            )}
          </>
        );
      }}
    </Loaded>
  );
}

function onceEach<Item extends { id: string }>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}

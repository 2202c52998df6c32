import type { ReactElement, ReactNode } from 'react';
import { failureIn } from '../api/failure.ts';
import type { Newer, PagedQuery } from '../api/reads.ts';
import { format } from '../format/reader.ts';
import { texts } from '../texts/texts.ts';
import { type Column, DataTable } from './data-table.tsx';
import { FailureText } from './failure-text.tsx';
import { Notice } from './notice.tsx';
import { Loaded } from './section.tsx';
import { BusyButton } from './busy-button.tsx';

interface PagedTableProps<Item extends { id: string }> {
  label: string;
  query: PagedQuery<Item>;
  columns: readonly Column<Item>[];
  /** Where there is nothing: what to do next. */
  empty: string;
}

const HEIGHT = 180;

/** A list by pages. What comes meanwhile waits for a click, moves no row, and shows nothing twice. */
export function PagedTable<Item extends { id: string }>(props: PagedTableProps<Item>): ReactElement {
  const { label, query, columns, empty } = props;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, error, newer, changed } = query;
  return (
    <Loaded query={query} height={HEIGHT}>
      {({ pages }) => {
        const read = onceEach(pages.flatMap(({ items }) => items));
        const rows = read.map((row) => changed.get(row.id) ?? row);
        return (
          <>
            <NewerButton newer={newer} onPress={() => void query.refetch()} />
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
            <MoreButtons query={query} />
          </>
        );
      }}
    </Loaded>
  );
}

function MoreButtons({ query }: { query: PagedQuery<unknown> }): ReactNode {
  const { hasNextPage, isFetchingNextPage, newer } = query;
  const isWatched = newer !== null;
  return hasNextPage || !isWatched ? (
    <div className="row">
      {hasNextPage && (
        <BusyButton
          label={texts.states.loadOlder}
          isBusy={isFetchingNextPage}
          busyLabel={texts.states.loadingOlder}
          className="button button-small"
          onPress={() => void query.fetchNextPage()}
        />
      )}
      {!isWatched && (
        <button type="button" className="button button-small" onClick={() => void query.refetch()}>
          {texts.states.refresh}
        </button>
      )}
    </div>
  ) : null;
}

function NewerButton({ newer, onPress }: { newer: Newer | null; onPress: () => void }): ReactElement {
  const { count, isAtLeast } = newer ?? { count: 0, isAtLeast: false };
  return (
    <div role="status" className="newer">
      {count > 0 && (
        <button type="button" className="button button-small" onClick={onPress}>
          {isAtLeast
            ? texts.states.newerAtLeast(format.count(count))
            : texts.states.newer(format.count(count))}
        </button>
      )}
    </div>
  );
}

function onceEach<Item extends { id: string }>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [item.id, item])).values()];
}

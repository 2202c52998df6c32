import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import type { Schemas } from '../../api/schemas.ts';
import type { Column } from '../../components/data-table.tsx';
import { Notice } from '../../components/notice.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
import { OWNER, useFailedEvents } from './owner-reads.ts';

const { dashboard } = texts;

/** Events that could not be processed, kept whole until somebody sends them again. */
export function FailedEvents(): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const query = useFailedEvents();
  const [redriven, setRedriven] = useState<number | null>(null);
  const submission = useSubmission(
    async (id: string | null) => {
      if (id === null) {
        return (await answerOf(api.letters.POST('/admin/failed-events/redrive'))).redriven;
      }
      await answerOf(api.letters.POST('/admin/failed-events/{id}/redrive', { params: { path: { id } } }));
      return 1;
    },
    (count) => {
      setRedriven(count);
      void queries.invalidateQueries({ queryKey: OWNER });
    },
  );
  const columns: Column<Schemas['FailedEvent']>[] = [
    { title: dashboard.type, cell: ({ type }) => <span className="wrap">{type}</span> },
    { title: dashboard.reason, cell: ({ reason }) => reason.replaceAll('_', ' ') },
    { title: dashboard.failedAt, cell: ({ failedAt }) => format.instant(failedAt) },
    {
      title: dashboard.action,
      cell: ({ id }) => (
        <button
          type="button"
          className="button button-small"
          aria-disabled={submission.isBusy}
          onClick={() => submission.submit(id)}
        >
          {dashboard.redrive}
        </button>
      ),
    },
  ];
  const isEmpty = query.data?.pages.every(({ items }) => items.length === 0) ?? true;
  return (
    <>
      <PagedTable
        label={dashboard.failedEvents}
        query={query}
        columns={columns}
        empty={dashboard.failedNone}
      />
      {!isEmpty && (
        <div>
          <button
            type="button"
            className="button"
            aria-disabled={submission.isBusy}
            onClick={() => submission.submit(null)}
          >
            {dashboard.redriveAll}
          </button>
        </div>
      )}
      <Submitting submission={submission} />
      {redriven !== null && <Notice tone="good" title={dashboard.redriven(format.count(redriven))} isLive />}
    </>
  );
}

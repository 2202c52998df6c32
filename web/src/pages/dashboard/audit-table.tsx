import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import type { Column } from '../../components/data-table.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { UserLink } from './nearing-table.tsx';
import { type AuditFilters, useAudit } from './owner-reads.ts';

const { dashboard } = texts;

const COLUMNS: readonly Column<Schemas['AuditEvent']>[] = [
  { title: dashboard.event, cell: ({ type }) => type },
  {
    title: dashboard.user,
    cell: ({ userId }) => (userId === undefined ? dashboard.none : <UserLink userId={userId} />),
  },
  { title: dashboard.actor, cell: ({ actor }) => <span className="wrap">{actor}</span> },
  { title: dashboard.reason, cell: ({ reason = dashboard.none }) => <bdi className="wrap">{reason}</bdi> },
  { title: dashboard.when, cell: ({ at }) => format.instant(at) },
  { title: dashboard.data, cell: ({ data }) => <span className="details">{JSON.stringify(data)}</span> },
];

/** Who did what to whom, when and why. */
export function AuditTable({ filters }: { filters: AuditFilters }): ReactElement {
  return (
    <PagedTable
      label={dashboard.audit}
      query={useAudit(filters)}
      columns={COLUMNS}
      empty={dashboard.auditEmpty}
    />
  );
}

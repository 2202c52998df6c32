import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import type { Column } from '../../components/data-table.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { UserLink } from './nearing-table.tsx';
import { type AuditFilters, useAudit } from './owner-reads.ts';

const { dashboard } = texts;
type Event = Schemas['AuditEvent'];

const WHAT: Column<Event> = { title: dashboard.event, cell: ({ type }) => nameOf(type) };
const TO_WHOM: Column<Event> = {
  title: dashboard.user,
  cell: ({ userId }) => (userId === undefined ? dashboard.none : <UserLink userId={userId} />),
};
const REST: readonly Column<Event>[] = [
  { title: dashboard.actor, cell: ({ actor }) => <span className="wrap">{actor}</span> },
  { title: dashboard.reason, cell: ({ reason = dashboard.none }) => <bdi className="wrap">{reason}</bdi> },
  { title: dashboard.when, cell: ({ at }) => <span className="whole">{format.instant(at)}</span> },
  { title: dashboard.data, cell: ({ data }) => <Details data={data} /> },
];

interface AuditTableProps {
  filters: AuditFilters;
  /** Where all of it is about one user. */
  isOfOne?: boolean;
}

/** Who did what to whom, when and why. */
export function AuditTable({ filters, isOfOne = false }: AuditTableProps): ReactElement {
  return (
    <PagedTable
      label={dashboard.audit}
      query={useAudit(filters)}
      columns={isOfOne ? [WHAT, ...REST] : [WHAT, TO_WHOM, ...REST]}
      empty={dashboard.auditEmpty}
    />
  );
}

/** A newer API may record what this page has no name for. */
function nameOf(type: string): string {
  const names: Readonly<Record<string, string>> = { ...texts.auditTypes, ...texts.letterAuditTypes };
  return names[type] ?? type;
}

function Details({ data }: { data: Event['data'] }): ReactElement {
  const facts = Object.entries(data).filter(([, value]) => value !== null);
  return (
    <ul className="details">
      {facts
        .toSorted(([one], [other]) => one.localeCompare(other))
        .map(([name, value]) => (
          <li key={name}>{`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`}</li>
        ))}
    </ul>
  );
}

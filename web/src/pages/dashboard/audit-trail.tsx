import { type ReactElement, useState } from 'react';
import { useSearchParams } from 'wouter';
import { Field, Select } from '../../components/field.tsx';
import { Section } from '../../components/section.tsx';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
import { AuditTable } from './audit-table.tsx';
import type { AuditFilters } from './owner-reads.ts';
import { dayOf } from './ranges.ts';

const { dashboard } = texts;

/** The filters stand in the address, so that what somebody looks at can be passed on. */
export function AuditTrail(): ReactElement {
  const [search, setSearch] = useSearchParams();
  const [today] = useState(() => dayOf(Date.now()));
  const filters = {
    date: search.get('date') ?? (search.has('user') ? '' : today),
    type: search.get('type') ?? '',
    user: search.get('user') ?? '',
  };
  return (
    <Section title={dashboard.audit}>
      <Filters
        key={search.toString()}
        filters={filters}
        today={today}
        onApply={(chosen) => setSearch({ ...chosen })}
      />
      {filters.date === '' && filters.user === '' ? (
        <p className="empty">{dashboard.auditHelp}</p>
      ) : (
        <AuditTable filters={filters} />
      )}
    </Section>
  );
}

interface FiltersProps {
  filters: AuditFilters;
  today: string;
  onApply: (filters: AuditFilters) => void;
}

function Filters({ filters, today, onApply }: FiltersProps): ReactElement {
  const { config } = usePage();
  const [form, setForm] = useState(filters);
  const types = { ...texts.auditTypes, ...(config.hasLetters ? texts.letterAuditTypes : {}) };
  return (
    <form
      className="filters"
      onSubmit={(event) => {
        event.preventDefault();
        onApply({ ...form, user: form.user.trim() });
      }}
    >
      <Field
        label={dashboard.day}
        type="date"
        value={form.date}
        max={today}
        onChange={(date) => setForm({ ...form, date })}
      />
      <Field label={dashboard.userId} value={form.user} onChange={(user) => setForm({ ...form, user })} />
      <Select
        label={dashboard.event}
        value={form.type}
        onChange={(type) => setForm({ ...form, type })}
        options={[['', dashboard.anyType], ...Object.entries(types)]}
      />
      <div>
        <button type="submit" className="button button-primary">
          {dashboard.apply}
        </button>
      </div>
    </form>
  );
}

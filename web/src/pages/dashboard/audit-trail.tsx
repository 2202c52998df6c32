import { type ReactElement, useState } from 'react';
import { useSearchParams } from 'wouter';
import { Field } from '../../components/field.tsx';
import { Section } from '../../components/section.tsx';
import { texts } from '../../texts/texts.ts';
import { AuditTable } from './audit-table.tsx';
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
  const [form, setForm] = useState(filters);
  return (
    <Section title={dashboard.audit}>
      <form
        className="filters"
        onSubmit={(event) => {
          event.preventDefault();
          setSearch(form);
        }}
      >
        <Field
          label={dashboard.day}
          type="date"
          value={form.date}
          onChange={(date) => setForm({ ...form, date })}
        />
        <Field label={dashboard.userId} value={form.user} onChange={(user) => setForm({ ...form, user })} />
        <Field label={dashboard.type} value={form.type} onChange={(type) => setForm({ ...form, type })} />
        <div>
          <button type="submit" className="button button-primary">
            {dashboard.apply}
          </button>
        </div>
      </form>
      {filters.date === '' && filters.user === '' ? (
        <p className="empty">{dashboard.auditHelp}</p>
      ) : (
        <AuditTable filters={filters} />
      )}
    </Section>
  );
}

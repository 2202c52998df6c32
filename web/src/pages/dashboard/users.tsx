import { type ReactElement, useState } from 'react';
import { useLocation } from 'wouter';
import { Field } from '../../components/field.tsx';
import { Section } from '../../components/section.tsx';
import { texts } from '../../texts/texts.ts';
import { NearingTable } from './nearing-table.tsx';

const { dashboard } = texts;

export function Users(): ReactElement {
  const [, go] = useLocation();
  const [userId, setUserId] = useState('');
  return (
    <>
      <Section title={dashboard.find}>
        <form
          className="filters"
          onSubmit={(event) => {
            event.preventDefault();
            go(`/dashboard/users/${encodeURIComponent(userId.trim())}`);
          }}
        >
          <Field label={dashboard.userId} value={userId} onChange={setUserId} isRequired />
          <div>
            <button type="submit" className="button button-primary">
              {dashboard.show}
            </button>
          </div>
        </form>
      </Section>
      <Section title={dashboard.near}>
        <NearingTable />
      </Section>
    </>
  );
}

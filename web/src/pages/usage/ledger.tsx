import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import { useLedger } from '../../api/reads.ts';
import type { Column } from '../../components/data-table.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';

type Entry = Schemas['LedgerEntry'];

export const LEDGER_COLUMNS: readonly Column<Entry>[] = [
  { title: texts.usage.what, cell: ({ kind }) => texts.movements[kind] },
  { title: texts.usage.amount, cell: ({ amount }) => format.signed(amount), isNumber: true },
  { title: texts.usage.balance, cell: ({ balanceAfter }) => format.count(balanceAfter), isNumber: true },
  { title: texts.usage.time, cell: ({ at }) => format.instant(at) },
];

/** Every movement of credits, with the server's balances. */
export function Ledger(): ReactElement {
  return (
    <Section title={texts.usage.ledger}>
      <PagedTable
        label={texts.usage.ledger}
        query={useLedger()}
        columns={LEDGER_COLUMNS}
        empty={texts.usage.ledgerEmpty}
      />
    </Section>
  );
}

import { type ReactElement, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { Schemas } from '../../api/schemas.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Field } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Notice } from '../../components/notice.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { useReport } from './owner-reads.ts';
import { dayOf, isMonth } from './ranges.ts';

const { dashboard } = texts;
const HEIGHT = 320;

type Rates = Schemas['MailReport']['rates'];

/** How mails and credits did in a month, with the thresholds that were crossed. */
export function Report(): ReactElement {
  const [search, setSearch] = useSearchParams();
  const [today] = useState(() => dayOf(Date.now()));
  const present = today.slice(0, '2026-11'.length);
  const asked = search.get('month') ?? present;
  const isKnown = isMonth(asked, today);
  const month = isKnown ? asked : present;
  const [typed, setTyped] = useState(month);
  const change = (text: string): void => {
    setTyped(text);
    if (isMonth(text, today)) {
      setSearch({ month: text }, { replace: true });
    }
  };
  const report = useReport(month);
  return (
    <Section title={dashboard.reportTitle}>
      {!isKnown && <Notice tone="warn" title={dashboard.noMonth} />}
      <div className="filters">
        <Field label={dashboard.month} type="month" value={typed} max={present} onChange={change} />
      </div>
      <Loaded query={report} height={HEIGHT}>
        {(data) => <Figures report={data} />}
      </Loaded>
    </Section>
  );
}

function Figures({ report }: { report: Schemas['MailReport'] }): ReactElement {
  const { mails, revenueCents, refundedCents, disputes, mailsPerProUser, rates } = report;
  const dollars = (amountCents: number): string => format.money({ amountCents, currency: 'usd' });
  return (
    <>
      <dl className="figures">
        <Figure
          name={dashboard.delivered}
          value={format.count(mails.delivered)}
          about={dashboard.deliveredBy(format.count(mails.free), format.count(mails.paid))}
        />
        <Figure
          name={dashboard.revenue}
          value={dollars(revenueCents)}
          about={dashboard.refunded(dollars(refundedCents))}
        />
        <Figure
          name={dashboard.disputes}
          value={format.count(disputes.opened)}
          about={dashboard.disputesOf(format.count(disputes.won), format.count(disputes.lost))}
        />
        <Figure
          name={dashboard.perUser}
          value={mailsPerProUser === null ? dashboard.none : format.count(mailsPerProUser)}
          about=""
        />
      </dl>
      <RateTable rates={rates} />
    </>
  );
}

function Figure({ name, value, about }: { name: string; value: string; about: string }): ReactElement {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd>
        <strong>{value}</strong>
        <span className="soft small">{about}</span>
      </dd>
    </div>
  );
}

interface Row {
  name: string;
  rate: Rates[keyof Rates];
}

function RateTable({ rates }: { rates: Rates }): ReactElement {
  const { rates: names } = dashboard;
  const rows: Row[] = [
    { name: names.creditUtilization, rate: rates.creditUtilization },
    { name: names.exhaustion, rate: rates.exhaustion },
    { name: names.payAsYouGoConversion, rate: rates.payAsYouGoConversion },
    { name: names.failedPayments, rate: rates.failedPayments },
    { name: names.refunds, rate: rates.refunds },
  ];
  const share = (value: number | null): string => (value === null ? dashboard.none : format.share(value));
  const columns: Column<Row>[] = [
    { title: dashboard.rate, cell: ({ name }) => name },
    { title: dashboard.value, cell: ({ rate }) => share(rate.value), isNumber: true },
    { title: dashboard.threshold, cell: ({ rate }) => share(rate.threshold), isNumber: true },
    {
      title: dashboard.status,
      cell: ({ rate }) => <RateState rate={rate} />,
    },
  ];
  return <DataTable label={dashboard.reportTitle} rows={rows} columns={columns} keyOf={({ name }) => name} />;
}

/** What has no threshold, or happened to nobody, is neither within nor beyond. */
function RateState({ rate: { value, threshold, isCrossed } }: { rate: Row['rate'] }): ReactElement {
  if (value === null || threshold === null) {
    return <span className="soft">{value === null ? dashboard.noValue : dashboard.noThreshold}</span>;
  }
  return (
    <span className={isCrossed ? 'tag tag-bad' : 'tag tag-good'}>
      <Icon name={isCrossed ? 'stop' : 'done'} />
      {isCrossed ? dashboard.crossed : dashboard.within}
    </span>
  );
}

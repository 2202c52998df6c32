import type { ReactElement } from 'react';
import type { Schemas } from '../../api/schemas.ts';
import type { Column } from '../../components/data-table.tsx';
import { Notice } from '../../components/notice.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { texts } from '../../texts/texts.ts';
import { FailedEvents } from './failed-events.tsx';
import { useCatalogueInForce, useChecks, useRollovers } from './owner-reads.ts';

const { dashboard } = texts;
const HEIGHT = 120;
const SECOND_MS = 1_000;

/** What runs by itself, and what has gone wrong with it. */
export function Operations(): ReactElement {
  return (
    <>
      <Section title={dashboard.failedEvents}>
        <FailedEvents />
      </Section>
      <Checks />
      <Section title={dashboard.rollovers}>
        <PagedTable
          label={dashboard.rollovers}
          query={useRollovers()}
          columns={RUN_COLUMNS}
          empty={dashboard.noRollovers}
        />
      </Section>
      <CatalogueInForce />
    </>
  );
}

const RUN_COLUMNS: readonly Column<Schemas['RolloverRun']>[] = [
  { title: dashboard.ran, cell: ({ at }) => format.instant(at) },
  { title: dashboard.accounts, cell: ({ totalProcessed }) => format.count(totalProcessed), isNumber: true },
  {
    title: dashboard.errors,
    cell: ({ errorCount, errorRate }) =>
      errorCount === 0 ? format.count(0) : `${format.count(errorCount)} (${format.share(errorRate)})`,
    isNumber: true,
  },
  {
    title: dashboard.took,
    cell: ({ processingTimeMs }) => dashboard.seconds(format.count(processingTimeMs / SECOND_MS)),
    isNumber: true,
  },
];

function Checks(): ReactElement {
  return (
    <Section title={dashboard.checks}>
      <Loaded query={useChecks()} height={HEIGHT}>
        {({ stripe }) => {
          if (stripe === null) {
            return <p className="empty">{dashboard.noCheck}</p>;
          }
          const at = format.instant(stripe.at);
          return stripe.differences.length === 0 ? (
            <Notice tone="good" title={dashboard.checkGood(at)} />
          ) : (
            <Notice tone="bad" title={dashboard.checkBad(format.count(stripe.differences.length), at)}>
              <ul className="stack-tight">
                {stripe.differences.map(({ says, mend }) => (
                  <li key={says}>
                    <p>{says}</p>
                    <p className="soft small">{mend}</p>
                  </li>
                ))}
              </ul>
            </Notice>
          );
        }}
      </Loaded>
    </Section>
  );
}

function CatalogueInForce(): ReactElement {
  return (
    <Section title={dashboard.catalogue}>
      <Loaded query={useCatalogueInForce()} height={HEIGHT}>
        {({ since, version, catalogue, lastDiff }) => (
          <>
            <p>
              {since === null
                ? dashboard.notRecorded
                : `${dashboard.since(format.instant(since))}. ${dashboard.version(format.count(version ?? 0))}.`}
            </p>
            <p className="soft">
              {lastDiff === null
                ? dashboard.noDiff
                : dashboard.lastDiff(
                    format.instant(lastDiff.at),
                    format.count(lastDiff.accounts),
                    format.count(lastDiff.gaining),
                    format.count(lastDiff.losing),
                  )}
            </p>
            <details>
              <summary>{dashboard.wholeCatalogue}</summary>
              <pre className="details" tabIndex={0} role="region" aria-label={dashboard.wholeCatalogue}>
                {JSON.stringify(catalogue, null, 2)}
              </pre>
            </details>
          </>
        )}
      </Loaded>
    </Section>
  );
}

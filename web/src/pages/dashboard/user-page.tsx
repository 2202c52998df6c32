import { useQuery } from '@tanstack/react-query';
import { type ReactElement, type ReactNode, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import type { Schemas } from '../../api/schemas.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { type Column, DataTable } from '../../components/data-table.tsx';
import { Notice } from '../../components/notice.tsx';
import { PagedTable } from '../../components/paged-table.tsx';
import { Loaded, Section } from '../../components/section.tsx';
import { format } from '../../format/reader.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
import { Levels, Meters } from '../usage/meters.tsx';
import { CreditKinds } from '../usage/credit-kinds.tsx';
import { LEDGER_COLUMNS } from '../usage/ledger.tsx';
import { usageLine } from '../usage/usage-lines.ts';
import { UsageRow } from '../usage/usage-row.tsx';
import { AdjustForm } from './adjust-form.tsx';
import { AuditTable } from './audit-table.tsx';
import { OWNER, type ShownUser, useUser, useUserLedger } from './owner-reads.ts';

const { dashboard } = texts;
const HEIGHT = 240;
const OWNERS_COLUMNS: readonly Column<Schemas['LedgerEntry']>[] = [
  ...LEDGER_COLUMNS,
  { title: texts.usage.source, cell: ({ source }) => <span className="details">{source}</span> },
];

/** One user: the account, the proof of its books, what was done by whom, and a way to correct credits. */
export function UserPage({ userId }: { userId: string }): ReactElement {
  const user = useUser(userId);
  return (
    <>
      <h2 className="wrap user-name">{userId}</h2>
      <div className="columns">
        <div>
          <Section
            title={dashboard.account}
            aside={
              <button type="button" className="button button-small" onClick={() => void user.refetch()}>
                {texts.states.refresh}
              </button>
            }
          >
            <Loaded query={user} height={HEIGHT}>
              {(data) => <Shown user={data} />}
            </Loaded>
          </Section>
          <Proof userId={userId} />
        </div>
        <div>
          {user.data !== undefined && 'credits' in user.data && (
            <Section title={texts.credits.title}>
              <CreditKinds
                credits={user.data.credits}
                withheld={'account' in user.data ? user.data.account.credits.withheld : 0}
              />
            </Section>
          )}
          <Section title={dashboard.adjust}>
            <AdjustForm userId={userId} />
          </Section>
        </div>
      </div>
      <UserLedger userId={userId} />
      <Section title={dashboard.audit}>
        <AuditTable filters={{ date: '', type: '', user: userId }} isOfOne />
      </Section>
    </>
  );
}

function Shown({ user }: { user: ShownUser }): ReactNode {
  const words = useWords();
  if ('erasedAt' in user) {
    return <Notice tone="info" title={dashboard.erased(format.instant(user.erasedAt))} />;
  }
  if ('account' in user) {
    const { account } = user;
    return (
      <>
        <Standing plan={words.planName(account.plan)} status={texts.plan.status[account.status]} />
        <Meters account={account} />
        {Object.keys(account.levels).length > 0 && <Levels account={account} />}
      </>
    );
  }
  const { entitlements, usage } = user;
  const resets = texts.usage.resets(format.instant(usage.periodEndsAt));
  return (
    <>
      <Standing plan={words.planName(entitlements.plan)} status={texts.plan.status[entitlements.status]} />
      <ul className="usage-rows">
        {lettersMeters(user).map(({ id, used, limit }) => (
          <UsageRow
            key={id}
            name={words.titleOf(id).many}
            line={usageLine({ used, limit, left: leftOf(used, limit) }, words.titleOf(id), format, 'used')}
            planWithIt={null}
            help={resets}
          />
        ))}
      </ul>
      <p className="soft">{resets}</p>
    </>
  );
}

interface Counted {
  id: string;
  used: number;
  limit: Schemas['Limit'] | null;
}

/** The letters app tells of its meters in words of its own. */
function lettersMeters({ entitlements, usage: { usage, limits } }: Schemas['KnownUser']): Counted[] {
  const { canScheduleDeliveries, canSchedulePhysicalMail } = entitlements.features;
  return [
    { id: 'letters', used: usage.lettersCreated, limit: limits.maxLetters },
    { id: 'emails', used: usage.emailsSent, limit: canScheduleDeliveries ? limits.maxEmails : null },
    { id: 'mails', used: usage.mailsSent, limit: canSchedulePhysicalMail ? 'unlimited' : null },
  ];
}

function leftOf(used: number, limit: Schemas['Limit'] | null): Schemas['Limit'] {
  return limit === 'unlimited' ? limit : Math.max((limit ?? 0) - used, 0);
}

function Standing({ plan, status }: { plan: string; status: string }): ReactElement {
  return (
    <p className="row">
      <strong className="plan-name">{plan}</strong>
      <span className="tag">{status}</span>
    </p>
  );
}

/** Reading it stands in the audit trail, so somebody has to ask for it. */
function UserLedger({ userId }: { userId: string }): ReactElement {
  const [isAsked, setAsked] = useState(false);
  const query = useUserLedger(userId, isAsked);
  return (
    <Section title={dashboard.ledger}>
      {isAsked ? (
        <PagedTable
          label={dashboard.ledger}
          query={query}
          columns={OWNERS_COLUMNS}
          empty={texts.usage.ledgerEmpty}
        />
      ) : (
        <div>
          <button type="button" className="button button-small" onClick={() => setAsked(true)}>
            {dashboard.showLedger}
          </button>
        </div>
      )}
    </Section>
  );
}

/** It reads a user's whole ledger, so somebody has to ask for it. */
function Proof({ userId }: { userId: string }): ReactElement {
  const { api } = usePage();
  const proof = useQuery({
    queryKey: [...OWNER, 'proof', userId],
    queryFn: () =>
      answerOf(api.letters.GET('/admin/users/{userId}/ledger-proof', { params: { path: { userId } } })),
    enabled: false,
    gcTime: 0,
  });
  const provenAt = new Date(proof.dataUpdatedAt).toISOString();
  return (
    <Section title={dashboard.proof}>
      <div>
        <button
          type="button"
          className="button button-small"
          onClick={() => void proof.refetch({ cancelRefetch: false })}
        >
          {dashboard.prove}
        </button>
      </div>
      {(proof.isFetching || proof.isFetched) && (
        <Loaded query={proof} height={HEIGHT}>
          {({ holds, movements, lines }) => (
            <>
              <Notice
                tone={holds ? 'good' : 'bad'}
                title={holds ? dashboard.proofHolds(format.count(movements)) : dashboard.proofFails}
                isLive
              />
              <p className="soft small">{dashboard.provenAt(format.instant(provenAt))}</p>
              <DataTable
                label={dashboard.proof}
                rows={lines}
                columns={[
                  { title: dashboard.field, cell: ({ field }) => field },
                  { title: dashboard.stands, cell: ({ account }) => format.count(account), isNumber: true },
                  {
                    title: dashboard.expected,
                    cell: ({ expected }) => format.count(expected),
                    isNumber: true,
                  },
                ]}
                keyOf={({ field }) => field}
              />
            </>
          )}
        </Loaded>
      )}
    </Section>
  );
}

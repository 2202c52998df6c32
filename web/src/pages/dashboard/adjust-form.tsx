import type { ReactElement } from 'react';
import { answerOf } from '../../api/client.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { DraftForm } from '../../forms/draft-form.tsx';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
import { OWNER } from './owner-reads.ts';

const { dashboard } = texts;
const EMPTY = { amount: '', reason: '' };

/** Gives or takes credits, with the reason asked before anything is written. */
export function AdjustForm({ userId }: { userId: string }): ReactElement {
  const { api } = usePage();
  return (
    <DraftForm
      name={`adjust-${userId}`}
      empty={EMPTY}
      changes={OWNER}
      button={dashboard.adjustButton}
      send={({ amount, reason }, key) =>
        answerOf(
          api.letters.POST('/admin/users/{userId}/credit-adjustments', {
            params: { path: { userId }, header: { 'Idempotency-Key': key } },
            body: { amount: Number(amount), reason },
          }),
        )
      }
      done={({ amount, available }) => (
        <Notice
          tone="good"
          title={dashboard.adjusted(format.signed(amount), format.count(available))}
          isLive
        />
      )}
    >
      {({ values, change, faults }) => (
        <>
          <p className="soft small">{dashboard.adjustHelp}</p>
          <Field
            label={dashboard.amount}
            type="number"
            value={values.amount}
            onChange={(amount) => change({ amount })}
            error={faults.get('amount')}
            isRequired
          />
          <Field
            label={dashboard.why}
            value={values.reason}
            onChange={(reason) => change({ reason })}
            error={faults.get('reason')}
            maxLength={500}
            isRequired
          />
        </>
      )}
    </DraftForm>
  );
}

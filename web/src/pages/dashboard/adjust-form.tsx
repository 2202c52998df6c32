import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import type { Schemas } from '../../api/schemas.ts';
import { faultsIn, usesUpKey } from '../../api/failure.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import { useDraft } from '../../forms/use-draft.ts';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';
import { OWNER } from './owner-reads.ts';

const { dashboard } = texts;
const EMPTY = { amount: '', reason: '' };

/** Gives or takes credits, with the reason asked before anything is written. */
export function AdjustForm({ userId }: { userId: string }): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const draft = useDraft(`adjust-${userId}`, EMPTY);
  const [done, setDone] = useState<Schemas['CreditAdjustment'] | null>(null);
  const submission = useSubmission(
    () =>
      answerOf(
        api.letters.POST('/admin/users/{userId}/credit-adjustments', {
          params: { path: { userId }, header: { 'Idempotency-Key': draft.key } },
          body: { amount: Number(draft.values.amount), reason: draft.values.reason },
        }),
      ),
    (adjustment) => {
      setDone(adjustment);
      draft.clear();
      void queries.invalidateQueries({ queryKey: OWNER });
    },
    (failure) => (usesUpKey(failure) ? draft.renewKey() : undefined),
  );
  const faults = faultsIn(submission.failure);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submission.submit(null);
      }}
    >
      <p className="soft small">{dashboard.adjustHelp}</p>
      <Field
        label={dashboard.amount}
        type="number"
        value={draft.values.amount}
        onChange={(amount) => draft.change({ amount })}
        error={faults.get('amount')}
        isRequired
      />
      <Field
        label={dashboard.why}
        value={draft.values.reason}
        onChange={(reason) => draft.change({ reason })}
        error={faults.get('reason')}
        maxLength={500}
        isRequired
      />
      <div>
        <button type="submit" className="button" aria-disabled={submission.isBusy}>
          {submission.isBusy ? texts.states.sending : dashboard.adjustButton}
        </button>
      </div>
      <Submitting submission={submission} />
      {done !== null && (
        <Notice
          tone="good"
          title={dashboard.adjusted(format.signed(done.amount), format.count(done.available))}
          isLive
        />
      )}
    </form>
  );
}

import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import { usesUpKey } from '../../api/failure.ts';
import { OWN } from '../../api/reads.ts';
import { useWords } from '../../catalogue/use-words.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { format } from '../../format/reader.ts';
import { Submitting } from '../../forms/submitting.tsx';
import { useDraft } from '../../forms/use-draft.ts';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

const EMPTY = { code: '' };

/** Takes the credits of a gift. */
export function ClaimGift(): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const { credit } = useWords();
  const draft = useDraft('claim', EMPTY);
  const [claimed, setClaimed] = useState<number | null>(null);
  const submission = useSubmission(
    () =>
      answerOf(
        api.letters.POST('/credits/gifts/{code}/redemption', {
          params: { path: { code: draft.values.code.trim() }, header: { 'Idempotency-Key': draft.key } },
        }),
      ),
    ({ count }) => {
      setClaimed(count);
      draft.clear();
      void queries.invalidateQueries({ queryKey: OWN });
    },
    (failure) => (usesUpKey(failure) ? draft.renewKey() : undefined),
  );
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submission.submit(null);
      }}
    >
      <Field
        label={texts.credits.claimCode}
        value={draft.values.code}
        onChange={(code) => draft.change({ code })}
        isRequired
        maxLength={40}
      />
      <div>
        <button type="submit" className="button" aria-disabled={submission.isBusy}>
          {submission.isBusy ? texts.states.sending : texts.credits.claimButton}
        </button>
      </div>
      <Submitting submission={submission} />
      {claimed !== null && (
        <Notice tone="good" title={texts.credits.claimed(format.counted(claimed, credit))} isLive />
      )}
    </form>
  );
}

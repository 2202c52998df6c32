import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { answerOf } from '../../api/client.ts';
import { faultsIn, usesUpKey } from '../../api/failure.ts';
import { OWN } from '../../api/reads.ts';
import { Field } from '../../components/field.tsx';
import { Notice } from '../../components/notice.tsx';
import { Submitting } from '../../forms/submitting.tsx';
import { useDraft } from '../../forms/use-draft.ts';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

const EMPTY = { title: '', body: '' };
const LONGEST_TITLE = 200;

/** Each letter counts, so each form makes one letter. */
export function WriteForm(): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const draft = useDraft('letter', EMPTY);
  const [isSaved, setSaved] = useState(false);
  const submission = useSubmission(
    () =>
      answerOf(
        api.letters.POST('/letters', {
          params: { header: { 'Idempotency-Key': draft.key } },
          body: draft.values,
        }),
      ),
    () => {
      draft.clear();
      setSaved(true);
      void queries.invalidateQueries({ queryKey: OWN });
    },
    (failure) => {
      // What is refused tells that the figures on the page are older than the account.
      void queries.invalidateQueries({ queryKey: OWN });
      if (usesUpKey(failure)) {
        draft.renewKey();
      }
    },
  );
  const faults = faultsIn(submission.failure);
  const change = (values: Partial<typeof EMPTY>): void => {
    setSaved(false);
    draft.change(values);
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        submission.submit(null);
      }}
    >
      <Field
        label={texts.letters.letterTitle}
        value={draft.values.title}
        onChange={(title) => change({ title })}
        error={faults.get('title')}
        maxLength={LONGEST_TITLE}
        isRequired
      />
      <Field
        label={texts.letters.letterBody}
        value={draft.values.body}
        onChange={(body) => change({ body })}
        error={faults.get('body')}
        hint={texts.letters.draftKept}
        isMultiline
        isRequired
      />
      <div>
        <button type="submit" className="button button-primary" aria-disabled={submission.isBusy}>
          {submission.isBusy ? texts.states.sending : texts.letters.save}
        </button>
      </div>
      <Submitting submission={submission} />
      {isSaved && <Notice tone="good" title={texts.letters.saved} isLive />}
    </form>
  );
}

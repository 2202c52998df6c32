import { useQueryClient } from '@tanstack/react-query';
import type { ReactElement } from 'react';
import { answerOf } from '../../api/client.ts';
import { OWN } from '../../api/reads.ts';
import { useExplain } from '../../catalogue/use-words.ts';
import { useSubmission } from '../../forms/use-submission.ts';
import { usePage } from '../../page-context.ts';
import { texts } from '../../texts/texts.ts';

/** Cancelling again changes nothing, so it needs no key. */
export function CancelDelivery({ id }: { id: string }): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const explain = useExplain();
  const { isBusy, failure, submit } = useSubmission(
    () => answerOf(api.letters.DELETE('/deliveries/{id}', { params: { path: { id } } })),
    () => void queries.invalidateQueries({ queryKey: OWN }),
  );
  return (
    <>
      <button
        type="button"
        className="button button-quiet button-small"
        aria-disabled={isBusy}
        onClick={() => submit(null)}
      >
        {isBusy ? texts.letters.cancelling : texts.letters.cancel}
      </button>
      {failure !== null && (
        <span className="field-error" role="alert">
          {explain(failure).says}
        </span>
      )}
    </>
  );
}

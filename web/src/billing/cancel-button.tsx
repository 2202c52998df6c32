import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { answerOf } from '../api/client.ts';
import { OWN } from '../api/reads.ts';
import { Dialog } from '../components/dialog.tsx';
import { format } from '../format/reader.ts';
import { Submitting } from '../forms/submitting.tsx';
import { useSubmission } from '../forms/use-submission.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';

/** Cancels at the end of the period, once its user has read what that means. */
export function CancelButton({ endsAt }: { endsAt: string }): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [key, setKey] = useState(() => crypto.randomUUID());
  const submission = useSubmission(
    () =>
      answerOf(api.letters.POST('/billing/cancellation', { params: { header: { 'Idempotency-Key': key } } })),
    () => {
      setKey(crypto.randomUUID());
      setOpen(false);
      void queries.invalidateQueries({ queryKey: OWN });
    },
  );
  return (
    <>
      <button type="button" className="button button-small" onClick={() => setOpen(true)}>
        {texts.plan.cancel}
      </button>
      <Dialog
        isOpen={isOpen}
        title={texts.plan.cancelTitle}
        onClose={() => setOpen(false)}
        actions={
          <>
            <button type="button" className="button" onClick={() => setOpen(false)}>
              {texts.plan.keepIt}
            </button>
            <button
              type="button"
              className="button button-danger"
              aria-disabled={submission.isBusy}
              onClick={() => submission.submit(null)}
            >
              {submission.isBusy ? texts.states.sending : texts.plan.cancelNow}
            </button>
          </>
        }
      >
        <p>{texts.plan.cancelHelp(format.instant(endsAt))}</p>
        <Submitting submission={submission} />
      </Dialog>
    </>
  );
}

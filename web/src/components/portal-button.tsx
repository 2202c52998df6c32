import type { ReactElement } from 'react';
import { answerOf } from '../api/client.ts';
import { useExplain } from '../catalogue/use-words.ts';
import { useSubmission } from '../forms/use-submission.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';

/** Leads to the Portal at Stripe: cards, invoices and addresses. */
export function PortalButton({ label }: { label: string }): ReactElement {
  const { api } = usePage();
  const explain = useExplain();
  const { isBusy, failure, submit } = useSubmission(
    () => answerOf(api.letters.POST('/billing/portal-sessions')),
    ({ url }) => window.location.assign(url),
  );
  return (
    <div className="stack-tight">
      <div>
        <button
          type="button"
          className="button button-small"
          aria-disabled={isBusy}
          onClick={() => submit(null)}
        >
          {label}
        </button>
      </div>
      <p className="field-error" role="status">
        {isBusy ? texts.states.loading : failure !== null && explain(failure).says}
      </p>
    </div>
  );
}

import type { ReactElement } from 'react';
import { answerOf } from '../api/client.ts';
import { useExplain } from '../catalogue/use-words.ts';
import { useSubmission } from '../forms/use-submission.ts';
import { usePage } from '../page-context.ts';
import { texts } from '../texts/texts.ts';
import { BusyButton } from './busy-button.tsx';

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
        <BusyButton
          label={label}
          isBusy={isBusy}
          busyLabel={label}
          className="button button-small"
          onPress={() => submit(null)}
        />
      </div>
      <p className="field-error" role="status">
        {isBusy ? texts.states.loading : failure !== null && explain(failure).says}
      </p>
    </div>
  );
}

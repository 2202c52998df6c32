import { useQueryClient } from '@tanstack/react-query';
import { type ReactElement, useState } from 'react';
import { isDecided } from '../api/failure.ts';
import { answerOf, type Api } from '../api/client.ts';
import type { Schemas } from '../api/schemas.ts';
import { OWN } from '../api/reads.ts';
import { Submitting } from '../forms/submitting.tsx';
import { useSubmission } from '../forms/use-submission.ts';
import { usePage } from '../page-context.ts';
import { BusyButton } from '../components/busy-button.tsx';

type Change = 'take plan back' | 'keep';

interface ChangeButtonProps {
  change: Change;
  label: string;
}

/** Takes something back that was asked for. */
export function ChangeButton({ change, label }: ChangeButtonProps): ReactElement {
  const { api } = usePage();
  const queries = useQueryClient();
  const [key, setKey] = useState(() => crypto.randomUUID());
  const readAgain = (): void => void queries.invalidateQueries({ queryKey: OWN });
  const submission = useSubmission(
    () => send(api, change, key),
    () => {
      setKey(crypto.randomUUID());
      readAgain();
    },
    (failure) => {
      // A refusal tells that what is on the page is older than the account.
      readAgain();
      if (isDecided(failure)) {
        setKey(crypto.randomUUID());
      }
    },
  );
  return (
    <div className="stack-tight">
      <div>
        <BusyButton
          label={label}
          isBusy={submission.isBusy}
          className="button button-small"
          onPress={() => submission.submit(null)}
        />
      </div>
      <Submitting submission={submission} />
    </div>
  );
}

function send(api: Api, change: Change, key: string): Promise<Schemas['BillingChange']> {
  const init = { params: { header: { 'Idempotency-Key': key } } };
  return change === 'keep'
    ? answerOf(api.letters.DELETE('/billing/cancellation', init))
    : answerOf(api.letters.DELETE('/billing/plan-changes', init));
}

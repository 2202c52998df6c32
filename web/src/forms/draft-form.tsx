import { type QueryKey, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { faultsIn, isDecided } from '../api/failure.ts';
import { Submitting } from './submitting.tsx';
import { useDraft } from './use-draft.ts';
import { useSubmission } from './use-submission.ts';
import { BusyButton } from '../components/busy-button.tsx';
import { TypedSince } from './typed-since.tsx';

interface Fields<Values> {
  values: Values;
  change: (values: Partial<Values>) => void;
  /** What is wrong, by the API's name for the field. */
  faults: ReadonlyMap<string, string>;
}

interface DraftFormProps<Values, Output> {
  /** Under which the draft is kept in the tab. */
  name: string;
  empty: Values;
  send: (values: Values, key: string) => Promise<Output>;
  /** What is read anew once the API has decided. */
  changes: QueryKey;
  button: string;
  isPrimary?: boolean;
  children: (fields: Fields<Values>) => ReactNode;
  /** What came of it. */
  done: (output: Output) => ReactNode;
}

/** A form that makes what it says once, and that loses nothing until then. */
export function DraftForm<Values extends Readonly<Record<string, string>>, Output>(
  props: DraftFormProps<Values, Output>,
): ReactNode {
  const { name, empty, send, changes, button, isPrimary = false, children, done } = props;
  const queries = useQueryClient();
  const draft = useDraft(name, empty);
  const [output, setOutput] = useState<{ made: Output; hasMore: boolean } | null>(null);
  const submission = useSubmission(
    () => {
      draft.hold();
      return send(draft.values, draft.key);
    },
    (made) => {
      setOutput({ made, hasMore: draft.finish() });
      void queries.invalidateQueries({ queryKey: changes });
    },
    (failure) => {
      // A refusal tells that the figures on the page are older than the account.
      void queries.invalidateQueries({ queryKey: changes });
      if (isDecided(failure)) {
        draft.renewKey();
      }
    },
  );
  const { isBusy, failure, submit } = submission;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        setOutput(null);
        submit(null);
      }}
    >
      {children({ values: draft.values, change: draft.change, faults: faultsIn(failure) })}
      <div>
        <BusyButton
          label={button}
          isBusy={isBusy}
          className={isPrimary ? 'button button-primary' : 'button'}
        />
      </div>
      <Submitting submission={submission} />
      {output !== null && done(output.made)}
      {output?.hasMore === true && <TypedSince />}
    </form>
  );
}
